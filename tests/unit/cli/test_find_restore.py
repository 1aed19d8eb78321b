"""``--from`` beside what the plan says in ``from``."""

from __future__ import annotations

from argparse import Namespace

import pytest

from ddbbackup.cli.find_restore import find_restore
from ddbbackup.plan.model import AwsSettings, Plan, Restore, Target
from ddbbackup.plan.restore_from import FromBackup, FromExport, FromFolder, FromLatest, Origin, RestoreFrom

IRELAND, FRANKFURT = Origin(region="eu-west-1"), Origin("210987654321", "eu-central-1")
BACKUP = "20261123T140000Z-0123abcd"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, FromLatest(IRELAND)),
        (FromBackup(BACKUP), FromBackup(BACKUP, origin=IRELAND)),
        (FromLatest(FRANKFURT), FromLatest(FRANKFURT)),
        (FromFolder("s3://b/k"), FromFolder("s3://b/k")),
        (FromExport("arn"), FromExport("arn")),
    ],
)
def test_another_backup_is_one_of_the_same_origin(given: RestoreFrom | None, expected: RestoreFrom) -> None:
    """Otherwise `--from 2h` would restore the table of this Region over the one that the plan means."""
    named = Restore("back", "orders", FromLatest(IRELAND), Target())
    plan = Plan("p", "p.yaml", AwsSettings(), {}, (), {"back": named})
    assert find_restore(plan, Namespace(name="back", source=given)).source == expected
