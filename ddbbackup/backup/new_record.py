"""The record of a backup that begins: written before AWS is asked for anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ddbbackup.backup.assessment import BackupFindings
from ddbbackup.catalog import (
    RECORD_VERSION,
    Location,
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedDestination,
    RecordedExport,
    RecordedSnapshot,
    RecordedTable,
    StoredRecord,
    derive_client_token,
    description_document,
    new_backup_id,
)
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Identity, TableFacts
from ddbbackup.steps.context import RunContext


@dataclass(frozen=True, slots=True)
class NewBackup:
    """What identifies a backup that begins. ``token`` is the same for the same attempt of a run at this table."""

    id: str
    attempt: int
    token: str
    started_at: datetime


def new_backup(
    context: RunContext, findings: BackupFindings, *, reaches: datetime | None = None
) -> NewBackup:
    """``reaches`` is the instant that the data reaches; None if the backup shows the table as it is now."""
    table, earlier = findings.table, findings.run_record
    attempt = earlier.record.attempt + 1 if earlier else 1
    plan, run = context.plan.name, context.run_id
    started_at = context.clock.now().replace(microsecond=0)
    return NewBackup(
        id=new_backup_id(reaches or started_at, plan=plan, table_arn=table.arn, run=run, attempt=attempt),
        attempt=attempt,
        token=derive_client_token(
            plan=plan, table_arn=table.arn, table_id=table.table_id, run=run, attempt=attempt
        ),
        started_at=started_at,
    )


async def create_record(
    context: RunContext,
    findings: BackupFindings,
    destination: Destination,
    new: NewBackup,
    *,
    made_by: Literal["export", "snapshot"],
    chain: RecordedChain,
    export: RecordedExport | None = None,
    snapshot: RecordedSnapshot | None = None,
    covers: RecordedCoverage | None = None,
    data: RecordedData | None = None,
) -> StoredRecord:
    """Writes the record of a backup in progress, by a conditional put, and the description of its table."""
    table, location = findings.table, findings.location
    description = await context.call(
        context.catalog.keep_document, location, description_document(table.description)
    )
    record = Record(
        record_version=RECORD_VERSION,
        id=new.id,
        plan=context.plan.name,
        run=context.run_id,
        attempt=new.attempt,
        state="in_progress",
        started_at=new.started_at,
        made_by=made_by,
        covers=covers,
        table=recorded_table(table, context.source.identity, arn=table.arn, description=description),
        destination=recorded_destination(location, destination),
        export=export,
        snapshot=snapshot,
        chain=chain,
        data=data or RecordedData(),
    )
    return await context.call(context.catalog.create, record, location)


def recorded_table(table: TableFacts, identity: Identity, *, arn: str, description: str) -> RecordedTable:
    """``description`` is the digest of its document beside the records."""
    return RecordedTable(
        name=table.name,
        arn=arn,
        id=table.table_id,
        account=identity.account,
        region=identity.region,
        description=description,
        item_count=table.item_count,
        size_bytes=table.size_bytes,
    )


def recorded_destination(location: Location, destination: Destination) -> RecordedDestination:
    return RecordedDestination(
        bucket=location.bucket,
        prefix=location.prefix,
        bucket_owner=location.bucket_owner,
        sse_algorithm=destination.encryption.algorithm,
        kms_key_id=destination.encryption.kms_key_id,
    )
