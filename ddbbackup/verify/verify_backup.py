"""Verify one recorded backup, and record the result."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import RecordedVerification, StoredRecord
from ddbbackup.catalog.record import Level
from ddbbackup.errors import AccessDenied, DataIncomplete
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import KMS_KEY, Permission
from ddbbackup.steps.verification import LEVELS, recorded_result, verification_seconds, verify_data_of

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission(
        "s3:PutObject", "any-record", ("verify",), note="without it, results are reported, but not recorded"
    ),
    Permission("kms:GenerateDataKey", "key", ("verify",), KMS_KEY, for_aws=True, note="for `s3:PutObject`"),
)
_DOES: Final = {
    "listing": "list the {files} data files of {id} and compare their ETags with the manifest",
    "checksums": "read the {files} data files of {id} and compare them with the manifest",
    "items": "read the {files} data files of {id} and check each of its items",
}
_MERGES_AT_MOST: Final = 5


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
        try:
            verification = await verify_data_of(
                context, self.stored, record, level=self.level, sample_percent=self.sample_percent
            )
        except DataIncomplete as error:
            damaged = RecordedVerification(
                level=self.level, at=context.clock.now(), result="damaged", notes=(error.message,)
            )
            await self._record(context, damaged)
            raise
        notes = [*verification.notes, *await self._record(context, recorded_result(context, verification))]
        facts = {
            "backup": record.id,
            "level": verification.level,
            "items": record.data.item_count,
            "files": len(verification.opened.files),
            "size_bytes": verification.size_bytes,
            "notes": notes,
        }
        log.info(events.BACKUP_VERIFIED, **facts)
        return Outcome(self.id, self.kind, self.table, "done", facts)

    async def _record(self, context: RunContext, result: RecordedVerification) -> tuple[str, ...]:
        """What is to be noted. A result is worth reporting even if it cannot be recorded."""
        stored = self.stored
        try:
            for _ in range(_MERGES_AT_MOST):
                merged = merge(stored.record.verified, result)
                if merged == stored.record.verified:
                    break
                wanted = replace(stored.record, verified=merged)
                stored = await context.call(
                    context.catalog.update, stored, wanted
                )  # another may have been faster
        except AccessDenied as error:
            return (f"the result was not recorded: {error.message}",)
        recorded = stored.record.verified
        if result.result == "ok" and recorded is not None and recorded.result == "damaged":
            return (f"the backup stays recorded as damaged: `verify --level {recorded.level}` found that",)
        return ()


def merge(known: RecordedVerification | None, found: RecordedVerification) -> RecordedVerification:
    """What a record says after another verification. Pure.

    Damage stays recorded until a verification of the same level, or of one that proves more, finds none. A level that
    proves less neither ends it nor takes its place: then a level that would not find it again could end it.
    """
    if known is None or known.result == "ok" or _rank(found) >= _rank(known):
        return found
    return known


def _rank(verified: RecordedVerification) -> int:
    return LEVELS.index(verified.level)
