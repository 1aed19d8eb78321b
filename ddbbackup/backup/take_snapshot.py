"""Create the on-demand backup of a record that is in progress, unless DynamoDB has it already.

CreateBackup has no client token, and names are not unique: a request that is repeated makes another backup, which is
billed. So the name is derived from the attempt of the run, and whenever nobody knows whether DynamoDB has carried out
a request, the backup with that name is looked for before another request is sent.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.backup.unfinished import record_failed
from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.acceptance import CLOCK_SKEW
from ddbbackup.catalog.snapshots import is_snapshot_of, made_by_snapshot
from ddbbackup.errors import InUse, Refused, Unreachable
from ddbbackup.ports import Cloud, Snapshot
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import SNAPSHOTS, Permission
from ddbbackup.steps.retry import RetryPolicy, retry

log = structlog.get_logger()

START_PERMISSIONS: Final = (
    Permission("dynamodb:CreateBackup", "table", ("backup",), SNAPSHOTS),
    Permission("dynamodb:DescribeTable", "table", ("backup",), SNAPSHOTS),
    Permission("dynamodb:ListBackups", "everything", ("backup",), SNAPSHOTS),
)
_ATTEMPTS: Final = RetryPolicy((Unreachable,), longest_seconds=60.0, give_up_seconds=300.0)


async def take_snapshot(
    context: RunContext, stored: StoredRecord, *, created_now: bool = False
) -> StoredRecord:
    """The record with the ARN of its backup. ``created_now``: no earlier run can have asked for it.

    If AWS refuses, the record is updated to failed. Raises what CreateBackup raises; ``Throttled``, ``InUse`` and
    ``Unreachable`` only when they persist, and these leave the record in progress.
    """
    record, recorded = stored.record, made_by_snapshot(stored)
    if recorded.arn is not None:
        log.info(events.JOB_REATTACHED, job_arn=recorded.arn, backup=record.id)
        return stored
    may_exist = not created_now

    async def attempt() -> Snapshot:
        nonlocal may_exist
        if may_exist:
            found = await _find(context, stored)
            if found is not None:
                log.info(events.JOB_REATTACHED, job_arn=found.arn, backup=record.id)
                return found
            await _require_same_table(context, stored)
        may_exist = True
        snapshot = await _create(context, stored)
        log.info(events.JOB_STARTED, job_arn=snapshot.arn, backup=record.id)
        return snapshot

    try:
        snapshot = await retry(context, "CreateBackup", attempt, _ATTEMPTS)
    except InUse:
        raise
    except Refused as error:
        await record_failed(context, stored, type(error).__name__, error.message)
        raise
    updated = replace(record, snapshot=replace(recorded, arn=snapshot.arn))
    return await context.call(context.catalog.update, stored, updated)


async def _require_same_table(context: RunContext, stored: StoredRecord) -> None:
    """Raises ``Refused`` if the table was deleted and created again since the record was written."""
    call_aws, name = AwsCaller(context, context.source), stored.location.table
    table = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(name))
    if table.table_id != stored.record.table.id:
        raise Refused(
            f"the table {name} was deleted and created again before the on-demand backup of {stored.record.id} was "
            "created",
            hint=f"run `ddbbackup backup --only {name}`",
        )


async def _create(context: RunContext, stored: StoredRecord) -> Snapshot:
    """Retries what AWS certainly did not carry out: throttled requests, and those for a table that is too new."""
    call_aws = AwsCaller(context, context.source)
    table, name = stored.location.table, made_by_snapshot(stored).name
    return await call_aws("CreateBackup", lambda cloud: cloud.snapshots.create(table, name))


async def _find(context: RunContext, stored: StoredRecord) -> Snapshot | None:
    """The backup with the name of the record, of the table that the record describes; the oldest if there are two."""
    call_aws = AwsCaller(context, context.source)
    listed = await call_aws("ListBackups", partial(_list, stored=stored))
    return next((snapshot for snapshot in listed if is_snapshot_of(snapshot, stored)), None)


def _list(cloud: Cloud, stored: StoredRecord) -> list[Snapshot]:
    since = stored.record.started_at - CLOCK_SKEW
    return list(cloud.snapshots.of_table(stored.location.table, since=since))
