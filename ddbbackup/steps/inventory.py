"""Reads from the account what planning needs to know: names and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from ddbbackup.clock import Clock
from ddbbackup.errors import TableMissing
from ddbbackup.plan.model import Plan
from ddbbackup.plan.selection import Inventory, needs_names, needs_tags
from ddbbackup.ports import Cloud
from ddbbackup.steps.permissions import SELECTORS, TAGS, Permission
from ddbbackup.steps.retry import patiently

PERMISSIONS: Final = (
    Permission("dynamodb:ListTables", "everything", ("backup", "read"), SELECTORS),
    Permission("dynamodb:ListTagsOfResource", "table", ("backup", "read"), TAGS),
)
T = TypeVar("T")

# ListTagsOfResource and DescribeContinuousBackups: ten times a second and account (botocore's model).
_PACE_SECONDS: Final = 0.1


def take_inventory(plan: Plan, cloud: Cloud, clock: Clock) -> Inventory:
    """Lists tables only if a selector needs it, and tags only if one asks for tags."""
    if not needs_names(plan):
        return Inventory()
    names = tuple(sorted(cloud.tables.names()))
    if not needs_tags(plan):
        return Inventory(names)
    return Inventory(names, read_paced(lambda name: _tags(cloud, name), names, clock))


def _tags(cloud: Cloud, name: str) -> Mapping[str, str]:
    try:
        return cloud.settings.tags(cloud.tables.arn(name))
    except TableMissing:
        return {}  # deleted since it was listed


def read_paced(read: Callable[[str], T], names: Iterable[str], clock: Clock) -> dict[str, T]:
    """One call a name, at the rate that AWS allows, and patient where others use it up."""
    found: dict[str, T] = {}
    due = clock.monotonic()
    for name in names:
        clock.sleep(max(0.0, due - clock.monotonic()))
        due = clock.monotonic() + _PACE_SECONDS
        found[name] = patiently(read, name, clock)
    return found
