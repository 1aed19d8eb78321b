"""Start the export of a record that is in progress, unless AWS has it already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

import structlog

from ddbbackup import events
from ddbbackup.archive.layout import export_prefix
from ddbbackup.backup.export_scheduler import scheduler_of
from ddbbackup.backup.unfinished import record_failed
from ddbbackup.catalog import Record, RecordedCoverage, RecordedExport, StoredRecord
from ddbbackup.catalog.acceptance import CLOCK_SKEW
from ddbbackup.errors import Bug, Conflict, PitrDisabled, Refused
from ddbbackup.ports import Cloud, Export, ExportRequest
from ddbbackup.steps.aws_caller import AwsCaller, read_pages
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import CUSTOMER_KEY, EXPORTS, KMS_KEY, PITR_ENABLE, Permission, use_of_key
from ddbbackup.steps.recovery_window import pitr_disabled, pitr_enabled_after_common_time

log = structlog.get_logger()

# A run that is repeated, or `wait`, starts exports of older data no more: it would pass for data of today.

PERMISSIONS: Final = (
    Permission("dynamodb:ExportTableToPointInTime", "table", ("backup",), EXPORTS),
    Permission("dynamodb:UpdateContinuousBackups", "table", ("backup",), PITR_ENABLE),
    Permission("dynamodb:ListExports", "everything", ("backup",), EXPORTS),
    Permission("dynamodb:DescribeExport", "export", ("backup",), EXPORTS),
    Permission("s3:PutObject", "object", ("backup",), EXPORTS, for_aws=True),
    Permission("s3:AbortMultipartUpload", "object", ("backup",), EXPORTS, for_aws=True),
    Permission("s3:PutObjectAcl", "object", ("backup",), EXPORTS, for_aws=True),
    *use_of_key("key", ("backup",), KMS_KEY),
    *use_of_key("table-key-use", ("backup",), EXPORTS, note=CUSTOMER_KEY),
)


@dataclass(frozen=True, slots=True)
class StartedExport:
    """A record with the ARN of its export."""

    stored: StoredRecord
    arn: str


async def start_export(
    context: RunContext,
    stored: StoredRecord,
    *,
    pitr: Literal["require", "enable"] = "require",
    created_now: bool = False,
) -> StartedExport:
    """Starts the export of a record, or finds the export that an earlier run started. ``created_now``: the record was
    written a moment ago, in its turn (``ExportScheduler.turn``).

    If AWS rejects the export, the record is updated to failed. Raises what ``ExportScheduler.start`` raises.
    """
    record = stored.record
    recorded = made_by_export(record)
    if recorded.arn is not None:
        _tell_started(context, record)
        log.info(events.EXPORT_REATTACHED, export_arn=recorded.arn, backup=record.id)
        return StartedExport(stored, recorded.arn)
    export = None if created_now else await _find_started(context, stored)
    if export is None:
        export = await _request(context, stored, pitr, in_turn=created_now)
    else:
        log.info(events.EXPORT_REATTACHED, export_arn=export.arn, backup=record.id)
    _tell_started(context, record)
    updated = replace(
        record,
        covers=covered_by(export, record.covers),
        export=replace(recorded, arn=export.arn),
    )
    return StartedExport(await context.call(context.catalog.update, stored, updated), export.arn)


def _tell_started(context: RunContext, record: Record) -> None:
    context.standing.say(
        record.table.name,
        f"the export of {record.table.name} was started and continues in AWS",
        together="the exports of {tables} were started and continue in AWS",
    )


def made_by_export(record: Record) -> RecordedExport:
    """The export of a record that names one. Raises ``Bug`` for another one: no caller has any."""
    if record.export is None:
        raise Bug(f"the backup {record.id} is made by {record.made_by}, not by an export")
    return record.export


def covered_by(export: Export, covers: RecordedCoverage | None) -> RecordedCoverage | None:
    """What the data of an export shows. That of a window is known from its request."""
    if covers is not None or export.export_time is None:
        return covers
    return RecordedCoverage(kind="instant", start=export.export_time, end=export.export_time)


async def _find_started(context: RunContext, stored: StoredRecord) -> Export | None:
    """The export with the record's client token, if a run ended between starting it and recording its ARN.

    A repeated start with the same token returns the same export only for eight hours (botocore's model of
    ClientToken), but ListExports keeps exports for 90 days.
    """
    record = stored.record
    call_aws, table_arn = AwsCaller(context, context.source), stored.location.table_arn
    pages = read_pages(
        call_aws,
        "ListExports",
        lambda cloud, token: cloud.exports.page(table_arn=table_arn, next_token=token),
    )
    async for page in pages:
        for summary in page.summaries:
            export = await call_aws("DescribeExport", partial(_describe, arn=summary.arn))
            if export.client_token == made_by_export(record).client_token:
                return export
            if export.start_time and export.start_time < record.started_at - CLOCK_SKEW:
                return None  # newest first: the rest is older than the record
    return None


def _describe(cloud: Cloud, arn: str) -> Export:
    return cloud.exports.describe(arn)


def asks_for_another_time(context: RunContext, record: Record) -> bool:
    """Whether a record asks for data of a time for which the plan does not ask.

    The plan says whether there is a common time. Nobody else may choose the time of the data.
    """
    requested = record.export.requested_time if record.export is not None else None
    return requested is not None and context.plan.export_time != "common"


async def _request(context: RunContext, stored: StoredRecord, pitr: str, *, in_turn: bool) -> Export:
    record = stored.record
    location = stored.location
    window = record.covers if record.kind == "window" else None
    request = ExportRequest(  # from the plan and the account: a record is written by whoever can write to the bucket
        table_arn=location.table_arn,
        bucket=location.bucket,
        client_token=made_by_export(record).client_token,
        prefix=export_prefix(location.prefix),
        bucket_owner=location.bucket_owner,
        sse_algorithm=location.encryption.algorithm,
        kms_key_id=location.encryption.kms_key_id,
        export_time=None if window else made_by_export(record).requested_time,
        export_type="INCREMENTAL_EXPORT" if window else "FULL_EXPORT",
        from_time=window.start if window else None,
        to_time=window.end if window else None,
        view=record.data.view or "NEW_AND_OLD_IMAGES",
    )
    context.standing.say(  # until AWS has answered
        location.table,
        f"the export of {location.table} may have been started and then continues in AWS",
        together="the exports of {tables} may have been started and then continue in AWS",
    )
    try:
        export = await _start_or_enable_pitr(context, location.table, request, pitr, in_turn=in_turn)
    except (Refused, Conflict) as error:
        await record_failed(context, stored, type(error).__name__, error.message)
        raise
    log.info(events.EXPORT_STARTED, export_arn=export.arn, backup=record.id, bucket=location.bucket)
    return export


async def _start_or_enable_pitr(
    context: RunContext, table: str, request: ExportRequest, pitr: str, *, in_turn: bool
) -> Export:
    """Handles disabled point-in-time recovery here too, because the assessment may not have been able to read it."""
    scheduler = scheduler_of(context)
    try:
        return await scheduler.start(request, in_turn=in_turn)
    except PitrDisabled as error:
        if pitr != "enable":
            raise pitr_disabled(table) from error
    await enable_pitr(context, table)
    if request.export_time is not None:
        raise pitr_enabled_after_common_time(table)
    return await scheduler.start(request)


async def enable_pitr(context: RunContext, table: str) -> None:
    """Retries while AWS responds "Backups are being enabled", as it does for a table that was just created."""
    call_aws = AwsCaller(context, context.source)
    await call_aws("UpdateContinuousBackups", lambda cloud: cloud.settings.enable_pitr(table, None))
    log.info(events.PITR_ENABLED)
