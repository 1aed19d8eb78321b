"""Back up one table: DynamoDB's own export to S3, waited for, proved, and recorded beside the data."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ddbbackup.backup.assessment import assess_backup
from ddbbackup.backup.finish_backup import finish
from ddbbackup.backup.start_export import start_export
from ddbbackup.catalog import Record, StoredRecord, derive_client_token, locate, new_backup_id
from ddbbackup.model.assessment import Assessment, guarded
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.ports import Export, TableFacts
from ddbbackup.settings.read import record_settings
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.step import Wait, Work
from ddbbackup.times import to_iso

Pending = Generator[Wait | Future[Any], Any, Any]

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("backup", "read")),
    Permission("s3:ListBucket", "bucket", ("backup", "read")),
    Permission("s3:GetObject", "record", ("backup", "read")),
    Permission("s3:PutObject", "record", ("backup",)),
    Permission(
        "s3:DeleteObject",
        "record",
        ("backup",),
        note="only a record that lost a race of two processes with the same run id",
    ),
)


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

    def assess(self, context: RunContext) -> Assessment:
        return guarded(self.id, self.kind, self.table, self.does, lambda: assess_backup(self, context))

    @property
    def does(self) -> str:
        """One line for people: what ``run`` will do."""
        when = f"as of {to_iso(self.export_time)}" if self.export_time else "as of its start"
        return f"export {self.table} {when} to s3://{self.destination.bucket}/{self.destination.prefix}"

    def run(self, context: RunContext) -> Work:
        stored = yield from self._record(context)
        if stored.record.state == "complete":
            return _unchanged(self, stored)
        yield context.desk.slot()
        try:
            stored = yield from start_export(context, stored, pitr=self.entry.pitr)
            stored = yield from record_settings(context, stored)
            if not context.wait:
                facts = {"backup": stored.record.id, "export_arn": stored.record.export_arn}
                return Outcome(self.id, self.kind, self.table, "started", facts)
            export: Export = yield context.desk.ended(stored.record.export_arn)
        finally:
            context.desk.release()
        return (yield from finish(context, stored, export, step=self.id, kind=self.kind))

    def _record(self, context: RunContext) -> Pending:
        """The record of this run at this table: the one that an earlier try left, or a new one."""
        facts: TableFacts = yield context.calls.call(lambda: context.source.tables.describe(self.table))
        identity = context.source.identity
        location = locate(
            self.destination,
            account=identity.account,
            region=identity.region,
            table=self.table,
            plan=context.plan.name,
        )
        found: StoredRecord | None = yield context.calls.call(
            lambda: context.catalog.of_run(location, self.table, table_arn=facts.arn, run=context.run_id)
        )
        if found and found.record.state in ("complete", "in_progress"):
            return found
        attempt = found.record.attempt + 1 if found else 1
        plan, run, arn = context.plan.name, context.run_id, facts.arn
        started_at = context.clock.now().replace(microsecond=0)
        record = Record(
            plan=plan,
            run=run,
            table_arn=arn,
            id=new_backup_id(started_at, plan=plan, table_arn=arn, run=run, attempt=attempt),
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
            client_token=derive_client_token(
                plan=plan, table_arn=arn, table_id=facts.table_id, run=run, attempt=attempt
            ),
            requested_export_time=self.export_time,
            description=facts.description,
        )
        return (yield context.calls.call(lambda: context.catalog.create(record, location)))


def _unchanged(step: BackupTable, stored: StoredRecord) -> Outcome:
    record = stored.record
    facts = {"backup": record.id, "items": record.item_count, "size_bytes": record.size_bytes}
    return Outcome(step.id, step.kind, step.table, "unchanged", facts)
