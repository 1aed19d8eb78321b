"""Finish a scan that an earlier run left in progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ddbbackup.backup.run_scan import carry_out_scan
from ddbbackup.backup.unfinished import (
    finish_id,
    record_failed,
    will_complete,
    will_record_failed,
    will_refuse,
)
from ddbbackup.catalog import Record, StoredRecord
from ddbbackup.errors import Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import TableEntry
from ddbbackup.steps.context import RunContext

TAKEN_UP_WITHIN: Final = timedelta(days=7)
"""After that, a scan begins again: its first items would be too old to stand beside its last ones."""


@dataclass(frozen=True, slots=True)
class FinishScan:
    """The step of ``wait`` for one scan that an earlier run left in progress.

    ``entry`` is the one by which the plan backs the table up, None if it does not. A record alone starts no scan.
    """

    stored: StoredRecord
    entry: TableEntry | None
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
        summary = f"continue the scan of {record.id}, verify it and record it"
        assessment = will_complete(record, summary, kind=self.kind)
        if self.entry is None:
            return will_refuse(assessment, Blocker(_not_planned(record)))
        if context.clock.now() - record.started_at >= TAKEN_UP_WITHIN:
            return will_record_failed(assessment, record, Blocker(_too_old(record), after_run=True))
        return assessment

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        if self.entry is None:
            raise _not_planned(self.stored.record)
        if assessment.blockers:
            await record_failed(context, self.stored, "TooOld", "the scan was not finished within a week")
            raise assessment.blockers[0].error
        return await carry_out_scan(context, self.stored, self.entry, step=self.id, kind=self.kind)


def _not_planned(record: Record) -> Refused:
    return Refused(
        f"the scan of the backup {record.id} was interrupted, and the plan does not scan {record.table.name}",
        hint="add the table to `tables` of the plan with `method: scan`, or delete the record",
    )


def _too_old(record: Record) -> Refused:
    return Refused(
        f"the scan of the backup {record.id} of {record.table.name} began more than a week ago, so `wait` records it "
        "as failed",
        hint=f"run `ddbbackup backup --only {record.table.name}`",
    )
