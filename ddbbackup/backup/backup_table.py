"""Back up one table: export it to S3, wait for the export, verify it, and record it beside the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.backup.assessment import BackupFindings, RequestedBackup, assess_backup
from ddbbackup.backup.export_scheduler import scheduler_of
from ddbbackup.backup.finish_backup import complete_backup
from ddbbackup.backup.method import BackupMethod
from ddbbackup.backup.new_record import create_record, new_backup
from ddbbackup.backup.next_backup import FullExport, NextBackup, NotDue, Window
from ddbbackup.backup.other_runs import warn_of_other_run, with_notes
from ddbbackup.backup.record_settings import record_settings
from ddbbackup.backup.start_export import enable_pitr, start_export
from ddbbackup.catalog import (
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedExport,
    StoredRecord,
)
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.times import to_iso

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("s3:PutObject", "record", ("backup",)),
    Permission(
        "s3:DeleteObject",
        "record",
        ("backup",),
        note="only a duplicate record, written by two processes with the same run ID",
    ),
)


@dataclass(frozen=True, slots=True)
class BackupTable:
    """``export_time`` is the common export time of the run; None means the time at which the export starts."""

    table: str
    entry: TableEntry
    destination: Destination
    export_time: datetime | None = None
    kind: str = "backup"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"backup {self.table}"

    @property
    def summary(self) -> str:
        """What ``run`` does, for people; the assessment adds the place, which depends on account and region."""
        when = f" as of {to_iso(self.export_time)}" if self.export_time else ""
        return f"export {self.table}{when}"

    async def assess(self, context: RunContext) -> Assessment[BackupFindings]:
        requested = RequestedBackup(self.table, self.destination, self.entry, self.export_time)
        return await assess_backup(context, requested, step=self.id, kind=self.kind, summary=self.summary)

    async def run(self, context: RunContext, assessment: Assessment[BackupFindings]) -> Outcome:
        """Several windows in a row if earlier runs are missing."""
        findings = assessment.findings
        starts = assessment.changes and findings.unfinished is None
        notes = await warn_of_other_run(context, findings.location) if starts else ()
        outcome = with_notes(await self._run_once(context, assessment), notes)
        windows = 1
        while outcome.status == "done" and _more_is_due(assessment.findings.next):
            assessment = await self.assess(context)
            if not assessment.changes:
                break
            outcome = await self._run_once(context, assessment)
            windows += 1
        if windows == 1:
            return outcome
        return replace(outcome, facts={**outcome.facts, "windows": windows})

    async def _run_once(self, context: RunContext, assessment: Assessment[BackupFindings]) -> Outcome:
        findings = assessment.findings
        if isinstance(findings.next, NotDue):
            log.info(events.WINDOW_POSTPONED, **assessment.facts)
            return Outcome(self.id, self.kind, self.table, "unchanged", assessment.facts)
        if findings.complete is not None and not assessment.changes:
            return self._unchanged(findings.complete.record)
        if findings.pitr_is_disabled:
            await enable_pitr(context, self.table)
        if assessment.blockers:  # an ``after_run`` blocker: enabling recovery was all that this run could do
            raise assessment.blockers[0].error
        if isinstance(findings.next, FullExport) and findings.next.restarted.reason != "first":
            log.warning(events.CHAIN_RESTARTED, because=findings.next.because)
        unfinished = findings.unfinished
        scheduler = scheduler_of(context)
        async with scheduler.slot():
            if unfinished is None:
                await scheduler.turn(self.table)
            stored = unfinished or await self._create_record(context, findings)
            started = await start_export(
                context, stored, pitr=self.entry.pitr, created_now=unfinished is None
            )
            stored, settings = await record_settings(context, started.stored)
            if not context.wait:
                facts = {"backup": stored.record.id, "export_arn": stored.record.export_arn}
                return Outcome(self.id, self.kind, self.table, "started", facts)
            export = await scheduler.wait_until_ended(started.arn, stored.location)
        return await complete_backup(
            context, stored, export, settings, level=self.entry.verify, step=self.id, kind=self.kind
        )

    async def _create_record(self, context: RunContext, findings: BackupFindings) -> StoredRecord:
        window = findings.next if isinstance(findings.next, Window) else None
        new = new_backup(context, findings, reaches=window.end if window else self.export_time)
        return await create_record(
            context,
            findings,
            self.destination,
            new,
            made_by="export",
            covers=RecordedCoverage(kind="window", start=window.start, end=window.end) if window else None,
            export=RecordedExport(client_token=new.token, requested_time=self.export_time),
            chain=_chain(new.id, findings.next),
            data=RecordedData(view=self.entry.view if window else None),
        )

    def _unchanged(self, record: Record) -> Outcome:
        facts = {"backup": record.id, "items": record.data.item_count, "size_bytes": record.data.size_bytes}
        return Outcome(self.id, self.kind, self.table, "unchanged", facts)


def _more_is_due(made: NextBackup | None) -> bool:
    return isinstance(made, Window) and made.more


def _chain(backup_id: str, following: NextBackup | None) -> RecordedChain:
    if isinstance(following, Window):
        previous = following.previous
        return RecordedChain(
            base=previous.chain.base,
            previous=previous.id,
            needs=(*previous.chain.needs, backup_id),
            restarted=following.restarted,
        )
    restarted = following.restarted if isinstance(following, FullExport) else None
    return RecordedChain(base=backup_id, needs=(backup_id,), restarted=restarted)


METHOD: Final = BackupMethod(
    lambda planned: BackupTable(
        planned.table, planned.entry, planned.destination, planned.export_time, needs=planned.needs
    ),
    exports=True,
)
