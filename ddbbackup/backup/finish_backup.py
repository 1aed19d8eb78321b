"""Finish a backup that is in progress: wait for its export, verify it, complete its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import structlog

from ddbbackup import events
from ddbbackup.backup.export_scheduler import scheduler_of
from ddbbackup.backup.exported import require_own
from ddbbackup.backup.record_settings import record_settings, settings_hash, settings_not_read
from ddbbackup.backup.start_export import (
    asks_for_another_time,
    covered_by,
    made_by_export,
    start_export,
)
from ddbbackup.backup.unfinished import (
    finish_id,
    record_failed,
    will_complete,
    will_record_failed,
    will_refuse,
)
from ddbbackup.catalog import (
    ObservedSetting,
    Record,
    RecordedFailure,
    StoredRecord,
)
from ddbbackup.catalog.acceptance import START_WITHIN
from ddbbackup.catalog.verification import Verification
from ddbbackup.errors import DataIncomplete, Refused, RemoteJobFailed
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.likely_entry import likely_entry
from ddbbackup.plan.model import VerifyLevel
from ddbbackup.ports import Export
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.verification import recorded_result, verify_data_of
from ddbbackup.times import to_iso

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("s3:PutObject", "record", ("backup",)),)

_FAILURE_HINTS: Final = {
    "S3NoSuchBucket": "create the bucket, or correct `bucket` of the destination",
    "S3AccessDenied": "allow the role that runs ddbbackup s3:PutObject, s3:PutObjectAcl and s3:AbortMultipartUpload "
    "on the objects of the bucket; if another account owns the bucket, set `bucket_owner`",
    "KmsNotFoundException": "use a KMS key in the Region of the bucket",
}


@dataclass(frozen=True, slots=True)
class FinishBackup:
    """The step of ``wait`` for one backup that an earlier run left in progress.

    ``planned``: the plan backs the table up. A record alone never starts an export.
    """

    stored: StoredRecord
    planned: bool = True
    kind: str = "finish"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.stored.record.table.name

    @property
    def id(self) -> str:
        return finish_id(self.stored.record)

    async def assess(self, context: RunContext) -> Assessment[None]:
        record = self.stored.record
        summary = f"wait for {record.export_arn}, verify it and record it"
        assessment = will_complete(record, summary, kind=self.kind)
        if record.export_arn is not None:
            return assessment
        if asks_for_another_time(context, record):
            return will_refuse(assessment, Blocker(_another_time(record)))
        if not self.planned:
            return will_refuse(assessment, Blocker(_not_planned(record)))
        if self._was_never_started(context):
            return will_record_failed(assessment, record, Blocker(_never_started(record), after_run=True))
        action = f"start the export of {record.id}"
        return replace(
            assessment,
            summary=f"{action}, wait for it, verify it and record it",
            actions=(action, *assessment.actions),
        )

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        if assessment.blockers:
            message = "the run was stopped before it started the export"
            await record_failed(context, self.stored, "NeverStarted", message)
            raise assessment.blockers[0].error
        scheduler = scheduler_of(context)
        async with scheduler.slot():
            started = await start_export(context, self.stored)
            stored, settings = await record_settings(context, started.stored)
            export = await scheduler.wait_until_ended(started.arn, stored.location)
        entry = likely_entry(self.table, context.plan.tables)
        level = entry.verify if entry is not None else "checksums"
        return await complete_backup(
            context, stored, export, settings, level=level, step=self.id, kind=self.kind
        )

    def _was_never_started(self, context: RunContext) -> bool:
        """A missing export is started within a day; later, its data would not be what the record says."""
        record = self.stored.record
        if record.export_arn is not None:
            return False
        return context.clock.now() - min(record.started_at, record.ids_time) >= START_WITHIN


def _another_time(record: Record) -> Refused:
    return Refused(
        f"the record {record.id} asks for data of {to_iso(record.ids_time)}, but the plan has no common export time",
        hint=f"run `ddbbackup backup --only {record.table.name}`, and find out who wrote the record",
    )


def _not_planned(record: Record) -> Refused:
    return Refused(
        f"the export of the backup {record.id} was never started, and the plan does not back up {record.table.name}",
        hint="add the table to `tables` of the plan, or delete the record",
    )


def _never_started(record: Record) -> Refused:
    return Refused(
        f"the backup {record.id} of {record.table.name} was interrupted more than a day ago, before its export was "
        "started, so `wait` records it as failed",
        hint=f"run `ddbbackup backup --only {record.table.name}`",
    )


async def complete_backup(
    context: RunContext,
    stored: StoredRecord,
    export: Export,
    settings: Mapping[str, ObservedSetting],
    *,
    level: VerifyLevel,
    step: str,
    kind: str,
) -> Outcome:
    """Verifies and records an export that has ended. Raises ``RemoteJobFailed`` or ``DataIncomplete``."""
    record = stored.record
    require_own(export, stored)
    if export.status == "FAILED":
        await _fail(context, stored, export)
    log.info(events.EXPORT_COMPLETED, export_arn=export.arn, items=export.item_count)
    ended = replace(
        record,
        covers=covered_by(export, record.covers),
        export=replace(made_by_export(record), ended_at=export.end_time),
        data=replace(record.data, manifest_key=_relative(stored, export), item_count=export.item_count),
    )
    try:
        if export.filtered:
            raise DataIncomplete(
                f"the export {export.arn} has a filter, so it does not contain the whole table",
                hint="run `ddbbackup backup` again, and find out who started this export",
            )
        verification = await verify_data_of(context, stored, ended, level=level)
    except DataIncomplete as error:
        incomplete = replace(
            ended,
            state="not_whole",
            completed_at=context.clock.now(),
            failure=RecordedFailure(code="DataIncomplete", message=error.message),
        )
        await context.call(context.catalog.update, stored, incomplete)
        raise
    recorded = replace(ended, settings=await settings_hash(context, stored, settings))
    record = await _record_complete(context, stored, recorded, verification)
    facts = {
        "backup": record.id,
        "items": record.data.item_count,
        "files": record.data.file_count,
        "size_bytes": record.data.size_bytes,
        "export_time": to_iso(record.time),
        "export_arn": record.export_arn,
        **settings_not_read(settings),
    }
    log.info(events.BACKUP_RECORDED, **facts)
    return Outcome(step, kind, record.table.name, "done", facts)


def _relative(stored: StoredRecord, export: Export) -> str | None:
    return stored.location.relative(export.manifest_key) if export.manifest_key is not None else None


async def _record_complete(
    context: RunContext, stored: StoredRecord, ended: Record, verification: Verification
) -> Record:
    opened, now = verification.opened, context.clock.now()
    log.info(events.BACKUP_VERIFIED, files=len(opened.files), size_bytes=verification.size_bytes)
    record = replace(
        ended,
        state="complete",
        completed_at=now,
        data=replace(ended.data, file_count=len(opened.files), size_bytes=verification.size_bytes),
        verified=recorded_result(context, verification),
    )
    await context.call(context.catalog.update, stored, record)
    return record


async def _fail(context: RunContext, stored: StoredRecord, export: Export) -> NoReturn:
    code, message = export.failure_code or "no code", export.failure_message or ""
    log.error(events.EXPORT_FAILED, export_arn=export.arn, failure_code=code, failure_message=message)
    reason = f"failed with {code}" + (f": {message}" if message else "")
    await record_failed(context, stored, code, f"the export {reason}")
    raise RemoteJobFailed(
        f"the export {export.arn} {reason}",
        hint=_FAILURE_HINTS.get(code, "fix the cause above, then run the backup again"),
    )
