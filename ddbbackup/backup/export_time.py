"""The common export time: the instant of all exports of a run if the plan has ``export_time: common``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ddbbackup.backup.assessment import location_of
from ddbbackup.backup.check_destination import checks_of
from ddbbackup.backup.methods import BACKUP_METHODS
from ddbbackup.backup.planning import common_instant
from ddbbackup.errors import TableMissing
from ddbbackup.plan.model import Destination
from ddbbackup.plan.selection import Selection
from ddbbackup.ports import PitrWindow
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import read_for_each
from ddbbackup.steps.permissions import COMMON_TIME, Permission

PERMISSIONS: Final = (Permission("dynamodb:DescribeContinuousBackups", "table", ("backup",), COMMON_TIME),)


async def choose_export_time(context: RunContext, selection: Selection) -> datetime | None:
    """The common export time of the run; None if each export uses the time at which it starts.

    A repeated run uses the time that its first attempt recorded. Tables whose destination cannot be used do not
    count; their steps report why.
    """
    if context.plan.export_time != "common":
        return None
    destinations = {
        table: context.plan.destinations[entry.destination]
        for table, entry in selection.chosen.items()
        if BACKUP_METHODS[entry.method].exports
    }
    unusable = {
        destination.name
        for destination in destinations.values()
        if any(check.error for check in await checks_of(context, destination))
    }
    usable = {table: each for table, each in destinations.items() if each.name not in unusable}
    recorded = await context.call(_recorded_time, context, usable)
    if recorded is not None:
        return recorded
    call_aws = AwsCaller(context, context.source)
    return common_instant(await read_for_each(usable, lambda table: _recovery_window(call_aws, table)))


def _recorded_time(context: RunContext, destinations: Mapping[str, Destination]) -> datetime | None:
    for table, destination in destinations.items():
        location = location_of(context, destination, table)
        stored = context.catalog.of_run(location, run=context.run_id)
        if stored and stored.record.export and stored.record.export.requested_time:
            return stored.record.export.requested_time
    return None


async def _recovery_window(call_aws: AwsCaller, table: str) -> PitrWindow:
    try:
        return await call_aws("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(table))
    except TableMissing:
        return PitrWindow(enabled=False)  # the step of this table reports it
