"""Restore method ``bulk-put``, experimental: AWS reads the backup's data files into an existing table by itself.

StartBulkPutItems is new (November 2026). That it takes the lines of an export unchanged is likely and unproved.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Bug, DataIncomplete, RemoteJobFailed
from ddbbackup.model.progress import Progress
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import BulkPut, BulkPutRequest, TableFacts
from ddbbackup.restore.blockers import against_bulk_put
from ddbbackup.restore.bulk_put_report import count_records
from ddbbackup.restore.client_token import derive_token
from ddbbackup.restore.estimate import of_bulk_put
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.s3_input import S3Input, s3_input
from ddbbackup.restore.state import RestoreProgress, mark
from ddbbackup.restore.target import note_job, prepare_target
from ddbbackup.steps.permissions import BULK_PUTS, KMS_KEY, Permission
from ddbbackup.steps.remote_jobs import describe_if_known, start, wait_until_ended

log = structlog.get_logger()

EXPERIMENTAL: Final = (
    "bulk-put is experimental: StartBulkPutItems is new, and nobody has proved on AWS that it takes the lines of "
    "an export"
)
_UNPROVED: Final = "from the API's name; AWS's list of actions could not be read"
PERMISSIONS: Final = (
    Permission("dynamodb:StartBulkPutItems", "target", ("restore",), BULK_PUTS, note=_UNPROVED),
    Permission("dynamodb:DescribeBulkOperation", "everything", ("restore",), BULK_PUTS, note=_UNPROVED),
    Permission("dynamodb:ListBulkOperations", "everything", ("restore",), BULK_PUTS, note=_UNPROVED),
    Permission("s3:GetObject", "object", ("restore",), BULK_PUTS),
    Permission("s3:ListBucket", "bucket", ("restore",), BULK_PUTS),
    Permission("s3:PutObject", "object", ("restore",), BULK_PUTS, for_aws=True, note="its reports"),
    Permission("kms:Decrypt", "key", ("restore",), KMS_KEY, for_aws=True),
)
REPORTS: Final = "ddbbackup-bulk-put-reports"
_RUNNING: Final = ("IN_PROGRESS", "CANCELLING")
_CLOCKS: Final = timedelta(minutes=5)  # how far AWS's clock and ours may be apart when jobs are looked for


async def load(job: RestoreJob) -> LoadResult:
    """Raises ``DataIncomplete`` unless every item was written.

    Raises ``RemoteJobFailed`` for a job that was cancelled or failed: what it has written stays.
    """
    source = s3_input(job)
    table = await prepare_target(job, method="bulk-put")
    found = job.started if isinstance(job.started, BulkPut) else None
    log_start(job, method="bulk-put", resumed=found is not None, notes=source.notes)
    if found is None:
        found = await _start(job, table, source)
    else:
        log.info(events.JOB_REATTACHED, job_arn=found.arn, target=job.target)
    arn = found.arn
    note_job(job, method="bulk-put", table_id=table.table_id, job_arn=arn)
    ended = await wait_until_ended(
        job.context,
        "DescribeBulkOperation",
        lambda: _look(job, arn),
        ended=lambda each: each.status not in _RUNNING,
        job=f"the bulk put {arn}",
    )
    reports = _report_prefix(job)
    withheld = await job.context.heavy(_withheld, job, source, reports, ended)
    written = ended.processed_items - ended.failed_items - withheld
    _account(job, ended, written, withheld, S3Location(source.bucket, reports).uri)
    facts = {
        "items": job.backup.opened.item_count,
        "written": written,
        "kept": 0,
        "size_bytes": source.size_bytes,
        "job_arn": arn,
        "experimental": True,
        "notes": [EXPERIMENTAL, *source.notes],
    }
    return LoadResult(table, facts)


async def _start(job: RestoreJob, table: TableFacts, source: S3Input) -> BulkPut:
    """Starts the job with a token and a report prefix that are written down first. A job that ended is not started
    again by its token, so each attempt has its own.
    """
    left = job.state.read()
    asked = left is not None and left.token is not None and left.job_arn is None
    attempt = 1 if left is None or left.token is None else left.attempt if asked else left.attempt + 1
    token = left.token if left and asked else derive_token(job, method="bulk-put", attempt=attempt)
    mark(
        job.state,
        left,
        stage="writing",
        now=job.context.clock.now(),
        table_id=table.table_id,
        token=token,
        attempt=attempt,
        job_arn=None,
    )
    backup = job.backup
    request = BulkPutRequest(
        table=job.target,
        bucket=source.bucket,
        prefix=source.prefix,
        report_prefix=_report_prefix(job),
        client_token=token or "",
        bucket_owner=source.bucket_owner,
        sse_algorithm=backup.encryption.algorithm if backup.encryption else None,
        kms_key_id=backup.encryption.kms_key_id if backup.encryption else None,
        write_units_per_second=job.restore.limits.write_units_per_second,
    )
    begun = await start(job.context, "StartBulkPutItems", lambda: job.cloud.bulk_puts.start(request))
    log.info(events.JOB_STARTED, job_arn=begun.arn, target=job.target)
    return begun


async def _find_started(job: RestoreJob) -> BulkPut | None:
    """The job of an earlier run of this restore that runs or is done, or None: what failed is started anew."""
    left = job.state.read()
    if not job.continues or left is None or left.token is None:
        return None
    if left.job_arn is not None:
        arn = left.job_arn
        known = await describe_if_known(job.context, lambda: job.cloud.bulk_puts.describe(arn))
        return known if known is not None and known.status in (*_RUNNING, "COMPLETED") else None
    begun, token = left.updated_at - _CLOCKS, None
    while True:
        page = await job.context.call(job.cloud.bulk_puts.page, next_token=token)
        for summary in page.summaries:
            if summary.start_time is not None and summary.start_time < begun:
                return None  # newest first: what follows was there before we asked
            found = await job.context.call(job.cloud.bulk_puts.describe, summary.arn)
            if found.client_token == left.token:
                return found
        token = page.next_token
        if token is None:
            return None


def _report_prefix(job: RestoreJob) -> str:
    """One a job, beside the export and outside of what the job reads."""
    left = job.state.read()
    if left is None:
        raise Bug("a bulk put without its token", hint="report it with the plan")
    root = job.backup.opened.folder.root
    base = root[: root.rindex("AWSDynamoDB/")]
    return f"{base}{REPORTS}/{(left.token or '').removeprefix('ddbbackup-')}/"


def _look(job: RestoreJob, arn: str) -> BulkPut:
    found = job.cloud.bulk_puts.describe(arn)
    total = job.backup.opened.item_count
    job.context.on_progress(Progress(job.target, "write", done=found.processed_items, total=total))
    return found


def _withheld(job: RestoreJob, source: S3Input, reports: str, ended: BulkPut) -> int:
    """Items that a condition kept from being written, which AWS counts only in the reports.

    ddbbackup sends no condition, so this is 0; but AWS gives no count of what it wrote, and what the reports
    hold beyond the failed items must have been withheld.
    """
    records = count_records(job.context.source.objects, source.bucket, reports, owner=source.bucket_owner)
    return max(0, records - ended.failed_items)


def _account(job: RestoreJob, ended: BulkPut, written: int, withheld: int, reports: str) -> None:
    expected = job.backup.opened.item_count
    counts = (
        f"{written} of {expected} items were written, {ended.failed_items} failed, {withheld} were withheld"
    )
    if ended.status == "COMPLETED" and (written, ended.failed_items) == (expected, 0):
        return
    if ended.status not in ("COMPLETED", "COMPLETED_WITH_ERRORS"):
        log.error(
            events.JOB_FAILED,
            job_arn=ended.arn,
            failure_code=ended.failure_code or ended.status,
            failure_message=ended.failure_message or "",
        )
        raise RemoteJobFailed(
            f"the bulk put {ended.arn} ended as {ended.status}: {ended.failure_message} ({ended.failure_code}); "
            f"of {expected} items some {ended.processed_items} were processed, and what was written stays",
            hint="mend what the message names and run the restore again, or use `method: write`",
        )
    raise DataIncomplete(
        f"the bulk put {ended.arn} ended as {ended.status}, but {counts}",
        hint=f"read the reports below {reports} (they hold items), or run the restore with `method: write`",
    )


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return can_resume(job, earlier, method="bulk-put")


METHOD: Final = RestoreMethod(
    against_bulk_put,
    of_bulk_put,
    _continues,
    load,
    find_started=_find_started,
    reads_folder=True,
    experimental=EXPERIMENTAL,
)
