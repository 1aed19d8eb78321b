"""``--from`` beside what the plan says in ``from``."""

from __future__ import annotations

from argparse import Namespace

import pytest

from ddbbackup.cli.find_restore import find_restore
from ddbbackup.plan.model import AwsSettings, Origin, Plan, Restore, SourceSelector, Target

IRELAND, FRANKFURT = Origin(region="eu-west-1"), Origin("210987654321", "eu-central-1")
BACKUP = "20261123T140000Z-0123abcd"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, SourceSelector(latest=True, origin=IRELAND)),
        (SourceSelector(backup_id=BACKUP), SourceSelector(backup_id=BACKUP, origin=IRELAND)),
        (SourceSelector(latest=True, origin=FRANKFURT), SourceSelector(latest=True, origin=FRANKFURT)),
        (SourceSelector(s3_uri="s3://b/k"), SourceSelector(s3_uri="s3://b/k")),
        (SourceSelector(export_arn="arn"), SourceSelector(export_arn="arn")),
    ],
)
def test_another_backup_is_one_of_the_same_origin(
    given: SourceSelector | None, expected: SourceSelector
) -> None:
    """Otherwise `--from 2h` would restore the table of this Region over the one that the plan means."""
    named = Restore("back", "orders", SourceSelector(latest=True, origin=IRELAND), Target())
    plan = Plan("p", "p.yaml", AwsSettings(), {}, (), {"back": named})
    assert find_restore(plan, Namespace(name="back", source=given)).source == expected
