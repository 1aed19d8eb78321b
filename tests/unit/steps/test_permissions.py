"""What steps declare that they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

import ddbbackup
from ddbbackup.cli.registries import DECLARING
from ddbbackup.iam import resources
from ddbbackup.plan.model import AwsSettings, Limits, Plan, Restore, SourceSelector, Target
from ddbbackup.steps.permissions import On, Role
from tools.docs import permissions as permissions_page

ROOM = Path(ddbbackup.__file__).parent


def test_every_file_that_declares_permissions_is_listed() -> None:
    """``doctor --iam`` reads the list, so a file that is missing from it would be denied."""
    declaring = {
        ".".join(path.relative_to(ROOM.parent).with_suffix("").parts)
        for path in ROOM.rglob("*.py")
        if re.search(r"^PERMISSIONS\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {module.__name__ for module in DECLARING} == declaring


def test_declared_permissions_are_well_formed() -> None:
    """An action of IAM, a kind of resource and roles that exist."""
    for module in DECLARING:
        for permission in module.PERMISSIONS:
            assert re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", permission.action), permission
            assert permission.on in get_args(On)
            assert set(permission.roles) <= set(get_args(Role))
            assert permission.roles


@pytest.mark.parametrize(
    ("restore", "needed", "not_needed"),
    [
        ({"method": "write"}, {"BatchWriteItem", "CreateTable", "Scan"}, {"ImportTable", "PutItem"}),
        ({"method": "write", "existing": "keep"}, {"PutItem"}, {"BatchWriteItem", "Scan", "ImportTable"}),
        ({"method": "import"}, {"ImportTable", "ListImports"}, {"BatchWriteItem", "CreateTable", "Scan"}),
        ({"method": "auto"}, {"BatchWriteItem", "ImportTable"}, {"StartBulkPutItems"}),
        ({"method": "auto", "limits": Limits(workers=1)}, {"BatchWriteItem"}, {"ImportTable"}),
        (
            {"method": "auto", "source": SourceSelector(s3_uri="s3://b/k")},
            {"BatchWriteItem"},
            {"ImportTable"},
        ),
        ({"method": "bulk-put"}, {"StartBulkPutItems", "CreateTable"}, {"BatchWriteItem", "ImportTable"}),
        ({"method": "point-in-time"}, {"RestoreTableToPointInTime"}, {"ImportTable", "CreateTable"}),
    ],
)
def test_a_plan_needs_what_its_methods_need_and_no_more(
    restore: dict[str, Any], needed: set[str], not_needed: set[str]
) -> None:
    """What ddbbackup itself calls; AWS's own calls with the caller's rights are left out here."""
    wanted = Restore(
        **{"name": "r", "table": "t", "source": SourceSelector(latest=True), "target": Target(), **restore}
    )
    plan = Plan("p", "p.yaml", AwsSettings(), {}, (), {"r": wanted})
    actions = {
        permission.action.partition(":")[2]
        for module in DECLARING
        for permission in module.PERMISSIONS
        if permission.needed_by(plan) and "restore" in permission.roles and not permission.for_aws
    }
    assert needed <= actions
    assert not not_needed & actions


def test_every_kind_of_resource_has_its_arn_and_its_row() -> None:
    """A kind that nobody can spell would be left out of policies."""
    kinds = set(get_args(On))
    assert set(resources._KINDS) == kinds
    assert set(permissions_page.RESOURCES) == kinds
