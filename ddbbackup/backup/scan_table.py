"""Back up one table by a scan: read every item, write an export of them, verify it, and record it beside the data.

A scan needs no point-in-time recovery, and works on servers that cannot export. It consumes read capacity, and shows
each item as it was at some time between its beginning and its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import structlog

from ddbbackup.archive.export_writing import make_export_id
from ddbbackup.backup.assessment import location_of
from ddbbackup.backup.check_destination import checks_of
from ddbbackup.backup.described_table import described
from ddbbackup.backup.method import BackupMethod
from ddbbackup.backup.new_record import recorded_destination, recorded_table
from ddbbackup.backup.other_runs import notes_on_other_run, warn_of_other_run, with_notes
from ddbbackup.backup.run_scan import carry_out_scan
from ddbbackup.bulk.scan import segment_count
from ddbbackup.catalog import (
    RECORD_VERSION,
    Location,
    Record,
    RecordedChain,
    RecordedScan,
    StoredRecord,
    description_document,
    new_backup_id,
)
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.ports import TableFacts
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()

_BYTES_PER_UNIT: Final = 4096  # of a consistent read (DynamoDB guide: Read/write capacity)


@dataclass(frozen=True, slots=True)
class ScanFindings:
    """``run_record`` is the record of an earlier attempt of this run."""

    table: TableFacts
    location: Location
    run_record: StoredRecord | None = None

    @property
    def unfinished(self) -> StoredRecord | None:
        """The record of this run's scan, if it can go on: of the same table, and not too old."""
        stored = self.run_record
        if stored is None or stored.record.scan is None or stored.record.table.id != self.table.table_id:
            return None
        return stored if stored.record.state in ("in_progress", "not_whole") else None


@dataclass(frozen=True, slots=True)
class ScanTable:
    """The step of ``backup`` for one table with ``method: scan``. It also runs to its end with ``--no-wait``."""

    table: str
    entry: TableEntry
    destination: Destination
    kind: str = "backup"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"backup {self.table}"

    async def assess(self, context: RunContext) -> Assessment[ScanFindings]:
        location = location_of(context, self.destination, self.table)
        table = await described(context, location)
        findings = ScanFindings(table, location)
        place = S3Location(location.bucket, location.prefix)
        assessment = Assessment(self.id, self.kind, self.table, f"scan {self.table} to {place}", findings)
        checks = await checks_of(context, self.destination)
        if blockers := tuple(Blocker(check.error) for check in checks if check.error is not None):
            return replace(assessment, blockers=blockers)  # the records in such a bucket cannot be read
        run_record = await context.call(context.catalog.of_run, location, run=context.run_id)
        findings = replace(findings, run_record=run_record)
        assessment = replace(assessment, findings=findings)
        if run_record is not None and await _is_done(context, run_record):
            return replace(
                assessment,
                summary=f"nothing to do: the backup {run_record.record.id} of this run is complete",
                items=run_record.record.data.item_count,
                size_bytes=run_record.record.data.size_bytes,
                facts={"backup": run_record.record.id},
            )
        if findings.unfinished is not None:
            return _continued(assessment, findings.unfinished.record)
        assessment = replace(assessment, actions=(assessment.summary, "record the backup"))
        if not context.estimating:
            return assessment
        notes = await notes_on_other_run(context, location)
        return self._with_estimate(context, replace(assessment, notes=notes))

    async def run(self, context: RunContext, assessment: Assessment[ScanFindings]) -> Outcome:
        findings = assessment.findings
        if not assessment.actions and findings.run_record is not None:
            data = findings.run_record.record.data
            facts = {"backup": findings.run_record.record.id, "items": data.item_count}
            return Outcome(
                self.id, self.kind, self.table, "unchanged", {**facts, "size_bytes": data.size_bytes}
            )
        context.standing.say(
            self.table,
            f"the scan of {self.table} was not finished",
            together="the scans of {tables} were not finished",
        )
        if findings.unfinished is not None:
            return await self._scan(context, findings.unfinished)
        notes = await warn_of_other_run(context, findings.location)
        return with_notes(await self._scan(context, await self._create_record(context, findings)), notes)

    async def _scan(self, context: RunContext, stored: StoredRecord) -> Outcome:
        return await carry_out_scan(context, stored, self.entry, step=self.id, kind=self.kind)

    async def _create_record(self, context: RunContext, findings: ScanFindings) -> StoredRecord:
        table, location, earlier = findings.table, findings.location, findings.run_record
        attempt = earlier.record.attempt + 1 if earlier else 1
        plan, run = context.plan.name, context.run_id
        started_at = context.clock.now().replace(microsecond=0)
        arn = location.table_arn  # that of DescribeTable names a Region of its own on some servers
        backup_id = new_backup_id(started_at, plan=plan, table_arn=arn, run=run, attempt=attempt)
        description = await context.call(
            context.catalog.keep_document, location, description_document(table.description)
        )
        record = Record(
            record_version=RECORD_VERSION,
            id=backup_id,
            plan=plan,
            run=run,
            attempt=attempt,
            state="in_progress",
            started_at=started_at,
            made_by="scan",
            table=recorded_table(table, context.source.identity, arn=arn, description=description),
            destination=recorded_destination(location, self.destination),
            scan=RecordedScan(
                export_id=make_export_id(started_at, backup_id.rpartition("-")[2]),
                segments=segment_count(table.size_bytes),
            ),
            chain=RecordedChain(base=backup_id, needs=(backup_id,)),
        )
        return await context.call(context.catalog.create, record, location)

    def _with_estimate(
        self, context: RunContext, assessment: Assessment[ScanFindings]
    ) -> Assessment[ScanFindings]:
        """By the size of the table. Nobody has measured how fast a scan of a table in AWS is without a limit."""
        table, limit = assessment.findings.table, self.entry.read_units_per_second
        units = -(-table.size_bytes // _BYTES_PER_UNIT)
        return replace(
            assessment,
            items=table.item_count,
            size_bytes=table.size_bytes,
            seconds=units / limit if limit else None,
            seconds_basis=f"the limit of {limit} read units per second" if limit else "",
            cost=context.prices.cost("read_unit", units),
            notes=(*assessment.notes, *_notes(table)),
            facts={"backup_kind": "scan", "destination": self.destination.name, "read_units": units},
        )


async def _is_done(context: RunContext, stored: StoredRecord) -> bool:
    """Whether this run ID has completed the backup, and the bucket holds its manifest: a record proves nothing."""
    record, location = stored.record, stored.location
    if not context.run_id_is_key or record.state != "complete" or record.data.manifest_key is None:
        return False
    key = location.absolute(record.data.manifest_key)
    found = await context.call(context.source.objects.head, location.bucket, key, owner=location.bucket_owner)
    return found is not None


def _continued(assessment: Assessment[ScanFindings], record: Record) -> Assessment[ScanFindings]:
    return replace(
        assessment,
        summary=f"continue with the scan of {record.id}, which this run has started, verify it and record it",
        actions=(f"complete the record {record.id}",),
        facts={"backup": record.id},
    )


def _notes(table: TableFacts) -> Iterator[str]:
    yield (
        "the scan shows each item as it was at some time between its beginning and its end, and uses read capacity "
        "of the table"
    )
    if not table.size_bytes:
        yield "DescribeTable shows no size, which AWS updates every six hours: the estimates may be too low"


METHOD: Final = BackupMethod(
    lambda planned: ScanTable(planned.table, planned.entry, planned.destination, needs=planned.needs),
    exports=False,
)
