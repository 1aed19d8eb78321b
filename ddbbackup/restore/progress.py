"""Save how far a restore has come.

The state is a file and an object in the vault. Each save is one call in a thread: it does not block the event loop,
and an interruption does not come between its parts.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack, assert_never

from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.model.json_value import Json
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.restore_progress import RestoreProgress, Stage


class ProgressChanges(TypedDict, total=False):
    """The members of ``RestoreProgress`` that change while a restore runs."""

    run: str
    restore_id: str
    table_id: str | None
    token: str | None
    job_arn: str | None
    attempt: int
    requested_time: str | None
    restored_time: str | None
    loaded: Mapping[str, Json]
    created: bool


async def start_progress(
    job: RestoreJob, stage: Stage, *, method: str, **changes: Unpack[ProgressChanges]
) -> RestoreProgress:
    """Deletes the state of an earlier restore into the same target, and saves the first stage."""
    return await job.context.call(_start, job, stage, method, changes)


async def save_progress(
    job: RestoreJob, stage: Stage, *, method: str, **changes: Unpack[ProgressChanges]
) -> RestoreProgress:
    """Saves the next stage. What ``changes`` does not name stays as it was saved last."""
    return await job.context.call(_save, job, stage, method, changes)


async def save_remote_job(
    job: RestoreJob, *, method: str, **changes: Unpack[ProgressChanges]
) -> RestoreProgress:
    """Saves the job of AWS that loads the table, or the table that AWS creates, so that a later run continues it."""
    return await job.context.call(_save_remote_job, job, method, changes)


async def was_created(job: RestoreJob, table: TableFacts) -> bool:
    """Whether this restore created the table: this run, or an earlier one that it continues."""
    saved = await job.context.call(job.state.read)
    return saved is not None and saved.created and saved.table_id == table.table_id


def _save_remote_job(job: RestoreJob, method: str, changes: ProgressChanges) -> RestoreProgress:
    saved = job.state.read()
    continues = (
        saved is not None and saved.method == method and saved.stage in ("requested", "creating", "writing")
    )
    return (_save if continues else _start)(job, "writing", method, changes)


def _start(job: RestoreJob, stage: Stage, method: str, changes: ProgressChanges) -> RestoreProgress:
    job.state.delete()
    return _write(job, replace(_initial(job, method), stage=stage, **changes))


def _save(job: RestoreJob, stage: Stage, method: str, changes: ProgressChanges) -> RestoreProgress:
    saved = job.state.read() or _initial(job, method)
    return _write(job, replace(saved, stage=stage, updated_at=job.context.clock.now(), **changes))


def _initial(job: RestoreJob, method: str) -> RestoreProgress:
    return RestoreProgress(
        run=job.context.run_id,
        restore_id=secrets.token_hex(16),
        source=job.resolved.source_key,
        existing=job.restore.existing,
        stage="requested",
        updated_at=job.context.clock.now(),
        target_arn=job.resolved.target_arn,
        backup=job.resolved.label,
        method=method,
    )


def _write(job: RestoreJob, progress: RestoreProgress) -> RestoreProgress:
    job.state.write(progress)
    job.context.standing.say(job.target, _standing(job.target, progress), together=_together(progress))
    return progress


def _standing(target: str, progress: RestoreProgress) -> str:
    """What an interruption at this stage leaves behind, and the restore point that continues it, if it has an ID."""
    point = f" (`--from {progress.backup}`)" if is_backup_id(progress.backup) else ""
    job = f" ({progress.job_arn})" if progress.job_arn is not None else ""
    match progress.stage:
        case "requested":
            return f"AWS may have been asked to make {target}, which continues{point}"
        case "creating":
            return f"{target} was {'requested' if progress.created else 'looked at'}, and no item was written{point}"
        case "writing" if progress.existing == "mirror":
            return f"some of the differences of {target} may be written{point}"
        case "writing" if progress.method == "write":
            return f"{{count}} written to {target} and will stay there{point}"
        case "writing":
            return f"AWS continues to load {target} by {progress.method}{job}{point}"
        case "loaded":
            return f"{target} has all items; its indexes or settings may be missing{point}"
        case "done":
            return f"{target} is restored"
        case _:
            assert_never(progress.stage)


def _together(progress: RestoreProgress) -> str:
    """The same of several tables."""
    match progress.stage:
        case "requested":
            return "AWS may have been asked to make {tables}, which continues"
        case "creating" if progress.created:
            return "{tables} were requested, and no item was written"
        case "creating":
            return "{tables} were looked at, and no item was written"
        case "writing" if progress.existing == "mirror":
            return "some of the differences of {tables} may be written"
        case "writing" if progress.method == "write":
            return "items were written to {tables} and stay there"
        case "writing":
            return f"AWS continues to load {{tables}} by {progress.method}"
        case "loaded":
            return "{tables} have all items; indexes or settings may be missing"
        case "done":
            return "{tables} are restored"
        case _:
            assert_never(progress.stage)
