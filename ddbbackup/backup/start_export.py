"""Start the export of a record that is in progress, unless AWS already has it."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Final, Literal

import structlog

from ddbbackup import events
from ddbbackup.archive.layout import export_prefix
from ddbbackup.catalog import Record, StoredRecord
from ddbbackup.errors import Conflict, ExportTimeInvalid, PitrDisabled, Refused
from ddbbackup.ports import Export, ExportRequest
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import KMS_KEY, PITR_ENABLE, Permission
from ddbbackup.steps.rate_limits import AwsCaller
from ddbbackup.steps.recovery_window import pitr_is_off
from ddbbackup.steps.step import Wait

log = structlog.get_logger()
Pending = Generator[Wait | Future[Any], Any, Any]

PERMISSIONS: Final = (
    Permission("dynamodb:ExportTableToPointInTime", "table", ("backup",)),
    Permission("dynamodb:UpdateContinuousBackups", "table", ("backup",), PITR_ENABLE),
    Permission("dynamodb:ListExports", "everything", ("backup",)),
    Permission("dynamodb:DescribeExport", "export", ("backup",)),
    Permission("s3:PutObject", "object", ("backup",), for_aws=True),
    Permission("s3:AbortMultipartUpload", "object", ("backup",), for_aws=True),
    Permission("s3:PutObjectAcl", "object", ("backup",), for_aws=True),
    Permission("kms:GenerateDataKey", "key", ("backup",), KMS_KEY, for_aws=True),
    Permission("kms:Decrypt", "key", ("backup",), KMS_KEY, for_aws=True),
)


def start_export(
    context: RunContext, stored: StoredRecord, *, pitr: Literal["require", "enable"] = "require"
) -> Pending:
    """Returns the ``StoredRecord`` with its ExportArn in it.

    A start that is refused is recorded as failed. Raises what ``ExportScheduler.start`` raises.
    """
    record = stored.record
    if record.export_arn is not None:
        log.info(events.EXPORT_REATTACHED, export_arn=record.export_arn, backup=record.id)
        return stored
    export: Export | None = yield from _already_started(context, record)
    if export is None:
        export = yield from _request(context, stored, pitr)
    else:
        log.info(events.EXPORT_REATTACHED, export_arn=export.arn, backup=record.id)
    updated = replace(
        record, export_arn=export.arn, export_time=export.export_time or record.requested_export_time
    )
    return (yield context.calls.call(lambda: context.catalog.update(stored, updated)))


def _already_started(context: RunContext, record: Record) -> Pending:
    """The export with the record's token, if a run was killed between its start and the record of its ARN.

    A repeated start with the same token would return the same export, but only for eight hours
    (botocore's model of ClientToken); AWS's own list remembers for ninety days. A record that is as new
    as this run cannot have one.
    """
    if record.started_at >= context.started_at.replace(microsecond=0):
        return None
    token: str | None = None
    while True:
        page = yield context.calls.call(
            lambda t=token: context.source.exports.page(table_arn=record.table_arn, next_token=t)  # type: ignore[misc]
        )
        for summary in page.summaries:
            export: Export = yield context.calls.call(
                lambda arn=summary.arn: context.source.exports.describe(arn)  # type: ignore[misc]
            )
            if export.client_token == record.client_token:
                return export
            if export.start_time and export.start_time < record.started_at:
                return None  # newest first: what follows is older than the record
        token = page.next_token
        if token is None:
            return None


def _request(context: RunContext, stored: StoredRecord, pitr: str) -> Pending:
    record = stored.record
    request = ExportRequest(
        table_arn=record.table_arn,
        bucket=record.bucket,
        client_token=record.client_token,
        prefix=export_prefix(record.prefix),
        bucket_owner=record.bucket_owner,
        sse_algorithm=record.sse_algorithm,
        kms_key_id=record.kms_key_id,
        export_time=record.requested_export_time,
    )
    try:
        export = yield from _start_with_pitr(context, record.table, request, pitr)
    except (Refused, Conflict) as error:
        failed = replace(
            record,
            state="failed",
            completed_at=context.clock.now(),
            failure_code=type(error).__name__,
            failure_message=error.message,
        )
        yield context.calls.call(lambda: context.catalog.update(stored, failed))
        raise
    log.info(events.EXPORT_STARTED, export_arn=export.arn, backup=record.id, bucket=record.bucket)
    return export


def _start_with_pitr(context: RunContext, table: str, request: ExportRequest, pitr: str) -> Pending:
    try:
        return (yield from context.desk.start(request))
    except PitrDisabled as error:
        if pitr != "enable":
            raise pitr_is_off(table) from error
    ask = AwsCaller(
        context, context.source
    )  # waits out "Backups are being enabled" of a table made a moment ago
    yield from ask("UpdateContinuousBackups", lambda cloud: cloud.settings.enable_recovery(table, None))
    log.info(events.PITR_ENABLED)
    if request.export_time is not None:
        raise ExportTimeInvalid(
            f"point-in-time recovery was off for {table} and has just been turned on, so the table "
            "cannot be exported as of the common export time",
            hint="run the backup again in ten minutes",
        )
    return (yield from context.desk.start(request))
