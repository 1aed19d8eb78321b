"""Take up a backup that is in progress: wait for its export, prove it, complete its record."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import Record, StoredRecord
from ddbbackup.errors import DataNotWhole, Refused, RemoteJobFailed
from ddbbackup.ports import Export
from ddbbackup.steps.forecast import Forecast
from ddbbackup.steps.permission import Permission
from ddbbackup.steps.proof import Proof, prove
from ddbbackup.steps.settings.capture import record_settings, settings_not_read
from ddbbackup.steps.start_export import start_export
from ddbbackup.steps.step import Outcome, Wait, Work
from ddbbackup.steps.world import World
from ddbbackup.times import to_iso

log = structlog.get_logger()
Pending = Generator[Wait | Future[Any], Any, Any]

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
    """What ``wait`` does with one record that an earlier run left in progress."""

    stored: StoredRecord
    kind: str = "finish"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.stored.record.table

    @property
    def id(self) -> str:
        return f"finish {self.stored.record.id} of {self.table}"

    def forecast(self, world: World) -> Forecast:
        record = self.stored.record
        does = f"wait for {record.export_arn}, verify it and complete its record"
        return Forecast(self.id, self.kind, self.table, does, facts={"backup": record.id})

    def run(self, world: World) -> Work:
        yield world.desk.slot()
        try:
            yield from self._refuse_old(world)
            stored = yield from start_export(world, self.stored)
            stored = yield from record_settings(world, stored)
            export: Export = yield world.desk.ended(stored.record.export_arn)
        finally:
            world.desk.release()
        return (yield from finish(world, stored, export, step=self.id, kind=self.kind))

    def _refuse_old(self, world: World) -> Pending:
        """A start that never reached AWS is made up for within a day; later it would be another backup."""
        record = self.stored.record
        if record.export_arn is not None or world.clock.now() - record.started_at < _STARTED_LATE:
            return
        abandoned = replace(
            record,
            state="failed",
            completed_at=world.clock.now(),
            failure_code="NeverStarted",
            failure_message="the run was stopped before it asked AWS for the export",
        )
        yield world.calls.call(lambda: world.catalog.update(self.stored, abandoned))
        raise Refused(
            f"the backup {record.id} of {record.table} was stopped before AWS was asked for its export, "
            "more than a day ago; its record now says so",
            hint=f"run `ddbbackup backup --only {record.table}`",
        )


def finish(world: World, stored: StoredRecord, export: Export, *, step: str, kind: str) -> Work:
    """Proves and records what an export that has ended left. Raises ``RemoteJobFailed`` or ``DataNotWhole``."""
    record = stored.record
    if export.status == "FAILED":
        yield from _fail(world, stored, export)
    log.info(events.EXPORT_COMPLETED, export_arn=export.arn, items=export.item_count)
    ended = replace(
        record,
        export_time=export.export_time or record.export_time,
        export_ended_at=export.end_time,
        format=export.format,
        manifest_key=export.manifest_key,
        item_count=export.item_count,
    )
    try:
        if export.filtered:
            raise DataNotWhole(
                f"the export {export.arn} was made with a filter, so it does not hold the whole table",
                hint="run `ddbbackup backup` again; find out who else exports with ddbbackup's token",
            )
        proof: Proof = yield world.calls.heavy(lambda: prove(world, ended))
    except DataNotWhole as error:
        broken = replace(
            ended,
            state="not_whole",
            completed_at=world.clock.now(),
            failure_code="DataNotWhole",
            failure_message=error.message,
        )
        yield world.calls.call(lambda: world.catalog.update(stored, broken))
        raise
    return (yield from _complete(world, stored, ended, proof, step, kind))


def _complete(world: World, stored: StoredRecord, ended: Record, proof: Proof, step: str, kind: str) -> Work:
    log.info(events.BACKUP_VERIFIED, files=len(proof.opened.files), size_bytes=proof.size_bytes)
    done = replace(
        ended,
        state="complete",
        completed_at=world.clock.now(),
        file_count=len(proof.opened.files),
        size_bytes=proof.size_bytes,
        checks=proof.checks,
        notes=proof.opened.notes,
    )
    yield world.calls.call(lambda: world.catalog.update(stored, done))
    facts = {
        "backup": done.id,
        "items": done.item_count,
        "files": done.file_count,
        "size_bytes": done.size_bytes,
        "export_time": to_iso(done.export_time),
        "export_arn": done.export_arn,
        **settings_not_read(done),
    }
    log.info(events.BACKUP_RECORDED, **facts)
    return Outcome(step, kind, done.table, "done", facts)


def _fail(world: World, stored: StoredRecord, export: Export) -> Pending:
    code, message = export.failure_code or "unknown", export.failure_message or "AWS gave no message"
    log.error(events.EXPORT_FAILED, export_arn=export.arn, failure_code=code, failure_message=message)
    failed = replace(
        stored.record,
        state="failed",
        completed_at=world.clock.now(),
        failure_code=code,
        failure_message=message,
    )
    yield world.calls.call(lambda: world.catalog.update(stored, failed))
    raise RemoteJobFailed(
        f"the export {export.arn} failed with {code}: {message}",
        hint=_FAILURE_HINTS.get(code, "mend what the message names, then run the backup again"),
    )
