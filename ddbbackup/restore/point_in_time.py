"""Restore method ``point-in-time``: AWS restores the live table's past into a new table; no backup is needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused, TableMissing
from ddbbackup.ports import PitrRestore, PitrRestoreRequest, TableFacts
from ddbbackup.restore.blockers import against_point_in_time
from ddbbackup.restore.estimate import by_point_in_time
from ddbbackup.restore.live_source import LiveSource
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, log_start
from ddbbackup.restore.state import RestoreProgress
from ddbbackup.restore.target import begin, note_job, until_writable
from ddbbackup.steps.permissions import POINT_IN_TIME, Permission
from ddbbackup.steps.remote_jobs import start, wait_until_ended
from ddbbackup.times import from_iso, to_iso

log = structlog.get_logger()

_BY_AWS: Final = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
PERMISSIONS: Final = (
    Permission("dynamodb:RestoreTableToPointInTime", "table", ("restore",), POINT_IN_TIME),
    Permission("dynamodb:RestoreTableToPointInTime", "target", ("restore",), POINT_IN_TIME),
    Permission("dynamodb:DescribeTable", "table", ("restore", "read"), POINT_IN_TIME),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("restore", "read"), POINT_IN_TIME),
    *(
        Permission(f"dynamodb:{each}", "target", ("restore",), POINT_IN_TIME, for_aws=True)
        for each in _BY_AWS
    ),
)
NOTE: Final = "AWS restored the table by itself: it counts nothing, so no count could be compared"
_CLOCKS: Final = timedelta(minutes=2)  # how far AWS's clock and ours may be apart
_VISIBLE_SECONDS: Final = 60.0  # a table just asked for may be unknown to DescribeTable for a while


async def load(job: RestoreJob) -> LoadResult:
    left = job.state.read()
    resumed = job.continues
    log_start(job, method="point-in-time", resumed=resumed, notes=[NOTE])
    if not resumed:
        await _start(job)
    elif job.resolved.target is not None and left is not None:
        time = left.restored_time or to_iso(_restored_time(job.resolved.target))
        note_job(job, method="point-in-time", table_id=job.resolved.target.table_id, restored_time=time)
        log.info(events.JOB_REATTACHED, job_arn=job.resolved.target_arn, target=job.target)
    table = await _until_restored(job)
    known = job.state.read()
    facts: dict[str, Any] = {
        "items": None,
        "written": None,
        "kept": None,
        "size_bytes": None,
        "restored_time": known.restored_time if known else None,
        "notes": [NOTE],
    }
    return LoadResult(table, facts)


async def _start(job: RestoreJob) -> None:
    """Written down first, for there is no token: the table alone must tell a later run whose it is."""
    begin(job, stage="asked", method="point-in-time")
    live = job.live
    request = PitrRestoreRequest(
        source_arn=live.table_arn,
        target=job.target,
        time=live.time,
        billing_mode=job.restore.target.billing_mode,
        sse=_sse(live, job),
    )
    try:
        made = await start(
            job.context, "RestoreTableToPointInTime", lambda: job.cloud.pitr_restores.start(request)
        )
    except Refused:
        adopted = await _adopted(job)
        if adopted is None:
            raise
        made = PitrRestore(adopted.arn, adopted.table_id, _restored_time(adopted))
    time = to_iso(made.time or live.time)
    note_job(job, method="point-in-time", table_id=made.table_id, restored_time=time)
    log.info(events.JOB_STARTED, job_arn=made.table_arn, target=job.target)


async def _adopted(job: RestoreJob) -> TableFacts | None:
    """The table if it is ours though AWS refused to make it: the SDK's first try was heard, its answer was not."""
    try:
        target = await job.context.call(lambda: job.cloud.tables.describe(job.target))
    except TableMissing:
        return None
    return target if _is_ours(job, job.state.read(), target) else None


async def _until_restored(job: RestoreJob) -> TableFacts:
    """ACTIVE with all indexes, and no restore in progress: RestoreSummary is gone by then (observed on AWS)."""
    clock = job.context.clock
    visible = clock.monotonic() + _VISIBLE_SECONDS

    def look() -> TableFacts | None:
        try:
            return job.cloud.tables.describe(job.target)
        except TableMissing:
            if clock.monotonic() > visible:
                raise
            return None

    await wait_until_ended(
        job.context,
        "DescribeTable",
        look,
        ended=lambda table: table is not None and table.status != "CREATING" and not _restoring(table),
        job=f"the point-in-time restore of {job.resolved.target_arn}",
    )
    return await until_writable(job)


def _is_ours(job: RestoreJob, left: RestoreProgress | None, target: TableFacts) -> bool:
    """Whether an earlier run of this restore asked for the table that is there.

    By its id once AWS told it; else it must have been made after we asked, by a restore of our source. AWS tells
    the source only until the table is ACTIVE; from then on nobody can say whose it is, and it is not touched.
    """
    if left is None or left.method != "point-in-time" or left.stage not in ("asked", "writing", "loaded"):
        return False
    if left.table_id is not None:
        return left.table_id == target.table_id
    made = from_iso(target.description.get("CreationDateTime"))
    summary = target.description.get("RestoreSummary") or {}
    from_us = summary.get("SourceTableArn") == job.resolved.table_arn
    return from_us and made is not None and made >= left.updated_at - _CLOCKS


def _restored_time(table: TableFacts) -> datetime | None:
    return from_iso((table.description.get("RestoreSummary") or {}).get("RestoreDateTime"))


def _restoring(table: TableFacts) -> bool:
    return bool((table.description.get("RestoreSummary") or {}).get("RestoreInProgress"))


def _sse(live: LiveSource, job: RestoreJob) -> dict[str, Any] | None:
    """Needed across regions only. Keys are regional, so KMS becomes the other region's own ``aws/dynamodb``."""
    if job.context.source.identity.region == job.cloud.identity.region:
        return None
    encrypted = (live.description.get("SSEDescription") or {}).get("SSEType") == "KMS"
    return {"Enabled": True, "SSEType": "KMS"} if encrypted else {"Enabled": False}


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return job.resolved.target is not None and _is_ours(job, earlier, job.resolved.target)


METHOD: Final = RestoreMethod(
    against_point_in_time, by_point_in_time, _continues, load, makes_table=True, from_live=True
)
