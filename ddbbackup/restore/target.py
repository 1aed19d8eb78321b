"""The table that a method writes into: there, ACTIVE, with the right key, and empty if the plan needs it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import Refused
from ddbbackup.ports import TableFacts
from ddbbackup.restore.compatibility import check_fits
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.put_back import with_settings
from ddbbackup.restore.state import mark, resumable
from ddbbackup.restore.target_warnings import warn_of_target
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.permissions import MAY_CREATE, MUST_BE_EMPTY, Permission
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:CreateTable", "target", ("restore",), MAY_CREATE),
    Permission(
        "dynamodb:Scan",
        "target",
        ("restore",),
        MUST_BE_EMPTY,
        note="reads one key to see whether it is empty",
    ),
)


@dataclass(frozen=True, slots=True)
class PreparedTarget:
    """A target that may be written into. ``resumed``: what an earlier run began is continued."""

    table: TableFacts
    files: tuple[DataFile, ...]
    resumed: bool


async def prepare_target(job: RestoreJob, *, method: str) -> PreparedTarget:
    """Returns ``PreparedTarget``; creates the table if the plan says so. Nothing has been written when it raises.

    Raises ``Refused`` for a target that does not take the data or holds items, ``DataNotWhole`` for data files
    that are missing.
    """
    assert job.found.backup is not None, "a method that writes has a backup"
    source = job.found.backup
    table = await _target(job, method)
    files = await job.context.heavy(lambda: check_fits(job.context, source, table))
    resumed = await _may_write(job, table, method)
    return PreparedTarget(table, files, resumed)


async def until_writable(job: RestoreJob, *, created: bool = False) -> TableFacts:
    """The target once it takes writes."""
    ask = AwsCaller(job.context, job.cloud)
    return await wait_for_table(ask, job.target, until="writable", created=created)


def begin(job: RestoreJob, *, stage: str, method: str, **members: Any) -> None:
    """Forgets what an earlier restore of the same backup into the same table left, and writes down this one."""
    job.state.forget()
    mark(
        job.state,
        None,
        stage=stage,
        now=job.context.clock.now(),
        run=job.context.run_id,
        existing=job.restore.existing,
        target_arn=job.found.target_arn,
        backup=job.found.label,
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


async def _target(job: RestoreJob, method: str) -> TableFacts:
    """The target, ACTIVE with all its indexes; created from the record if the plan says so."""
    left, wanted = job.state.read(), job.restore.target
    if job.found.target is None:
        return await _create(job, method)
    ours = left is not None and left.stage in ("creating", "writing")
    if wanted.create == "new" and not (ours and left and left.table_id in (None, job.found.target.table_id)):
        raise Refused(
            f"the target {job.target} exists, and the plan says `create: new`",
            hint="choose another `to.table` ({date} and {run} make fresh names), or delete the table",
        )
    if not ours:
        overwrites = job.restore.existing == "overwrite"
        await job.context.call(
            lambda: warn_of_target(job.cloud, job.found.target, target=job.target, overwrites=overwrites)
        )
    return await until_writable(job)


async def _create(job: RestoreJob, method: str) -> TableFacts:
    definition = with_settings(
        create_table_input(
            job.found.description, name=job.target, billing_mode=job.restore.target.billing_mode
        ),
        job,
    )
    begin(job, stage="creating", method=method)
    await job.context.call(lambda: job.cloud.tables.create(definition))
    facts = await until_writable(job, created=True)
    log.info(events.TABLE_CREATED, target=job.target, table_id=facts.table_id)
    return facts


async def _may_write(job: RestoreJob, table: TableFacts, method: str) -> bool:
    """True if an earlier run's work is continued. Raises ``Refused`` for a target that is not empty."""
    restore, context = job.restore, job.context
    now = context.clock.now()
    left = job.state.read()
    if resumable(
        left, run=context.run_id, existing=restore.existing, method=method, table_id=table.table_id, now=now
    ):
        return True
    must_be_empty = restore.existing == "fail" or restore.target.create == "new"
    if must_be_empty and (await context.call(lambda: job.cloud.tables.holds_items(job.target))):
        raise Refused(
            f"the target {job.target} already holds items, and the plan says `existing: fail`",
            hint="restore to another table name, or choose `existing: keep` or `existing: overwrite`",
        )
    begin(job, stage="creating", method=method)
    return False
