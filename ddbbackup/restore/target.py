"""The table that a method writes into: there, ACTIVE, with the right key, and empty if the plan needs it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import Refused, TableMissing, TimedOut
from ddbbackup.ports import TableFacts
from ddbbackup.restore.compatibility import check_fits
from ddbbackup.restore.method import Pending, RestoreJob
from ddbbackup.restore.put_back import with_settings
from ddbbackup.restore.state import mark, resumable
from ddbbackup.restore.target_warnings import warn_of_target
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.steps.permissions import MAY_CREATE, MUST_BE_EMPTY, Permission
from ddbbackup.steps.step import Wait

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
_SETTLE_SECONDS = 60.0  # a table just created may be unknown to DescribeTable for a while
_GONE = ("DELETING", "ARCHIVING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS")


@dataclass(frozen=True, slots=True)
class PreparedTarget:
    """A target that may be written into. ``resumed``: what an earlier run began is continued."""

    table: TableFacts
    files: tuple[DataFile, ...]
    resumed: bool


def prepare_target(job: RestoreJob, *, method: str) -> Pending:
    """Returns ``PreparedTarget``; creates the table if the plan says so. Nothing has been written when it raises.

    Raises ``Refused`` for a target that does not take the data or holds items, ``DataNotWhole`` for data files
    that are missing.
    """
    assert job.found.backup is not None, "a method that writes has a backup"
    source = job.found.backup
    table: TableFacts = yield from _target(job, method)
    files = yield job.context.calls.heavy(lambda: check_fits(job.context, source, table))
    resumed = yield from _may_write(job, table, method)
    return PreparedTarget(table, files, resumed)


def until_active(job: RestoreJob, *, created: bool = False) -> Pending:
    """Waits until the table and every index are ACTIVE: TableStatus alone does not say so (observed on AWS)."""
    context, name = job.context, job.target
    settled = context.clock.monotonic() + _SETTLE_SECONDS
    pause = 0.5
    while True:
        try:
            facts: TableFacts = yield context.calls.call(lambda: job.cloud.tables.describe(name))
            if facts.status in _GONE:
                raise Refused(
                    f"the target {name} is {facts.status}",
                    hint="choose another target, or mend it, and run again",
                )
            indexes = facts.description.get("GlobalSecondaryIndexes") or ()
            busy = [i for i in indexes if i.get("IndexStatus", "ACTIVE") != "ACTIVE"]
            if facts.status in ("ACTIVE", "UPDATING") and not busy:
                return facts
        except TableMissing:
            if not created or context.clock.monotonic() > settled:
                raise
        if context.deadline is not None and context.clock.monotonic() >= context.deadline:
            raise TimedOut(
                f"the target {name} is not ACTIVE though the time to wait for it is over",
                hint="run the same restore again later: it goes on where it stopped",
            )
        yield Wait(pause)
        pause = min(10.0, pause * 1.5)


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


def _target(job: RestoreJob, method: str) -> Pending:
    """The target, ACTIVE with all its indexes; created from the record if the plan says so."""
    left, wanted = job.state.read(), job.restore.target
    if job.found.target is None:
        return (yield from _create(job, method))
    ours = left is not None and left.stage in ("creating", "writing")
    if wanted.create == "new" and not (ours and left and left.table_id in (None, job.found.target.table_id)):
        raise Refused(
            f"the target {job.target} exists, and the plan says `create: new`",
            hint="choose another `to.table` ({date} and {run} make fresh names), or delete the table",
        )
    if not ours:
        overwrites = job.restore.existing == "overwrite"
        yield job.context.calls.call(
            lambda: warn_of_target(job.cloud, job.found.target, target=job.target, overwrites=overwrites)
        )
    return (yield from until_active(job))


def _create(job: RestoreJob, method: str) -> Pending:
    definition = with_settings(
        create_table_input(
            job.found.description, name=job.target, billing_mode=job.restore.target.billing_mode
        ),
        job,
    )
    begin(job, stage="creating", method=method)
    yield job.context.calls.call(lambda: job.cloud.tables.create(definition))
    facts = yield from until_active(job, created=True)
    log.info(events.TABLE_CREATED, target=job.target, table_id=facts.table_id)
    return facts


def _may_write(job: RestoreJob, table: TableFacts, method: str) -> Pending:
    """True if an earlier run's work is continued. Raises ``Refused`` for a target that is not empty."""
    restore, context = job.restore, job.context
    now = context.clock.now()
    left = job.state.read()
    if resumable(
        left, run=context.run_id, existing=restore.existing, method=method, table_id=table.table_id, now=now
    ):
        return True
    must_be_empty = restore.existing == "fail" or restore.target.create == "new"
    if must_be_empty and (yield context.calls.call(lambda: job.cloud.tables.holds_items(job.target))):
        raise Refused(
            f"the target {job.target} already holds items, and the plan says `existing: fail`",
            hint="restore to another table name, or choose `existing: keep` or `existing: overwrite`",
        )
    begin(job, stage="creating", method=method)
    return False
