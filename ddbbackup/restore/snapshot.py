"""Restore method ``snapshot``: AWS restores an on-demand backup into a new table."""

from __future__ import annotations

from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused
from ddbbackup.model.json_value import Json
from ddbbackup.ports import SnapshotRestore, SnapshotRestoreRequest, TableFacts
from ddbbackup.restore.adoption import snapshot_objection
from ddbbackup.restore.blockers import snapshot_blockers
from ddbbackup.restore.estimate import estimate_snapshot
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, log_start
from ddbbackup.restore.new_table import (
    continues_with,
    encryption_elsewhere,
    find_own_table,
    wait_until_restored,
)
from ddbbackup.restore.progress import save_remote_job, start_progress
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.steps.permissions import CUSTOMER_KEY, FROM_SNAPSHOTS, Permission, use_of_key
from ddbbackup.steps.remote_jobs import start

log = structlog.get_logger()

_BY_AWS: Final = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
PERMISSIONS: Final = (
    Permission("dynamodb:RestoreTableFromBackup", "snapshot", ("restore",), FROM_SNAPSHOTS),
    Permission("dynamodb:RestoreTableFromBackup", "target", ("restore",), FROM_SNAPSHOTS),
    *(
        Permission(f"dynamodb:{each}", "target", ("restore",), FROM_SNAPSHOTS, for_aws=True)
        for each in _BY_AWS
    ),
    *use_of_key("table-key-use", ("restore",), FROM_SNAPSHOTS, CUSTOMER_KEY),
)
NOTE: Final = "not verified: AWS reports no item count for restores of on-demand backups"


async def load(job: RestoreJob) -> LoadResult:
    notes = [NOTE, *job.snapshot.passed_over]
    log_start(job, method="snapshot", resumed=job.continues, notes=notes)
    if not job.continues:
        await _start(job)
    elif job.resolved.target is not None:
        await save_remote_job(job, method="snapshot", table_id=job.resolved.target.table_id)
        log.info(events.JOB_REATTACHED, job_arn=job.resolved.target_arn, target=job.target)
    table = await wait_until_restored(
        job, f"the restore of the on-demand backup into {job.resolved.target_arn}"
    )
    facts: dict[str, Json] = {
        "items": None,
        "written": None,
        "kept": None,
        "size_bytes": None,
        "snapshot_arn": job.snapshot.snapshot_arn,
        "notes": list[Json](notes),
    }
    return LoadResult(table, facts)


async def _start(job: RestoreJob) -> None:
    """Saves the request first: there is no client token, so only the table itself tells who requested it."""
    source = job.snapshot
    await start_progress(job, "requested", method="snapshot")
    request = SnapshotRestoreRequest(
        snapshot_arn=source.snapshot_arn,
        target=job.target,
        billing_mode=job.restore.target.billing_mode,
        sse=encryption_elsewhere(source.description, region=source.region, job=job),
    )
    try:
        started = await start(
            job.context, "RestoreTableFromBackup", lambda: job.cloud.snapshots.restore(request)
        )
    except Refused:
        own = await find_own_table(job, _objection)
        if own is None:
            raise
        started = SnapshotRestore(own.arn, own.table_id)
    await save_remote_job(job, method="snapshot", table_id=started.table_id)
    log.info(events.JOB_STARTED, job_arn=started.table_arn, target=job.target)


def _objection(job: RestoreJob, saved: RestoreProgress | None, table: TableFacts) -> str | None:
    return snapshot_objection(
        saved, table, source_key=job.resolved.source_key, snapshot_arn=job.snapshot.snapshot_arn
    )


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return continues_with(job, earlier, "snapshot", _objection)


METHOD: Final = RestoreMethod(
    snapshot_blockers,
    estimate_snapshot,
    _continues,
    load,
    objection=_objection,
    creates_table=True,
)
