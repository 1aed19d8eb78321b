"""Take up a backup that is in progress: wait for its export, prove it, complete its record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, NoReturn

import structlog

from ddbbackup import events
from ddbbackup.backup.export_scheduler import scheduler_of
from ddbbackup.backup.exported import require_own
from ddbbackup.backup.start_export import start_export
from ddbbackup.catalog import Record, RecordedData, RecordedFailure, RecordedVerification, StoredRecord
from ddbbackup.catalog.verification import Verification, verify_export
from ddbbackup.errors import DataIncomplete, Refused, RemoteJobFailed
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.ports import Export
from ddbbackup.settings.read import record_settings, settings_not_read
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.times import to_iso

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("s3:PutObject", "record", ("backup",)),)

_STARTED_LATE = timedelta(days=1)
_FAILURE_HINTS = {
    "S3NoSuchBucket": "create the bucket, or correct `bucket` of the destination",
    "S3AccessDenied": "let the role that runs ddbbackup do s3:PutObject, s3:PutObjectAcl and "
    "s3:AbortMultipartUpload on the bucket's objects, and set `bucket_owner` if another account owns it",
    "KmsNotFoundException": "name a KMS key that exists in the bucket's region",
}


@dataclass(frozen=True, slots=True)
class FinishBackup:
    """What ``wait`` does with one record that an earlier run left in progress.

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
        return f"finish {self.stored.record.id} of {self.table}"

    async def assess(self, context: RunContext) -> Assessment[None]:
        record = self.stored.record
        does = f"wait for {record.export.arn}, verify it and complete its record"
        if self._was_never_started(context):
            does = f"record that the backup {record.id} was never started"
        blockers = () if self.planned else (Blocker(_not_planned(record)),)
        return Assessment(
            self.id, self.kind, self.table, does, None, blockers=blockers, facts={"backup": record.id}
        )

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        if self._was_never_started(context):
            await self._record_never_started(context)
        scheduler = scheduler_of(context)
        async with scheduler.slot():
            started = await start_export(context, self.stored)
            stored = await record_settings(context, started.stored)
            export = await scheduler.ended(started.arn)
        return await finish(context, stored, export, step=self.id, kind=self.kind)

    def _was_never_started(self, context: RunContext) -> bool:
        """A start that never reached AWS is made up for within a day; later it would be another backup."""
        record = self.stored.record
        return record.export.arn is None and context.clock.now() - record.started_at >= _STARTED_LATE

    async def _record_never_started(self, context: RunContext) -> NoReturn:
        record = self.stored.record
        abandoned = replace(
            record,
            state="failed",
            completed_at=context.clock.now(),
            failure=RecordedFailure(
                code="NeverStarted", message="the run was stopped before it started the export"
            ),
        )
        await context.call(context.catalog.update, self.stored, abandoned)
        raise Refused(
            f"the backup {record.id} of {record.table.name} was interrupted more than a day ago, before its export "
            "was started; it is now recorded as failed",
            hint=f"run `ddbbackup backup --only {record.table.name}`",
        )


def _not_planned(record: Record) -> Refused:
    return Refused(
        f"the backup {record.id} of {record.table.name} was never started, and the plan does not back up this table",
        hint="add the table to `tables` of the plan, or delete the record",
    )


async def finish(
    context: RunContext, stored: StoredRecord, export: Export, *, step: str, kind: str
) -> Outcome:
    """Proves and records what an export that has ended left. Raises ``RemoteJobFailed`` or ``DataIncomplete``."""
    record = stored.record
    require_own(export, stored)
    if export.status == "FAILED":
        await _fail(context, stored, export)
    log.info(events.EXPORT_COMPLETED, export_arn=export.arn, items=export.item_count)
    ended = replace(
        record,
        export=replace(
            record.export,
            time=export.export_time or record.export.time,
            ended_at=export.end_time,
            format=export.format,
            manifest_key=_relative(stored, export),
        ),
        data=RecordedData(item_count=export.item_count),
    )
    try:
        if export.filtered:
            raise DataIncomplete(
                f"the export {export.arn} was made with a filter, so it does not hold the whole table",
                hint="run `ddbbackup backup` again; find out who else exports with ddbbackup's token",
            )
        verification = await context.heavy(
            verify_export,
            context.source.objects,
            ended,
            stored.location,
            on_progress=context.on_progress,
            stop=context.stop,
        )
    except DataIncomplete as error:
        broken = replace(
            ended,
            state="not_whole",
            completed_at=context.clock.now(),
            failure=RecordedFailure(code="DataIncomplete", message=error.message),
        )
        await context.call(context.catalog.update, stored, broken)
        raise
    return await _complete(context, stored, ended, verification, step, kind)


def _relative(stored: StoredRecord, export: Export) -> str | None:
    return stored.location.relative(export.manifest_key) if export.manifest_key is not None else None


async def _complete(
    context: RunContext, stored: StoredRecord, ended: Record, verification: Verification, step: str, kind: str
) -> Outcome:
    log.info(events.BACKUP_VERIFIED, files=len(verification.opened.files), size_bytes=verification.size_bytes)
    done = replace(
        ended,
        state="complete",
        completed_at=context.clock.now(),
        data=replace(
            ended.data, file_count=len(verification.opened.files), size_bytes=verification.size_bytes
        ),
        verification=RecordedVerification(checks=verification.checks, notes=verification.opened.notes),
    )
    await context.call(context.catalog.update, stored, done)
    facts = {
        "backup": done.id,
        "items": done.data.item_count,
        "files": done.data.file_count,
        "size_bytes": done.data.size_bytes,
        "export_time": to_iso(done.export.time),
        "export_arn": done.export.arn,
        **settings_not_read(done),
    }
    log.info(events.BACKUP_RECORDED, **facts)
    return Outcome(step, kind, done.table.name, "done", facts)


async def _fail(context: RunContext, stored: StoredRecord, export: Export) -> NoReturn:
    code, message = export.failure_code or "unknown", export.failure_message or "AWS gave no message"
    log.error(events.EXPORT_FAILED, export_arn=export.arn, failure_code=code, failure_message=message)
    failed = replace(
        stored.record,
        state="failed",
        completed_at=context.clock.now(),
        failure=RecordedFailure(code=code, message=message),
    )
    await context.call(context.catalog.update, stored, failed)
    raise RemoteJobFailed(
        f"the export {export.arn} failed with {code}: {message}",
        hint=_FAILURE_HINTS.get(code, "mend what the message names, then run the backup again"),
    )
