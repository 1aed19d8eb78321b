"""Verify the record of one on-demand backup: DynamoDB must still have it. Nobody but AWS can read its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import RecordedVerification, StoredRecord
from ddbbackup.catalog.snapshots import is_snapshot_of, snapshot_arn
from ddbbackup.errors import DataIncomplete, SnapshotMissing
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.json_value import Json
from ddbbackup.model.outcome import Outcome
from ddbbackup.ports import Snapshot
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import SNAPSHOTS, Permission
from ddbbackup.verify.record_result import forget_damage, record_result

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("dynamodb:DescribeBackup", "snapshot", ("verify",), SNAPSHOTS),)
NOTE: Final = "AWS has the on-demand backup; only a restore shows what is in it"


@dataclass(frozen=True, slots=True)
class VerifySnapshot:
    """Changes nothing but ``verified`` in the record, and that only if DynamoDB does not have the backup any more."""

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
        summary = f"ask AWS whether it has the on-demand backup of {record.id}"
        facts = {"backup": record.id}
        return Assessment(self.id, self.kind, self.table, summary, None, facts=facts)

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        record = self.stored.record
        asked_again: tuple[str, ...] = ()
        try:
            snapshot = await self._find(context)
        except DataIncomplete as first:
            # One bad answer must not ruin a good record: a missing backup is one that AWS does not find twice.
            log.warning(events.DAMAGE_SUSPECTED, backup=record.id, message=first.message)
            try:
                snapshot = await self._find(context)
            except DataIncomplete as error:
                missing = RecordedVerification(
                    level="listing", at=context.clock.now(), result="damaged", notes=(error.message,)
                )
                await record_result(context, self.stored, missing)
                raise
            asked_again = (f"found when AWS was asked again; the first time: {first.message}",)
        # Nobody knows what is in it, so it never counts as verified.
        notes = await forget_damage(context, self.stored)
        facts: dict[str, Json] = {
            "backup": record.id,
            "items": None,
            "files": 0,
            "size_bytes": snapshot.size_bytes,
            "notes": [NOTE, *asked_again, *notes],
        }
        log.info(events.BACKUP_VERIFIED, **facts)
        return Outcome(self.id, self.kind, self.table, "done", facts)

    async def _find(self, context: RunContext) -> Snapshot:
        """Raises ``DataIncomplete``."""
        record, arn = self.stored.record, snapshot_arn(self.stored)
        call_aws = AwsCaller(context, context.source)
        try:
            snapshot = await call_aws("DescribeBackup", lambda cloud: cloud.snapshots.describe(arn))
        except SnapshotMissing as error:
            raise DataIncomplete(
                f"the on-demand backup of {record.id} does not exist any more: {arn}",
                hint=f"run `ddbbackup backup --only {self.table}`, and find out who deleted it",
            ) from error
        if snapshot.status != "AVAILABLE" or not is_snapshot_of(snapshot, self.stored):
            raise DataIncomplete(
                f"the on-demand backup {arn} is not the one that the record {record.id} describes",
                hint=f"run `ddbbackup backup --only {self.table}`, and find out who changed the record",
            )
        return snapshot
