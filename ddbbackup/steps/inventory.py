"""Reads from the account what planning needs to know: names, tags, PITR windows."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from ddbbackup.catalog import Catalog, locate
from ddbbackup.errors import TableMissing
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Cloud, PitrWindow
from ddbbackup.steps.planning import common_instant
from ddbbackup.steps.selection import Inventory, Selection, needs_names, needs_tags

_AT_A_TIME = 4  # DescribeContinuousBackups throttles after about eleven calls in a row (observed on AWS)


def take_inventory(plan: Plan, cloud: Cloud) -> Inventory:
    """Lists tables only if a selector needs it, and tags only if one asks for tags."""
    if not needs_names(plan):
        return Inventory()
    names = tuple(sorted(cloud.tables.names()))
    if not needs_tags(plan):
        return Inventory(names)
    return Inventory(names, {name: cloud.tables.tags(cloud.tables.arn(name)) for name in names})


def choose_export_time(
    plan: Plan, cloud: Cloud, catalog: Catalog, selection: Selection, *, run: str
) -> datetime | None:
    """The instant that all exports of the run share, or None if each takes its own.

    A run that is repeated takes the instant that its first try froze in the records.
    """
    if plan.export_time != "common":
        return None
    return _frozen(plan, cloud, catalog, selection, run) or common_instant(_windows(cloud, selection.chosen))


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


def _windows(cloud: Cloud, tables: Iterable[str]) -> dict[str, PitrWindow]:
    def window(table: str) -> PitrWindow:
        try:
            return cloud.tables.pitr(table)
        except TableMissing:
            return PitrWindow(enabled=False)  # its own step says so

    names = list(tables)
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="pitr") as pool:
        return dict(zip(names, pool.map(window, names), strict=True))
