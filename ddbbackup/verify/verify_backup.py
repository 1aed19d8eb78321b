"""Verify one recorded backup: read all of its data and compare it with its manifests and its record."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from ddbbackup import events
from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.verification import verify_export
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class VerifyBackup:
    """Changes neither the record nor the data."""

    stored: StoredRecord
    kind: str = "verify"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.stored.record.table.name

    @property
    def id(self) -> str:
        return f"verify {self.stored.record.id} of {self.table}"

    async def assess(self, context: RunContext) -> Assessment[None]:
        record = self.stored.record
        summary = (
            f"read the {record.data.file_count} data files of {record.id} and compare them with the manifest"
        )
        return Assessment(
            self.id,
            self.kind,
            self.table,
            summary,
            None,
            items=record.data.item_count,
            size_bytes=record.data.size_bytes,
            facts={"backup": record.id},
        )

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        record = self.stored.record
        verification = await context.heavy(
            verify_export,
            context.source.objects,
            record,
            self.stored.location,
            on_progress=context.on_progress,
            stop=context.stop,
        )
        facts = {
            "backup": record.id,
            "items": record.data.item_count,
            "files": len(verification.opened.files),
            "size_bytes": verification.size_bytes,
            "notes": list(verification.opened.notes),
        }
        log.info(events.BACKUP_VERIFIED, **facts)
        return Outcome(self.id, self.kind, self.table, "done", facts)
