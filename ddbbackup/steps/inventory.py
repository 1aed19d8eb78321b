"""Reads from the account what planning needs to know: names, tags, PITR windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from ddbbackup.catalog import Catalog, locate
from ddbbackup.errors import TableMissing
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Clock, Cloud, PitrWindow
from ddbbackup.steps.patience import patiently
from ddbbackup.steps.permission import COMMON_TIME, SELECTORS, TAGS, Permission
from ddbbackup.steps.planning import common_instant
from ddbbackup.steps.selection import Inventory, Selection, needs_names, needs_tags

PERMISSIONS: Final = (
    Permission("dynamodb:ListTables", "everything", ("backup", "read"), SELECTORS),
    Permission("dynamodb:ListTagsOfResource", "table", ("backup", "read"), TAGS),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("backup",), COMMON_TIME),
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
    return Inventory(names, _paced(lambda name: _tags(cloud, name), names, clock))


def choose_export_time(
    plan: Plan, cloud: Cloud, catalog: Catalog, selection: Selection, clock: Clock, *, run: str
) -> datetime | None:
    """The instant that all exports of the run share, or None if each takes its own.

    A run that is repeated takes the instant that its first try froze in the records.
    """
    if plan.export_time != "common":
        return None
    frozen = _frozen(plan, cloud, catalog, selection, run)
    return frozen or common_instant(_windows(cloud, selection.chosen, clock))


def _frozen(plan: Plan, cloud: Cloud, catalog: Catalog, selection: Selection, run: str) -> datetime | None:
    identity = cloud.identity
    for table, entry in selection.chosen.items():
        location = locate(
            plan.destinations[entry.destination],
            account=identity.account,
            region=identity.region,
            table=table,
            plan=plan.name,
        )
        stored = catalog.of_run(location, table, table_arn=cloud.tables.arn(table), run=run)
        if stored and stored.record.requested_export_time:
            return stored.record.requested_export_time
    return None


def _windows(cloud: Cloud, tables: Iterable[str], clock: Clock) -> dict[str, PitrWindow]:
    def window(table: str) -> PitrWindow:
        try:
            return cloud.tables.pitr(table)
        except TableMissing:
            return PitrWindow(enabled=False)  # its own step says so

    return _paced(window, tables, clock)


def _tags(cloud: Cloud, name: str) -> Mapping[str, str]:
    try:
        return cloud.settings.tags(cloud.tables.arn(name))
    except TableMissing:
        return {}  # deleted since it was listed


def _paced(read: Callable[[str], T], names: Iterable[str], clock: Clock) -> dict[str, T]:
    """One call a name, at the rate that AWS allows, and patient where others use it up."""
    found: dict[str, T] = {}
    due = clock.monotonic()
    for name in names:
        clock.sleep(max(0.0, due - clock.monotonic()))
        due = clock.monotonic() + _PACE_SECONDS
        found[name] = patiently(read, name, clock)
    return found
