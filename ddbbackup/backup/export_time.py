"""The common export time: the instant of all exports of a run if the plan has ``export_time: common``."""

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
from ddbbackup.steps.inventory import read_for_each
from ddbbackup.steps.permissions import COMMON_TIME, Permission

PERMISSIONS: Final = (Permission("dynamodb:DescribeContinuousBackups", "table", ("backup",), COMMON_TIME),)


async def choose_export_time(context: RunContext, selection: Selection) -> datetime | None:
    """The common export time of the run; None if each export uses the time at which it starts.

    A repeated run uses the time that its first attempt recorded.
    """
    if context.plan.export_time != "common":
        return None
    recorded = await context.call(_recorded_time, context, selection)
    if recorded is not None:
        return recorded
    call_aws = AwsCaller(context, context.source)
    return common_instant(
        await read_for_each(selection.chosen, lambda table: _recovery_window(call_aws, table))
    )


def _recorded_time(context: RunContext, selection: Selection) -> datetime | None:
    for table, entry in selection.chosen.items():
        location = location_of(context, context.plan.destinations[entry.destination], table)
        stored = context.catalog.of_run(location, run=context.run_id)
        if stored and stored.record.export.requested_time:
            return stored.record.export.requested_time
    return None


async def _recovery_window(call_aws: AwsCaller, table: str) -> PitrWindow:
    try:
        return await call_aws("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(table))
    except TableMissing:
        return PitrWindow(enabled=False)  # the step of this table reports it
