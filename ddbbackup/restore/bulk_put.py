"""Restore method ``bulk-put``, experimental: AWS reads the data files of the backup into an existing table.

StartBulkPutItems is new (November 2026). Whether it accepts the lines of an export unchanged has not been tested on
AWS.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Bug, DataIncomplete, RemoteJobFailed
from ddbbackup.model.json_value import Json
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import Progress
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import BulkPut, BulkPutRequest, Cloud, TableFacts
from ddbbackup.restore.blockers import bulk_put_blockers
from ddbbackup.restore.bulk_put_report import count_records
from ddbbackup.restore.client_token import derive_client_token
from ddbbackup.restore.estimate import estimate_bulk_put
from ddbbackup.restore.index_keys import AFTER_LOAD_HINT, index_keys, join_keys
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.progress import save_progress, save_remote_job
from ddbbackup.restore.proof import prove_loaded
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.s3_input import S3Input, build_s3_input
from ddbbackup.restore.target import prepare_target
from ddbbackup.steps.aws_caller import AwsCaller, read_pages
from ddbbackup.steps.permissions import BULK_PUTS, KMS_KEY, Permission
from ddbbackup.steps.remote_jobs import describe_if_known, start, wait_until_ended

log = structlog.get_logger()

EXPERIMENTAL: Final = (
    "bulk-put is experimental: StartBulkPutItems is new, and ddbbackup has not been tested with it on AWS"
)
_UNVERIFIED: Final = "from the name of the API; AWS's list of actions could not be read"
PERMISSIONS: Final = (
    Permission("dynamodb:StartBulkPutItems", "target", ("restore",), BULK_PUTS, note=_UNVERIFIED),
    Permission(
        "dynamodb:DescribeBulkOperation", "target-everything", ("restore",), BULK_PUTS, note=_UNVERIFIED
    ),
    Permission("dynamodb:ListBulkOperations", "target-everything", ("restore",), BULK_PUTS, note=_UNVERIFIED),
    Permission("s3:GetObject", "object", ("restore",), BULK_PUTS),
    Permission("s3:ListBucket", "bucket", ("restore",), BULK_PUTS),
    Permission(
        "s3:PutObject", "object", ("restore",), BULK_PUTS, for_aws=True, note="the reports of the job"
    ),
    Permission("kms:Decrypt", "key", ("restore",), KMS_KEY, for_aws=True),
)
REPORTS: Final = "ddbbackup-bulk-put-reports"
_RUNNING: Final = ("IN_PROGRESS", "CANCELLING")
_CLOCK_SKEW: Final = timedelta(minutes=5)  # the largest expected difference of the clock of AWS and ours


async def load(job: RestoreJob) -> LoadResult:
    """Raises ``DataIncomplete`` unless every item was written.

    Raises ``RemoteJobFailed`` for a job that failed or was cancelled. The items that it has written remain.
    """
    source = build_s3_input(job)
    table = await prepare_target(job, method="bulk-put")
    running = job.remote_job if isinstance(job.remote_job, BulkPut) else None
    log_start(job, method="bulk-put", resumed=running is not None, notes=source.notes)
    if running is None:
        running = await _start(job, table, source)
    else:
        log.info(events.JOB_REATTACHED, job_arn=running.arn, target=job.target)
    arn = running.arn
    await save_remote_job(job, method="bulk-put", table_id=table.table_id, job_arn=arn)
    ended = await wait_until_ended(
        job.context,
        "DescribeBulkOperation",
        lambda: _describe_with_progress(job, arn),
        ended=lambda each: each.status not in _RUNNING,
        job=f"the bulk put {arn}",
    )
    reports = await job.context.call(_report_prefix, job)
    withheld = await job.context.heavy(_count_withheld, job, source, reports, ended)
    written = ended.processed_items - ended.failed_items - withheld
    _check_result(job, table, ended, written, withheld, S3Location(source.bucket, reports))
    await prove_loaded(job, table)
    facts: dict[str, Json] = {
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
    """Saves the token, which also names the report prefix, before it starts the job.

    The token of a job that has ended does not start another one, so each attempt has its own token.
    """
    saved = await job.context.call(job.state.read)
    if saved is not None and saved.token is not None and saved.job_arn is None:
        token, attempt = saved.token, saved.attempt  # requested before, but the response was not saved
    else:
        attempt = saved.attempt + 1 if saved is not None and saved.token is not None else 1
        token = derive_client_token(job, method="bulk-put", attempt=attempt)
    await save_progress(
        job,
        "writing",
        method="bulk-put",
        table_id=table.table_id,
        token=token,
        attempt=attempt,
        job_arn=None,
    )
    encryption = job.backup.encryption
    request = BulkPutRequest(
        table=job.target,
        bucket=source.bucket,
        prefix=source.prefix,
        report_prefix=await job.context.call(_report_prefix, job),
        client_token=token,
        bucket_owner=source.bucket_owner,
        sse_algorithm=encryption.algorithm if encryption else None,
        kms_key_id=encryption.kms_key_id if encryption else None,
        write_units_per_second=job.restore.limits.write_units_per_second,
    )
    started = await start(job.context, "StartBulkPutItems", lambda: job.cloud.bulk_puts.start(request))
    log.info(events.JOB_STARTED, job_arn=started.arn, target=job.target)
    return started


async def _find_remote_job(job: RestoreJob) -> BulkPut | None:
    """The job of an earlier run of this restore if it is running or COMPLETED. A failed job is not continued."""
    saved = await job.context.call(job.state.read)
    if not job.continues or saved is None or saved.token is None:
        return None
    if saved.job_arn is not None:
        arn = saved.job_arn
        known = await describe_if_known(
            job.context, "DescribeBulkOperation", lambda: job.cloud.bulk_puts.describe(arn)
        )
        return known if known is not None and known.status in (*_RUNNING, "COMPLETED") else None
    return await _find_by_token(job, saved)


async def _find_by_token(job: RestoreJob, saved: RestoreProgress) -> BulkPut | None:
    """The job that has the saved token; the list is newest first."""
    requested_at = saved.updated_at - _CLOCK_SKEW
    call_aws = AwsCaller(job.context, job.cloud)
    pages = read_pages(
        call_aws, "ListBulkOperations", lambda cloud, token: cloud.bulk_puts.page(next_token=token)
    )
    async for page in pages:
        for summary in page.summaries:
            if summary.start_time is not None and summary.start_time < requested_at:
                return None
            found = await call_aws("DescribeBulkOperation", partial(_describe, arn=summary.arn))
            if found.client_token == saved.token:
                return found
    return None


def _describe(cloud: Cloud, arn: str) -> BulkPut:
    return cloud.bulk_puts.describe(arn)


def _report_prefix(job: RestoreJob) -> str:
    """One prefix per job, beside the export and outside the folder that the job reads."""
    saved = job.state.read()
    if saved is None or saved.token is None:
        raise Bug("a bulk put has no saved token")
    root = job.backup.opened.folder.root
    base = root[: root.rindex("AWSDynamoDB/")]
    return f"{base}{REPORTS}/{saved.token.removeprefix('ddbbackup-')}/"


def _describe_with_progress(job: RestoreJob, arn: str) -> BulkPut:
    running = job.cloud.bulk_puts.describe(arn)
    total = job.backup.opened.item_count
    job.context.on_progress(Progress(job.target, "write", done=running.processed_items, total=total))
    return running


def _count_withheld(job: RestoreJob, source: S3Input, reports: str, ended: BulkPut) -> int:
    """The items that a condition kept from being written, which AWS counts only in the reports.

    ddbbackup sends no condition, so this should be 0. But AWS does not report the number of written items, so every
    reported record that is not a failed item must be a withheld one.
    """
    records = count_records(job.context.source.objects, source.bucket, reports, owner=source.bucket_owner)
    return max(0, records - ended.failed_items)


def _check_result(
    job: RestoreJob, table: TableFacts, ended: BulkPut, written: int, withheld: int, reports: S3Location
) -> None:
    """Raises unless the job succeeded and wrote every item of the manifest."""
    expected = job.backup.opened.item_count
    counts = (
        f"{grouped(written)} of {counted(expected, 'item')} {agreeing(written, 'was', 'were')} written, "
        f"{grouped(ended.failed_items)} failed, {grouped(withheld)} {agreeing(withheld, 'was', 'were')} withheld"
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
            f"the bulk put {ended.arn} is {ended.status}: {ended.failure_message} ({ended.failure_code}); about "
            f"{grouped(ended.processed_items)} of {counted(expected, 'item')} had been processed, and what was "
            "written remains",
            hint="fix the cause above, then run the restore again",
        )
    if ended.failed_items and (keys := index_keys(table.description)):
        raise DataIncomplete(
            f"the bulk put {ended.arn} is {ended.status}, but {counts}; AWS refuses items whose index key has "
            f"another type or is empty: {join_keys(keys)}",
            hint=f"read the reports in {reports} (they contain items), and if they name an index key, "
            f"{AFTER_LOAD_HINT}",
        )
    raise DataIncomplete(
        f"the bulk put {ended.arn} is {ended.status}, but {counts}",
        hint=f"read the reports in {reports} (they contain items), then restore with `method: write`",
    )


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return can_resume(job, earlier, method="bulk-put")


METHOD: Final = RestoreMethod(
    bulk_put_blockers,
    estimate_bulk_put,
    _continues,
    load,
    find_remote_job=_find_remote_job,
    reads_folder=True,
    experimental=EXPERIMENTAL,
)
