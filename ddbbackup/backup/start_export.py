"""Start the export of a record that is in progress, unless AWS already has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import structlog

from ddbbackup import events
from ddbbackup.archive.layout import export_prefix
from ddbbackup.backup.export_scheduler import scheduler_of
from ddbbackup.catalog import RecordedFailure, StoredRecord
from ddbbackup.catalog.acceptance import CLOCK_SKEW
from ddbbackup.errors import Conflict, PitrDisabled, Refused
from ddbbackup.ports import Export, ExportRequest
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.paging import pages
from ddbbackup.steps.permissions import KMS_KEY, PITR_ENABLE, Permission
from ddbbackup.steps.recovery_window import pitr_is_off, too_young_for_common_time

log = structlog.get_logger()

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


@dataclass(frozen=True, slots=True)
class StartedExport:
    """A record with the ARN of its export, which AWS has taken."""

    stored: StoredRecord
    arn: str


async def start_export(
    context: RunContext,
    stored: StoredRecord,
    *,
    pitr: Literal["require", "enable"] = "require",
    created_now: bool = False,
) -> StartedExport:
    """Starts the export of a record, or finds the one that was started before.

    A start that is refused is recorded as failed. Raises what ``ExportScheduler.start`` raises.
    """
    record = stored.record
    if record.export.arn is not None:
        log.info(events.EXPORT_REATTACHED, export_arn=record.export.arn, backup=record.id)
        return StartedExport(stored, record.export.arn)
    export = None if created_now else await _already_started(context, stored)
    if export is None:
        export = await _request(context, stored, pitr)
    else:
        log.info(events.EXPORT_REATTACHED, export_arn=export.arn, backup=record.id)
    updated = replace(
        record,
        export=replace(
            record.export, arn=export.arn, time=export.export_time or record.export.requested_time
        ),
    )
    return StartedExport(await context.call(context.catalog.update, stored, updated), export.arn)


async def _already_started(context: RunContext, stored: StoredRecord) -> Export | None:
    """The export with the record's token, if a run was killed between its start and the record of its ARN.

    A repeated start with the same token would return the same export, but only for eight hours
    (botocore's model of ClientToken); AWS's own list remembers for ninety days.
    """
    record, exports = stored.record, context.source.exports
    arn = stored.location.table_arn
    async for page in pages(context, lambda token: exports.page(table_arn=arn, next_token=token)):
        for summary in page.summaries:
            export = await context.call(exports.describe, summary.arn)
            if export.client_token == record.export.client_token:
                return export
            if export.start_time and export.start_time < record.started_at - CLOCK_SKEW:
                return None  # newest first: what follows is older than the record
    return None


async def _request(context: RunContext, stored: StoredRecord, pitr: str) -> Export:
    record = stored.record
    location = stored.location
    request = ExportRequest(  # from the plan and the account: a record is written by whoever can write to the bucket
        table_arn=location.table_arn,
        bucket=location.bucket,
        client_token=record.export.client_token,
        prefix=export_prefix(location.prefix),
        bucket_owner=location.bucket_owner,
        sse_algorithm=location.encryption.algorithm,
        kms_key_id=location.encryption.kms_key_id,
        export_time=record.export.requested_time,
    )
    try:
        export = await _start_with_pitr(context, location.table, request, pitr)
    except (Refused, Conflict) as error:
        failed = replace(
            record,
            state="failed",
            completed_at=context.clock.now(),
            failure=RecordedFailure(code=type(error).__name__, message=error.message),
        )
        await context.call(context.catalog.update, stored, failed)
        raise
    log.info(events.EXPORT_STARTED, export_arn=export.arn, backup=record.id, bucket=location.bucket)
    return export


async def _start_with_pitr(context: RunContext, table: str, request: ExportRequest, pitr: str) -> Export:
    """Also where nobody could read before whether point-in-time recovery is on."""
    scheduler = scheduler_of(context)
    try:
        return await scheduler.start(request)
    except PitrDisabled as error:
        if pitr != "enable":
            raise pitr_is_off(table) from error
    await enable_pitr(context, table)
    if request.export_time is not None:
        raise too_young_for_common_time(table)
    return await scheduler.start(request)


async def enable_pitr(context: RunContext, table: str) -> None:
    """Waits out "Backups are being enabled" of a table that was created a moment ago."""
    ask = AwsCaller(context, context.source)
    await ask("UpdateContinuousBackups", lambda cloud: cloud.settings.enable_pitr(table, None))
    log.info(events.PITR_ENABLED)
