"""Back up one table: DynamoDB's own export to S3, waited for, proved, and recorded beside the data."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from ddbbackup import events
from ddbbackup.archive.layout import export_prefix
from ddbbackup.catalog import Record, StoredRecord, derive_client_token, locate, new_backup_id
from ddbbackup.errors import Conflict, ExportTimeInvalid, PitrDisabled, Refused
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.ports import Export, ExportRequest, TableFacts
from ddbbackup.steps.finish_backup import finish
from ddbbackup.steps.step import Outcome, Wait, Work
from ddbbackup.steps.world import World
from ddbbackup.times import to_iso

log = structlog.get_logger()
Pending = Generator[Wait | Future[Any], Any, Any]


@dataclass(frozen=True, slots=True)
class BackupTable:
    """``export_time`` is the common instant of the run, or None for now."""

    table: str
    entry: TableEntry
    destination: Destination
    export_time: datetime | None = None
    kind: str = "backup"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"backup {self.table}"

    def describe(self) -> str:
        when = f"as of {to_iso(self.export_time)}" if self.export_time else "as of its start"
        return f"export {self.table} {when} to s3://{self.destination.bucket}/{self.destination.prefix}"

    def run(self, world: World) -> Work:
        stored = yield from self._record(world)
        if stored.record.state == "complete":
            return _unchanged(self, stored)
        yield world.desk.slot()
        try:
            stored = yield from self._start(world, stored)
            if not world.wait:
                facts = {"backup": stored.record.id, "export_arn": stored.record.export_arn}
                return Outcome(self.id, self.kind, self.table, "started", facts)
            return (yield from finish(world, stored, step=self.id, kind=self.kind))
        finally:
            world.desk.release()

    def _record(self, world: World) -> Pending:
        """The record of this run at this table: the one that an earlier try left, or a new one."""
        facts: TableFacts = yield world.calls.call(lambda: world.source.tables.describe(self.table))
        identity = world.source.identity
        location = locate(
            self.destination,
            account=identity.account,
            region=identity.region,
            table=self.table,
            plan=world.plan.name,
        )
        found: StoredRecord | None = yield world.calls.call(
            lambda: world.catalog.of_run(location, self.table, world.run)
        )
        if found and found.record.state in ("complete", "in_progress"):
            return found
        attempt = found.record.attempt + 1 if found else 1
        names = {"plan": world.plan.name, "table_arn": facts.arn, "run": world.run}
        started_at = world.clock.now().replace(microsecond=0)
        record = Record(
            id=new_backup_id(started_at, attempt=attempt, **names),
            attempt=attempt,
            kind="full",
            state="in_progress",
            table=self.table,
            table_id=facts.table_id,
            account=identity.account,
            region=identity.region,
            started_at=started_at,
            bucket=location.bucket,
            prefix=location.prefix,
            bucket_owner=location.bucket_owner,
            sse_algorithm=self.destination.encryption.algorithm,
            kms_key_id=self.destination.encryption.kms_key_id,
            client_token=derive_client_token(table_id=facts.table_id, attempt=attempt, **names),
            requested_export_time=self.export_time,
            description=facts.description,
            **names,
        )
        return (yield world.calls.call(lambda: world.catalog.create(record, location)))

    def _start(self, world: World, stored: StoredRecord) -> Pending:
        """Starts the export of an in-progress record, unless AWS already has it."""
        record = stored.record
        if record.export_arn is None:
            export: Export | None = yield from self._already_started(world, record)
            if export is None:
                export = yield from self._request(world, stored)
            else:
                log.info(events.EXPORT_REATTACHED, export_arn=export.arn, backup=record.id)
            updated = replace(
                record, export_arn=export.arn, export_time=export.export_time or record.requested_export_time
            )
            return (yield world.calls.call(lambda: world.catalog.update(stored, updated)))
        log.info(events.EXPORT_REATTACHED, export_arn=record.export_arn, backup=record.id)
        return stored

    def _already_started(self, world: World, record: Record) -> Pending:
        """The export with the record's token, if a run was killed between its start and the record of its ARN.

        A repeated start with the same token would return the same export, but only for eight hours
        (botocore's model of ClientToken); AWS's own list remembers for ninety days. A record that is as new
        as this run cannot have one.
        """
        if record.started_at >= world.started_at.replace(microsecond=0):
            return None
        token: str | None = None
        while True:
            page = yield world.calls.call(
                lambda t=token: world.source.exports.page(table_arn=record.table_arn, next_token=t)  # type: ignore[misc]
            )
            for summary in page.summaries:
                export: Export = yield world.calls.call(
                    lambda arn=summary.arn: world.source.exports.describe(arn)  # type: ignore[misc]
                )
                if export.client_token == record.client_token:
                    return export
                if export.start_time and export.start_time < record.started_at:
                    return None  # newest first: what follows is older than the record
            token = page.next_token
            if token is None:
                return None

    def _request(self, world: World, stored: StoredRecord) -> Pending:
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
            export = yield from self._start_with_pitr(world, request)
        except (Refused, Conflict) as error:
            failed = replace(
                record,
                state="failed",
                completed_at=world.clock.now(),
                failure_code=type(error).__name__,
                failure_message=error.message,
            )
            yield world.calls.call(lambda: world.catalog.update(stored, failed))
            raise
        log.info(events.EXPORT_STARTED, export_arn=export.arn, backup=record.id, bucket=record.bucket)
        return export

    def _start_with_pitr(self, world: World, request: ExportRequest) -> Pending:
        try:
            return (yield from world.desk.start(request))
        except PitrDisabled as error:
            if self.entry.pitr != "enable":
                raise PitrDisabled(
                    f"point-in-time recovery is off for {self.table}, and DynamoDB exports only tables that "
                    "have it on",
                    hint=f"turn it on, or say `pitr: enable` for {self.table} in the plan",
                ) from error
        yield world.calls.call(lambda: world.source.tables.enable_pitr(self.table))
        log.info(events.PITR_ENABLED)
        if request.export_time is not None:
            raise ExportTimeInvalid(
                f"point-in-time recovery was off for {self.table} and has just been turned on, so the table "
                "cannot be exported as of the common export time",
                hint="run the backup again in ten minutes",
            )
        return (yield from world.desk.start(request))


def _unchanged(step: BackupTable, stored: StoredRecord) -> Outcome:
    record = stored.record
    facts = {"backup": record.id, "items": record.item_count, "size_bytes": record.size_bytes}
    return Outcome(step.id, step.kind, step.table, "unchanged", facts)
