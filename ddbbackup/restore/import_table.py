"""Restore method ``import``: AWS creates the table and reads the data files of the backup into it."""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DataIncomplete, Refused, RemoteJobFailed, TableMissing
from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import Json
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import Progress
from ddbbackup.ports import Cloud, Import, ImportRequest
from ddbbackup.restore.blockers import import_blockers, other_import_running
from ddbbackup.restore.changes import chain_facts, write_changes
from ddbbackup.restore.client_token import derive_client_token
from ddbbackup.restore.estimate import estimate_import
from ddbbackup.restore.import_quota import find_quota_blockers
from ddbbackup.restore.index_keys import index_keys, join_keys
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.progress import save_remote_job, start_progress
from ddbbackup.restore.proof import prove_loaded, prove_written
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.s3_input import S3Input, build_s3_input
from ddbbackup.restore.settings import table_to_create
from ddbbackup.restore.target import wait_until_writable
from ddbbackup.steps.aws_caller import AwsCaller, read_pages
from ddbbackup.steps.permissions import IMPORTS, KMS_KEY, Permission
from ddbbackup.steps.remote_jobs import describe_if_known, start, wait_until_ended

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:ImportTable", "target", ("restore",), IMPORTS),
    Permission("dynamodb:DescribeImport", "import", ("restore",), IMPORTS),
    Permission("s3:GetObject", "object", ("restore",), IMPORTS, for_aws=True),
    Permission("s3:ListBucket", "bucket", ("restore",), IMPORTS, for_aws=True),
    Permission("kms:Decrypt", "key", ("restore",), KMS_KEY, for_aws=True),
    *(
        Permission(f"logs:{action}", "import-log", ("restore",), IMPORTS, for_aws=True)
        for action in (
            "CreateLogGroup",
            "CreateLogStream",
            "DescribeLogStreams",
            "PutLogEvents",
            "PutRetentionPolicy",
        )
    ),
    Permission("logs:DescribeLogGroups", "target-everything", ("restore",), IMPORTS, for_aws=True),
)
# The members of TableCreationParameters (botocore's model). All other settings are applied after the import.
_CREATION_MEMBERS: Final = (
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
_ATTEMPTS: Final = 5  # the number of tokens to try; earlier imports of the same run may have used some


async def load(job: RestoreJob) -> LoadResult:
    """Waits for the import, not for the table, which is ACTIVE earlier.

    The changes of windows that follow the full backup are written then.

    Raises ``DataIncomplete`` unless every item was imported, and ``RemoteJobFailed`` if none was. In both cases the
    table that AWS has created remains.
    """
    source = build_s3_input(job)
    running = job.remote_job if isinstance(job.remote_job, Import) else None
    log_start(job, method="import", resumed=running is not None, notes=source.notes)
    if running is None:
        running = await _start(job, source)
    else:
        log.info(events.JOB_REATTACHED, job_arn=running.arn, target=job.target)
    arn = running.arn
    await save_remote_job(job, method="import", job_arn=arn, table_id=running.table_id)
    ended = await wait_until_ended(
        job.context,
        "DescribeImport",
        lambda: _describe_with_progress(job, arn),
        ended=lambda each: each.status not in _RUNNING,
        job=f"the import {arn}",
    )
    _check_result(job, ended, table_remains=await _created_target(job, ended))
    table = await wait_until_writable(job)
    await prove_loaded(job, table)
    facts: dict[str, Json] = {
        "items": job.backup.opened.item_count,
        "written": ended.imported_items,
        "kept": 0,
        "size_bytes": source.size_bytes,
        "job_arn": arn,
        "notes": list(source.notes),
    }
    changes = await write_changes(job, table, method="import")
    if changes is not None:
        await prove_written(job, table, changes.sample)
        # The number of items is unknown: a put may be of an item that the import has loaded, or of a new one.
        facts |= {
            "items": None,
            "written": ended.imported_items + changes.written,
            **chain_facts(job, changes),
        }
    return LoadResult(table, facts)


async def _start(job: RestoreJob, source: S3Input) -> Import:
    """Starts an import with a token that no ended import has used.

    For the token of an import that has ended, AWS returns that import and creates no table (observed on AWS); the
    next token is tried then.
    """
    definition = table_to_create(job.resolved)
    saved = await job.context.call(job.state.read)
    requested = saved if saved and saved.method == "import" and saved.stage == "requested" else None
    first = requested.attempt if requested else 1
    token = requested.token if requested else None
    for attempt in range(first, first + _ATTEMPTS):
        token = token or derive_client_token(job, method="import", attempt=attempt)
        await start_progress(job, "requested", method="import", token=token, attempt=attempt)
        request = ImportRequest(
            bucket=source.bucket,
            prefix=source.prefix,
            bucket_owner=source.bucket_owner,
            table={name: definition[name] for name in _CREATION_MEMBERS if name in definition},
            client_token=token,
        )
        started = await start(job.context, "ImportTable", partial(job.cloud.imports.start, request))
        if started.status in _RUNNING:
            log.info(events.JOB_STARTED, job_arn=started.arn, target=job.target)
            return started
        token = None
    raise Refused(
        f"AWS did not start an import into {job.target}, but returned imports that have ended",
        hint="run the restore again with another --run-id",
    )


async def _find_remote_job(job: RestoreJob) -> Import | None:
    """The import of an earlier run of this restore, if it is running or has created the target.

    Raises ``Refused`` if another import is creating the target.
    """
    saved = await job.context.call(job.state.read)
    own = saved if saved and saved.method == "import" and saved.stage in ("requested", "writing") else None
    if own and own.job_arn:
        arn = own.job_arn
        known = await describe_if_known(
            job.context, "DescribeImport", lambda: job.cloud.imports.describe(arn)
        )
        if known is not None and await _is_usable(job, known):
            return known
        own = None
    token = own.token if own else derive_client_token(job, method="import", attempt=1)
    for each in await _list_imports(job, with_ended=own is not None):
        if each.client_token == token and await _is_usable(job, each):
            return each
        if each.status in _RUNNING:
            raise other_import_running(job.target, each.arn)
    return None


async def _is_usable(job: RestoreJob, found: Import) -> bool:
    """Whether the import is running, or the target is the table that it created."""
    return found.status in _RUNNING or await _created_target(job, found)


async def _created_target(job: RestoreJob, found: Import) -> bool:
    """Asks AWS again: the import may have created the table since the target was resolved."""
    try:
        target = await AwsCaller(job.context, job.cloud)(
            "DescribeTable", lambda cloud: cloud.tables.describe(job.target)
        )
    except TableMissing:
        return False
    return target.table_id == found.table_id


async def _list_imports(job: RestoreJob, *, with_ended: bool) -> list[Import]:
    """The imports into the target that are running or may have created it, newest first."""
    imports: list[Import] = []
    call_aws, table_arn = AwsCaller(job.context, job.cloud), job.resolved.target_arn
    pages = read_pages(
        call_aws,
        "ListImports",
        lambda cloud, token: cloud.imports.page(table_arn=table_arn, next_token=token),
    )
    async for page in pages:
        for summary in page.summaries:
            if summary.status in _RUNNING or with_ended or job.resolved.target is not None:
                imports.append(await call_aws("DescribeImport", partial(_describe, arn=summary.arn)))
    return imports


def _describe(cloud: Cloud, arn: str) -> Import:
    return cloud.imports.describe(arn)


def _describe_with_progress(job: RestoreJob, arn: str) -> Import:
    running = job.cloud.imports.describe(arn)
    total = job.backup.opened.item_count
    job.context.on_progress(Progress(job.target, "write", done=running.processed_items, total=total))
    return running


def _check_result(job: RestoreJob, ended: Import, *, table_remains: bool) -> None:
    """Raises unless the import succeeded and imported every item of the manifest.

    ``table_remains``: the target is the table that the import created. While it exists, another run would only find
    the failed import again.
    """
    expected = job.backup.opened.item_count
    items = f"{counted(expected, 'item')} {agreeing(ended.imported_items, 'was', 'were')}"
    counts = f"{grouped(ended.imported_items)} of {items} imported, {grouped(ended.errors)} failed"
    if ended.status == "COMPLETED" and (ended.imported_items, ended.errors) == (expected, 0):
        return
    if ended.status == "COMPLETED":
        raise DataIncomplete(
            f"the import {ended.arn} is COMPLETED, but {counts}",
            hint=f"delete {job.target}, run `ddbbackup verify`, then run the restore again",
        )
    log.error(
        events.JOB_FAILED,
        job_arn=ended.arn,
        failure_code=ended.failure_code or ended.status,
        failure_message=ended.failure_message or "",
    )
    message = (
        f"the import {ended.arn} is {ended.status}: {ended.failure_message} ({ended.failure_code}); {counts}"
    )
    keys = index_keys(table_to_create(job.resolved))
    if ended.failure_code == "ItemValidationError" and keys:
        raise DataIncomplete(
            f"{message}; the incomplete table {job.target} remains; an import refuses items whose index key has "
            f"another type or is empty: {join_keys(keys)}",
            hint=f"read the errors in {_log_stream(ended)}, and if they name an index key, delete {job.target} and "
            "restore with `to.indexes: after-load`",
        )
    if ended.imported_items or ended.errors or ended.failure_code == "ItemValidationError":
        raise DataIncomplete(
            f"{message}; the incomplete table {job.target} remains",
            hint=f"read the errors in {_log_stream(ended)}, delete {job.target}, then run the restore again",
        )
    if table_remains:
        raise RemoteJobFailed(
            f"{message}; the empty table {job.target} remains",
            hint=f"fix the cause above, delete {job.target}, then run the restore again",
        )
    raise RemoteJobFailed(message, hint="fix the cause above, then run the restore again")


def _log_stream(ended: Import) -> str:
    """Where AWS logs the lines that it could not import (DynamoDB guide: Import)."""
    arn = Arn.parse_if_arn(ended.log_group_arn or "")
    group = arn.resource.removeprefix("log-group:").removesuffix(":*") if arn else "/aws-dynamodb/imports"
    return f"{group} in CloudWatch Logs (stream {Arn.parse(ended.arn).resource_id}/error)"


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    """An existing target belongs to this restore if all data was loaded, or if ``_find_remote_job`` says so."""
    if job.resolved.target is not None:
        return can_resume(job, earlier, method="import")
    return earlier.stage in ("requested", "writing")


METHOD: Final = RestoreMethod(
    import_blockers,
    estimate_import,
    _continues,
    load,
    find_remote_job=_find_remote_job,
    find_quota_blockers=find_quota_blockers,
    creates_table=True,
    reads_folder=True,
)
