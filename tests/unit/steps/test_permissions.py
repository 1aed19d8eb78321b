"""The permissions that modules declare."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

import ddbbackup
from ddbbackup.cli.registries import DECLARING
from ddbbackup.iam import resources, statements
from ddbbackup.plan.model import AwsSettings, Limits, Plan, Restore, Target
from ddbbackup.plan.restore_from import FromFolder, FromLatest
from ddbbackup.steps.permissions import On, RoleName
from tools.docs import permissions as permissions_page

PACKAGE = Path(ddbbackup.__file__).parent


def test_every_module_that_declares_permissions_is_registered() -> None:
    """``doctor --iam`` builds policies from the registry, so the calls of a missing module would be denied."""
    declaring = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^PERMISSIONS\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {module.__name__ for module in DECLARING} == declaring


def test_declared_permissions_are_well_formed() -> None:
    """Each has an IAM action, a known kind of resource, and known roles."""
    for module in DECLARING:
        for permission in module.PERMISSIONS:
            assert re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+\*?", permission.action), permission
            assert permission.on in get_args(On)
            assert set(permission.roles) <= set(get_args(RoleName))
            assert permission.roles


@pytest.mark.parametrize(
    ("restore", "needed", "not_needed"),
    [
        ({"method": "write"}, {"BatchWriteItem", "PutItem", "CreateTable", "Scan"}, {"ImportTable"}),
        ({"method": "write", "existing": "keep"}, {"PutItem"}, {"BatchWriteItem", "ImportTable"}),
        ({"method": "import"}, {"ImportTable", "ListImports"}, {"BatchWriteItem", "CreateTable"}),
        ({"method": "auto"}, {"BatchWriteItem", "ImportTable"}, {"StartBulkPutItems"}),
        ({"method": "auto", "limits": Limits(workers=1)}, {"BatchWriteItem"}, {"ImportTable"}),
        (
            {"method": "auto", "source": FromFolder("s3://b/k")},
            {"BatchWriteItem"},
            {"ImportTable"},
        ),
        ({"method": "bulk-put"}, {"StartBulkPutItems", "CreateTable"}, {"BatchWriteItem", "ImportTable"}),
        ({"method": "point-in-time"}, {"RestoreTableToPointInTime"}, {"ImportTable", "CreateTable"}),
        (
            {"method": "snapshot"},
            {"RestoreTableFromBackup"},
            {"RestoreTableToPointInTime", "BatchGetItem", "CreateTable", "BatchWriteItem"},
        ),
    ],
)
def test_a_plan_needs_the_permissions_of_its_methods_and_no_others(
    restore: dict[str, Any], needed: set[str], not_needed: set[str]
) -> None:
    """Only calls that ddbbackup makes; calls that AWS makes for the caller are not compared."""
    requested = Restore(**{"name": "r", "table": "t", "source": FromLatest(), "target": Target(), **restore})
    plan = Plan("p", "p.yaml", AwsSettings(), {}, (), {"r": requested})
    actions = {
        permission.action.partition(":")[2]
        for module in DECLARING
        for permission in module.PERMISSIONS
        if permission.needed_by(plan) and "restore" in permission.roles and not permission.for_aws
    }
    assert needed <= actions
    assert not not_needed & actions


def test_every_kind_of_resource_has_an_arn_and_a_row_in_the_reference() -> None:
    """Policies and reference cover the same kinds."""
    kinds = set(get_args(On))
    assert set(resources._KINDS) == kinds
    assert kinds <= set(statements._SIDS)
    assert set(permissions_page.RESOURCES) == kinds
    assert kinds <= set(statements._SIDS)
