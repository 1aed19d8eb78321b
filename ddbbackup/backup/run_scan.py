"""Scan the table of a record that is in progress, verify what was written, and complete the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.archive.layout import ExportFolder
from ddbbackup.backup.record_settings import record_settings, settings_hash, settings_not_read
from ddbbackup.backup.unfinished import record_failed
from ddbbackup.bulk.scan import ScanJob, ScanResult
from ddbbackup.catalog import ObservedSetting, Record, RecordedCoverage, RecordedFailure, StoredRecord
from ddbbackup.errors import Bug, DataIncomplete, Refused, TableMissing
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import TableEntry, VerifyLevel
from ddbbackup.ports import KeyAttribute, TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import CUSTOMER_KEY, SCANS, Permission, use_of_key
from ddbbackup.steps.verification import recorded_result, verify_data_of
from ddbbackup.times import to_iso

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:Scan", "table", ("backup",), SCANS),
    Permission("s3:PutObject", "object", ("backup",), SCANS),
    Permission("s3:GetObject", "object", ("backup",), SCANS),
    Permission("s3:AbortMultipartUpload", "object", ("backup",), SCANS),
    Permission(
        "s3:ListBucketMultipartUploads",
        "bucket",
        ("backup",),
        SCANS,
        note="only to take up a scan that was interrupted",
    ),
    *use_of_key("table-key-use", ("backup",), SCANS, note=CUSTOMER_KEY),
)


async def carry_out_scan(
    context: RunContext, stored: StoredRecord, entry: TableEntry, *, step: str, kind: str
) -> Outcome:
    """Scans, or takes up the scan, verifies what it wrote, and completes the record.

    If the scan is interrupted or fails for a reason that may pass, the record stays in progress. Raises what
    ``scan_table`` raises, ``TableMissing`` and ``Refused`` if the table is not the recorded one any more.
    """
    call_aws = AwsCaller(context, context.source)
    table = await _require_same_table(call_aws, stored)
    stored, settings = await record_settings(context, stored)
    job = _job(stored, table.keys, entry.read_units_per_second)
    log.info(events.SCAN_STARTED, backup=stored.record.id, export_id=job.export_id)
    result = await context.heavy(context.scan_items, job, source=context.source)
    log.info(
        events.SCAN_COMPLETED,
        backup=stored.record.id,
        items=result.item_count,
        files=result.file_count,
        resumed_files=result.resumed_files,
        read_units=result.consumed_read_units,
        throttled=result.throttled,
    )
    await _require_same_table(call_aws, stored)
    record = await _verify_and_complete(context, stored, result, settings, entry.verify)
    facts = {
        "backup": record.id,
        "items": record.data.item_count,
        "files": record.data.file_count,
        "size_bytes": record.data.size_bytes,
        "read_from": to_iso(result.started_at),
        "read_to": to_iso(result.ended_at),
        "read_units": round(result.consumed_read_units),
        **settings_not_read(settings),
    }
    log.info(events.BACKUP_RECORDED, **facts)
    return Outcome(step, kind, record.table.name, "done", facts)


async def _verify_and_complete(
    context: RunContext,
    stored: StoredRecord,
    result: ScanResult,
    settings: Mapping[str, ObservedSetting],
    level: VerifyLevel,
) -> Record:
    scanned = replace(
        stored.record,
        covers=RecordedCoverage(kind="interval", start=result.started_at, end=result.ended_at),
        data=replace(
            stored.record.data,
            manifest_key=stored.location.relative(result.manifest_key),
            item_count=result.item_count,
            file_count=result.file_count,
            size_bytes=result.size_bytes,
        ),
    )
    try:
        verification = await verify_data_of(context, stored, scanned, level=level)
    except DataIncomplete as error:
        failure = RecordedFailure(code="DataIncomplete", message=error.message)
        incomplete = replace(scanned, state="not_whole", completed_at=context.clock.now(), failure=failure)
        await context.call(context.catalog.update, stored, incomplete)
        raise
    now = context.clock.now()
    log.info(events.BACKUP_VERIFIED, files=result.file_count, size_bytes=verification.size_bytes)
    complete = replace(
        scanned,
        state="complete",
        completed_at=now,
        failure=None,
        settings=await settings_hash(context, stored, settings),
        verified=recorded_result(context, verification),
    )
    await context.call(context.catalog.update, stored, complete)
    return complete


async def _require_same_table(call_aws: AwsCaller, stored: StoredRecord) -> TableFacts:
    """Before the scan and after it: a table of the same name may have taken the place of the recorded one."""
    record = stored.record
    try:
        table = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(record.table.name))
    except TableMissing:
        await record_failed(call_aws.context, stored, "TableDeleted", "the table was deleted during the scan")
        raise
    if table.table_id != record.table.id:
        await record_failed(
            call_aws.context, stored, "TableRecreated", "the table was deleted and created again"
        )
        raise Refused(
            f"{record.table.name} was deleted and created again during the scan of the backup {record.id}",
            hint=f"run `ddbbackup backup --only {record.table.name}`",
        )
    return table


def _job(stored: StoredRecord, keys: tuple[KeyAttribute, ...], read_units_per_second: int | None) -> ScanJob:
    """The table and the bucket are those of the plan; the rest of the record was compared with its place."""
    record, location = stored.record, stored.location
    if record.scan is None:
        raise Bug(f"the backup {record.id} is made by {record.made_by}, not by a scan")
    return ScanJob(
        table=location.table,
        table_arn=location.table_arn,
        table_id=record.table.id,
        keys=keys,
        export_id=record.scan.export_id,
        folder=ExportFolder(location.bucket, f"{location.prefix}AWSDynamoDB/{record.scan.export_id}/"),
        started_at=record.started_at,
        encryption=location.encryption,
        bucket_owner=location.bucket_owner,
        size_bytes=record.table.size_bytes or 0,
        read_units_per_second=read_units_per_second,
    )
