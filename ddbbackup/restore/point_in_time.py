"""Restore method ``point-in-time``: AWS restores an earlier state of the live table into a new table."""

from __future__ import annotations

from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused
from ddbbackup.model.json_value import Json
from ddbbackup.ports import PitrRestore, PitrRestoreRequest, TableFacts
from ddbbackup.restore.adoption import objection, restored_time
from ddbbackup.restore.blockers import point_in_time_blockers
from ddbbackup.restore.estimate import estimate_point_in_time
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, log_start
from ddbbackup.restore.new_table import (
    continues_with,
    encryption_elsewhere,
    find_own_table,
    wait_until_restored,
)
from ddbbackup.restore.progress import save_remote_job, start_progress
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.steps.permissions import CUSTOMER_KEY, POINT_IN_TIME, Permission, use_of_key
from ddbbackup.steps.remote_jobs import start
from ddbbackup.times import to_iso

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
    *use_of_key("table-key-use", ("restore",), POINT_IN_TIME, CUSTOMER_KEY),
)
NOTE: Final = "not verified: AWS reports no item count for point-in-time restores"


async def load(job: RestoreJob) -> LoadResult:
    saved = await job.context.call(job.state.read)
    log_start(job, method="point-in-time", resumed=job.continues, notes=[NOTE])
    if not job.continues:
        await _start(job)
    elif job.resolved.target is not None and saved is not None:
        table = job.resolved.target
        time = saved.restored_time or to_iso(restored_time(table))
        await save_remote_job(job, method="point-in-time", table_id=table.table_id, restored_time=time)
        log.info(events.JOB_REATTACHED, job_arn=job.resolved.target_arn, target=job.target)
    table = await wait_until_restored(job, f"the point-in-time restore of {job.resolved.target_arn}")
    saved = await job.context.call(job.state.read)
    facts: dict[str, Json] = {
        "items": None,
        "written": None,
        "kept": None,
        "size_bytes": None,
        "restored_time": saved.restored_time if saved else None,
        "notes": [NOTE],
    }
    return LoadResult(table, facts)


async def _start(job: RestoreJob) -> None:
    """Saves the request first: there is no client token, so only the table itself tells who requested it."""
    live = job.live
    requested = to_iso(live.time or live.window.latest)
    await start_progress(job, "requested", method="point-in-time", requested_time=requested)
    request = PitrRestoreRequest(
        source_arn=live.table_arn,
        target=job.target,
        time=live.time,
        billing_mode=job.restore.target.billing_mode,
        sse=encryption_elsewhere(live.description, region=job.context.source.identity.region, job=job),
    )
    try:
        started = await start(
            job.context, "RestoreTableToPointInTime", lambda: job.cloud.pitr_restores.start(request)
        )
    except Refused:
        own = await find_own_table(job, _objection)
        if own is None:
            raise
        started = PitrRestore(own.arn, own.table_id, restored_time(own))
    time = to_iso(started.time or live.time)
    await save_remote_job(job, method="point-in-time", table_id=started.table_id, restored_time=time)
    log.info(events.JOB_STARTED, job_arn=started.table_arn, target=job.target)


def _objection(job: RestoreJob, saved: RestoreProgress | None, table: TableFacts) -> str | None:
    return objection(
        saved, table, source_key=job.resolved.source_key, source_arn=job.live.table_arn, time=job.live.time
    )


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return continues_with(job, earlier, "point-in-time", _objection)


METHOD: Final = RestoreMethod(
    point_in_time_blockers,
    estimate_point_in_time,
    _continues,
    load,
    objection=_objection,
    creates_table=True,
    uses_live_table=True,
)
