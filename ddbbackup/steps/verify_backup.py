"""Verify one recorded backup again: read it whole and compare it with its manifests and its record."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from ddbbackup import events
from ddbbackup.catalog import StoredRecord
from ddbbackup.steps.forecast import Forecast
from ddbbackup.steps.proof import Proof, prove
from ddbbackup.steps.step import Outcome, Work
from ddbbackup.steps.world import World

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class VerifyBackup:
    """Changes nothing: neither the record nor the data."""

    stored: StoredRecord
    kind: str = "verify"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.stored.record.table

    @property
    def id(self) -> str:
        return f"verify {self.stored.record.id} of {self.table}"

    def forecast(self, world: World) -> Forecast:
        record = self.stored.record
        does = f"read {record.file_count} data files of {record.id} and compare them"
        return Forecast(
            self.id,
            self.kind,
            self.table,
            does,
            changes=False,
            items=record.item_count,
            size_bytes=record.size_bytes,
            facts={"backup": record.id},
        )

    def run(self, world: World) -> Work:
        record = self.stored.record
        proof: Proof = yield world.calls.heavy(lambda: prove(world, record))
        facts = {
            "backup": record.id,
            "items": record.item_count,
            "files": len(proof.opened.files),
            "size_bytes": proof.size_bytes,
            "notes": list(proof.opened.notes),
        }
        log.info(events.BACKUP_VERIFIED, **facts)
        return Outcome(self.id, self.kind, self.table, "done", facts)
