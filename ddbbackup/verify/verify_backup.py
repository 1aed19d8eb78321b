"""Verify one recorded backup, and record the result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import RecordedVerification, StoredRecord
from ddbbackup.catalog.record import Level
from ddbbackup.catalog.verification import Verification
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.verification_result import VerifiedSample
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.verification import recorded_result, verification_seconds, verify_data_of
from ddbbackup.verify.record_result import record_result

log = structlog.get_logger()

_DOES: Final = {
    "listing": "list the {files} data files of {id} and compare their ETags with the manifest",
    "checksums": "read the {files} data files of {id} and compare them with the manifest",
    "items": "read the {files} data files of {id} and check each of its items",
}


@dataclass(frozen=True, slots=True)
class VerifyBackup:
    """Changes nothing but ``verified`` in the record. ``sample_percent`` of the files are read; None: all."""

    stored: StoredRecord
    level: Level = "checksums"
    sample_percent: float | None = None
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
        return Assessment(
            self.id,
            self.kind,
            self.table,
            _DOES[self.level].format(files=record.data.file_count, id=record.id),
            None,
            items=record.data.item_count,
            size_bytes=record.data.size_bytes,
            seconds=verification_seconds(
                self.level,
                items=record.data.item_count,
                files=record.data.file_count,
                size_bytes=record.data.size_bytes,
                cores=os.cpu_count() or 1,
            ),
            facts={"backup": record.id, "level": self.level},
        )

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        record = self.stored.record
        read_again: tuple[str, ...] = ()
        try:
            verification = await self._verify(context)
        except DataIncomplete as first:
            # One bad answer must not ruin a good record: damage is what a second reading finds too.
            log.warning(events.DAMAGE_SUSPECTED, backup=record.id, message=first.message)
            try:
                verification = await self._verify(context)
            except DataIncomplete as error:
                damaged = RecordedVerification(
                    level=self.level, at=context.clock.now(), result="damaged", notes=(error.message,)
                )
                await record_result(context, self.stored, damaged)
                raise
            read_again = (f"passed when it was read again; the first time: {first.message}",)
        recorded = await record_result(context, self.stored, recorded_result(context, verification))
        notes = [*verification.notes, *read_again, *recorded]
        facts = {
            "backup": record.id,
            "level": verification.level,
            **_sampled(verification.sample),
            "items": record.data.item_count,
            "files": len(verification.opened.files),
            "size_bytes": verification.size_bytes,
            "notes": notes,
        }
        log.info(events.BACKUP_VERIFIED, **facts)
        return Outcome(self.id, self.kind, self.table, "done", facts)

    async def _verify(self, context: RunContext) -> Verification:
        record = self.stored.record
        return await verify_data_of(
            context, self.stored, record, level=self.level, sample_percent=self.sample_percent
        )


def _sampled(sample: VerifiedSample | None) -> dict[str, Any]:
    return {"sample_level": sample.level, "sample_percent": sample.percent} if sample is not None else {}
