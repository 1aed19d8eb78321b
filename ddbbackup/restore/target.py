"""The table that a restore method writes into: created if necessary, and ready for writes."""

from __future__ import annotations

from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.progress import start_progress
from ddbbackup.restore.settings import table_to_create
from ddbbackup.restore.state import created_by
from ddbbackup.restore.target_warnings import log_target_warnings
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.permissions import CUSTOMER_KEY, MAY_CREATE, RESTORES, Permission, use_of_key
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:CreateTable", "target", ("restore",), MAY_CREATE),
    *use_of_key("target-key-use", ("restore",), RESTORES, CUSTOMER_KEY),
)


async def prepare_target(job: RestoreJob, *, method: str) -> TableFacts:
    """The target, ready for writes; created if it does not exist. The assessment has found no blocker."""
    if job.resolved.target is None:
        return await _create(job, method)
    if not job.continues:
        overwrites = job.restore.existing in ("overwrite", "mirror")
        await job.context.call(log_target_warnings, job.cloud, job.resolved.target, overwrites=overwrites)
    table = await wait_until_writable(job)
    if not job.continues:
        saved = await job.context.call(job.state.read)
        created = created_by(saved, table.table_id)
        await start_progress(job, "creating", method=method, created=created)
    return table


async def wait_until_writable(job: RestoreJob, *, created: bool = False) -> TableFacts:
    """The target, once it accepts writes. ``created``: it was just created."""
    call_aws = AwsCaller(job.context, job.cloud)
    return await wait_for_table(call_aws, job.target, until="writable", created=created)


async def _create(job: RestoreJob, method: str) -> TableFacts:
    definition = table_to_create(job.resolved, to_load=True)
    await start_progress(job, "creating", method=method, created=True)
    await job.context.call(job.cloud.tables.create, definition)
    table = await wait_until_writable(job, created=True)
    log.info(events.TABLE_CREATED, target=job.target, table_id=table.table_id)
    return table
