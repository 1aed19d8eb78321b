"""Verify the record of one on-demand backup: DynamoDB must still have it. Nobody but AWS can read its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.snapshots import is_snapshot_of, snapshot_arn
from ddbbackup.errors import DataIncomplete, SnapshotMissing
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.json_value import Json
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import SNAPSHOTS, Permission

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("dynamodb:DescribeBackup", "snapshot", ("verify",), SNAPSHOTS),)
NOTE: Final = "AWS has the on-demand backup; only a restore shows what is in it"


@dataclass(frozen=True, slots=True)
class VerifySnapshot:
    """Changes neither the record nor the backup."""

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
        facts: dict[str, Json] = {
            "backup": record.id,
            "items": None,
            "files": 0,
            "size_bytes": snapshot.size_bytes,
            "notes": [NOTE],
        }
        log.info(events.BACKUP_VERIFIED, **facts)
        return Outcome(self.id, self.kind, self.table, "done", facts)
