"""`limits.load_capacity: on-demand`: a table that the restore creates is on demand until it has all data.

The capacity of a provisioned table is meant for its everyday use; a load at that rate can take days. A table may go
from on demand to provisioned at any time (DynamoDB guide: Switching capacity modes).
"""

from __future__ import annotations

from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused, StepFailed, Unreachable
from ddbbackup.model.json_value import JsonObject
from ddbbackup.model.table_description import billing_mode
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.settings import recorded_capacity
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.permissions import SWITCHES_CAPACITY, Permission
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("dynamodb:UpdateTable", "target", ("restore",), SWITCHES_CAPACITY),)


async def switch_capacity(job: RestoreJob, table: TableFacts, *, created: bool) -> TableFacts:
    """The target with its recorded capacity, if this restore created it on demand for the load.

    Continues where an interrupted run stopped. Raises what AWS raises, and ``StepFailed`` if AWS accepts the change
    and the table is on demand all the same.
    """
    if not created or job.restore.limits.load_capacity != "on-demand":
        return table
    capacity = recorded_capacity(job.resolved)
    if capacity is None or billing_mode(table.description) == "PROVISIONED":
        return table
    call_aws = AwsCaller(job.context, job.cloud)
    await wait_for_table(call_aws, job.target, until="idle")
    await _update(call_aws, job.target, capacity)
    table = await wait_for_table(call_aws, job.target, until="idle")
    if billing_mode(table.description) != "PROVISIONED":
        raise StepFailed(
            f"AWS accepted the provisioned capacity of {job.target}, but the table is still on demand",
            hint="run the same restore again: it continues with the capacity",
        )
    log.info(events.CAPACITY_SWITCHED, target=job.target, billing_mode="PROVISIONED")
    return table


async def _update(call_aws: AwsCaller, table: str, capacity: JsonObject) -> None:
    """Raises what AWS raises, unless the table is provisioned all the same: only the response was lost then."""
    try:
        await call_aws("UpdateTable", lambda cloud: cloud.settings.update_table(table, capacity))
    except (Refused, Unreachable):
        described = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(table))
        if billing_mode(described.description) != "PROVISIONED":
            raise
