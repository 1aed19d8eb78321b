"""Restore method ``import``: AWS makes the table and reads the backup's data files into it by itself."""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DataIncomplete, Refused, RemoteJobFailed
from ddbbackup.model.arn import Arn
from ddbbackup.model.progress import Progress
from ddbbackup.ports import Import, ImportRequest
from ddbbackup.restore.blockers import against_import
from ddbbackup.restore.client_token import derive_token
from ddbbackup.restore.estimate import by_import
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.put_back import with_settings
from ddbbackup.restore.s3_input import S3Input, s3_input
from ddbbackup.restore.state import RestoreProgress
from ddbbackup.restore.target import begin, note_job, until_writable
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.steps.permissions import IMPORTS, KMS_KEY, Permission
from ddbbackup.steps.remote_jobs import describe_if_known, start, wait_until_ended

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:ImportTable", "target", ("restore",), IMPORTS),
    Permission("dynamodb:DescribeImport", "import", ("restore",), IMPORTS),
    Permission("dynamodb:ListImports", "everything", ("restore",), IMPORTS),
    Permission("s3:GetObject", "object", ("restore",), IMPORTS, for_aws=True),
    Permission("s3:ListBucket", "bucket", ("restore",), IMPORTS, for_aws=True),
    Permission("kms:Decrypt", "key", ("restore",), KMS_KEY, for_aws=True),
    *(
        Permission(f"logs:{action}", "import-log", ("restore",), IMPORTS, for_aws=True)
        for action in (
            "CreateLogGroup",
            "CreateLogStream",
            "DescribeLogGroups",
            "DescribeLogStreams",
            "PutLogEvents",
            "PutRetentionPolicy",
        )
    ),
)
# What TableCreationParameters take (botocore's model); everything else of a table is put back afterwards.
_TAKEN: Final = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "SSESpecification",
    "GlobalSecondaryIndexes",
    "VectorIndexes",
)
_RUNNING: Final = ("IN_PROGRESS", "CANCELLING")
_ATTEMPTS: Final = 5  # tokens that may be found used up by earlier imports of the same run


async def load(job: RestoreJob) -> LoadResult:
    """The import decides when it is over, not the table, which is ACTIVE earlier.

    Raises ``DataIncomplete`` unless every item was imported, ``RemoteJobFailed`` if nothing was. Neither removes
    the table that AWS leaves behind.
    """
    source = s3_input(job)
    found = job.started if isinstance(job.started, Import) else None
    log_start(job, method="import", resumed=found is not None, notes=source.notes)
    if found is None:
        found = await _start(job, source)
    else:
        log.info(events.JOB_REATTACHED, job_arn=found.arn, target=job.target)
    arn = found.arn
    note_job(job, method="import", job_arn=arn, table_id=found.table_id)
    ended = await wait_until_ended(
        job.context,
        "DescribeImport",
        lambda: _look(job, arn),
        ended=lambda each: each.status not in _RUNNING,
        job=f"the import {arn}",
    )
    _account(job, ended)
    table = await until_writable(job)
    facts = {
        "items": job.backup.opened.item_count,
        "written": ended.imported_items,
        "kept": 0,
        "size_bytes": source.size_bytes,
        "job_arn": arn,
        "notes": list(source.notes),
    }
    return LoadResult(table, facts)


async def _start(job: RestoreJob, source: S3Input) -> Import:
    """Asks AWS for the import, with a token that no earlier import has used up.

    A token whose import has ended gives that old import back and makes no table (observed on AWS), so the
    next one is taken then.
    """
    definition = with_settings(
        create_table_input(
            job.resolved.description, name=job.target, billing_mode=job.restore.target.billing_mode
        ),
        job,
    )
    left = job.state.read()
    first = left.attempt if left and left.method == "import" and left.stage == "asked" else 1
    token = left.token if left and left.method == "import" and left.stage == "asked" else None
    for attempt in range(first, first + _ATTEMPTS):
        token = token or derive_token(job, method="import", attempt=attempt)
        begin(job, stage="asked", method="import", token=token, attempt=attempt)
        request = ImportRequest(
            bucket=source.bucket,
            prefix=source.prefix,
            bucket_owner=source.bucket_owner,
            table={name: definition[name] for name in _TAKEN if name in definition},
            client_token=token,
        )
        begun = await start(job.context, "ImportTable", partial(job.cloud.imports.start, request))
        if begun.status in _RUNNING:
            log.info(events.JOB_STARTED, job_arn=begun.arn, target=job.target)
            return begun
        token = None
    raise Refused(
        f"AWS gives back imports of {job.target} that have long ended instead of starting one",
        hint="run the restore again with another --run-id",
    )


async def _find_started(job: RestoreJob) -> Import | None:
    """The import of an earlier run of this restore that is still of use, or None.

    Raises ``Refused`` if another import is making the target.
    """
    left = job.state.read()
    ours = left if left and left.method == "import" and left.stage in ("asked", "writing") else None
    if ours and ours.job_arn:
        arn = ours.job_arn
        known = await describe_if_known(job.context, lambda: job.cloud.imports.describe(arn))
        if known is not None and _of_use(job, known):
            return known
        ours = None
    token = ours.token if ours else derive_token(job, method="import", attempt=1)
    for each in await _imports(job):
        if each.client_token == token and _of_use(job, each):
            return each
        if each.status in _RUNNING:
            raise Refused(
                f"another import into {job.target} is running: {each.arn}",
                hint="wait until it has ended, or restore to another table name",
            )
    return None


def _of_use(job: RestoreJob, found: Import) -> bool:
    """Whether it runs, or whether the target is the table that it made."""
    target = job.resolved.target
    return found.status in _RUNNING or (target is not None and target.table_id == found.table_id)


async def _imports(job: RestoreJob) -> list[Import]:
    """Those of the target that run or may have made it, newest first."""
    found: list[Import] = []
    token: str | None = None
    while True:
        page = await job.context.call(
            job.cloud.imports.page, table_arn=job.resolved.target_arn, next_token=token
        )
        for summary in page.summaries:
            if summary.status in _RUNNING or job.resolved.target is not None:
                described = await job.context.call(job.cloud.imports.describe, summary.arn)
                found.append(described)
        token = page.next_token
        if token is None:
            return found


def _look(job: RestoreJob, arn: str) -> Import:
    found = job.cloud.imports.describe(arn)
    total = job.backup.opened.item_count
    job.context.on_progress(Progress(job.target, "write", done=found.processed_items, total=total))
    return found


def _account(job: RestoreJob, ended: Import) -> None:
    expected = job.backup.opened.item_count
    counts = f"{ended.imported_items} of {expected} items were imported, {ended.errors} failed"
    if ended.status == "COMPLETED" and (ended.imported_items, ended.errors) == (expected, 0):
        return
    if ended.status == "COMPLETED":
        raise DataIncomplete(
            f"the import {ended.arn} is COMPLETED, but {counts}",
            hint=f"do not use {job.target}; verify the backup, then restore to another table name",
        )
    log.error(
        events.JOB_FAILED,
        job_arn=ended.arn,
        failure_code=ended.failure_code or ended.status,
        failure_message=ended.failure_message or "",
    )
    said = f"the import {ended.arn} ended as {ended.status}: {ended.failure_message} ({ended.failure_code}); {counts}"
    if ended.imported_items or ended.errors or ended.failure_code == "ItemValidationError":
        raise DataIncomplete(
            f"{said}. AWS leaves the table {job.target} with what it could read, and ddbbackup does not delete it",
            hint=f"read {_log_place(ended)}, then delete {job.target} yourself or restore to another name",
        )
    raise RemoteJobFailed(said, hint="mend what the message names, then run the restore again")


def _log_place(ended: Import) -> str:
    """Where AWS tells which lines it did not take (DynamoDB guide: Import)."""
    arn = Arn.parse_if_arn(ended.log_group_arn or "")
    group = arn.resource.removeprefix("log-group:").removesuffix(":*") if arn else "/aws-dynamodb/imports"
    return f"{group} in CloudWatch Logs (stream {Arn.parse(ended.arn).resource_id}/error)"


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    """A target that exists is ours if ``_find_started`` finds the import that made it, or all data was in it."""
    if job.resolved.target is not None:
        return can_resume(job, earlier, method="import")
    return earlier.stage in ("asked", "writing")


METHOD: Final = RestoreMethod(
    against_import,
    by_import,
    _continues,
    load,
    find_started=_find_started,
    makes_table=True,
    reads_folder=True,
)
