"""Save how far a restore has come."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from ddbbackup.model.json_value import Json
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
    restored_time: str | None
    loaded: Mapping[str, Json]


def start_progress(
    job: RestoreJob, stage: Stage, *, method: str, **changes: Unpack[ProgressChanges]
) -> RestoreProgress:
    """Deletes the state of an earlier restore into the same target, and saves the first stage."""
    job.state.delete()
    return _write(job, replace(_initial(job, method), stage=stage, **changes))


def save_progress(
    job: RestoreJob, stage: Stage, *, method: str, **changes: Unpack[ProgressChanges]
) -> RestoreProgress:
    """Saves the next stage. What ``changes`` does not name stays as it was saved last."""
    saved = job.state.read() or _initial(job, method)
    return _write(job, replace(saved, stage=stage, updated_at=job.context.clock.now(), **changes))


def save_remote_job(job: RestoreJob, *, method: str, **changes: Unpack[ProgressChanges]) -> RestoreProgress:
    """Saves the job of AWS that loads the table, or the table that AWS creates, so that a later run continues it."""
    saved = job.state.read()
    if saved is None or saved.method != method or saved.stage not in ("requested", "creating", "writing"):
        return start_progress(job, "writing", method=method, **changes)
    return save_progress(job, "writing", method=method, **changes)


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
    return progress
