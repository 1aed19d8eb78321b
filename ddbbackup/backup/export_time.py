"""The instant that all exports of a run share, where the plan says ``export_time: common``."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ddbbackup.backup.assessment import location_of
from ddbbackup.backup.planning import common_instant
from ddbbackup.errors import TableMissing
from ddbbackup.plan.selection import Selection
from ddbbackup.ports import PitrWindow
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import each_of
from ddbbackup.steps.permissions import COMMON_TIME, Permission

PERMISSIONS: Final = (Permission("dynamodb:DescribeContinuousBackups", "table", ("backup",), COMMON_TIME),)


async def choose_export_time(context: RunContext, selection: Selection) -> datetime | None:
    """The instant that all exports of the run share, or None if each takes its own.

    A run that is repeated takes the instant that its first try recorded.
    """
    if context.plan.export_time != "common":
        return None
    recorded = await context.call(_recorded, context, selection)
    if recorded is not None:
        return recorded
    ask = AwsCaller(context, context.source)
    return common_instant(await each_of(selection.chosen, lambda table: _window(ask, table)))


def _recorded(context: RunContext, selection: Selection) -> datetime | None:
    for table, entry in selection.chosen.items():
        location = location_of(context, context.plan.destinations[entry.destination], table)
        stored = context.catalog.of_run(location, run=context.run_id)
        if stored and stored.record.export.requested_time:
            return stored.record.export.requested_time
    return None


async def _window(ask: AwsCaller, table: str) -> PitrWindow:
    try:
        return await ask("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(table))
    except TableMissing:
        return PitrWindow(enabled=False)  # its own step says so
