"""The table that a method writes into: there, ready for writes, and noted as this restore's."""

from __future__ import annotations

from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.put_back import with_settings
from ddbbackup.restore.state import Stage, mark
from ddbbackup.restore.target_warnings import warn_of_target
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.permissions import MAY_CREATE, Permission
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("dynamodb:CreateTable", "target", ("restore",), MAY_CREATE),)


async def prepare_target(job: RestoreJob, *, method: str) -> TableFacts:
    """The target, ready for writes; created if it does not exist. The assessment found nothing that blocks it."""
    if job.resolved.target is None:
        return await _create(job, method)
    if not job.continues:
        overwrites = job.restore.existing == "overwrite"
        await job.context.call(
            warn_of_target, job.cloud, job.resolved.target, target=job.target, overwrites=overwrites
        )
    table = await until_writable(job)
    if not job.continues:
        begin(job, stage="creating", method=method)
    return table


async def until_writable(job: RestoreJob, *, created: bool = False) -> TableFacts:
    """The target once it takes writes."""
    ask = AwsCaller(job.context, job.cloud)
    return await wait_for_table(ask, job.target, until="writable", created=created)


def begin(job: RestoreJob, *, stage: Stage, method: str, **members: Any) -> None:
    """Forgets what an earlier restore of the same backup into the same table left, and writes down this one."""
    job.state.forget()
    mark(
        job.state,
        None,
        stage=stage,
        now=job.context.clock.now(),
        run=job.context.run_id,
        existing=job.restore.existing,
        target_arn=job.resolved.target_arn,
        backup=job.resolved.label,
        method=method,
        **members,
    )


def note_job(job: RestoreJob, *, method: str, table_id: str | None, **members: Any) -> None:
    """Writes down which job of AWS loads the table, or which table AWS makes, for a later run to take up."""
    left = job.state.read()
    if left is None or left.method != method or left.stage not in ("asked", "creating", "writing"):
        begin(job, stage="writing", method=method, table_id=table_id, **members)
        return
    mark(job.state, left, stage="writing", now=job.context.clock.now(), table_id=table_id, **members)


async def _create(job: RestoreJob, method: str) -> TableFacts:
    definition = with_settings(
        create_table_input(
            job.resolved.description, name=job.target, billing_mode=job.restore.target.billing_mode
        ),
        job,
    )
    begin(job, stage="creating", method=method)
    await job.context.call(job.cloud.tables.create, definition)
    facts = await until_writable(job, created=True)
    log.info(events.TABLE_CREATED, target=job.target, table_id=facts.table_id)
    return facts
