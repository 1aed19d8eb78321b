"""The instant that all exports of a run share, where the plan says ``export_time: common``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from ddbbackup.backup.planning import common_instant
from ddbbackup.catalog import Catalog, locate
from ddbbackup.clock import Clock
from ddbbackup.errors import TableMissing
from ddbbackup.plan.model import Plan
from ddbbackup.plan.selection import Selection
from ddbbackup.ports import Cloud, PitrWindow
from ddbbackup.steps.inventory import read_paced
from ddbbackup.steps.permissions import COMMON_TIME, Permission

PERMISSIONS: Final = (Permission("dynamodb:DescribeContinuousBackups", "table", ("backup",), COMMON_TIME),)


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

    return read_paced(window, tables, clock)
