"""Backup method ``snapshot``: an on-demand backup of DynamoDB, which needs no bucket for its data and no recovery.

Only its record lies in the destination. The backup outlives the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.backup.assessment import BackupFindings, billed_bytes, location_of
from ddbbackup.backup.check_destination import checks_of
from ddbbackup.backup.described_table import described
from ddbbackup.backup.method import BackupMethod
from ddbbackup.backup.new_record import create_record, new_backup
from ddbbackup.backup.other_runs import notes_on_other_run, warn_of_other_run, with_notes
from ddbbackup.backup.record_settings import record_settings, settings_hash, settings_not_read
from ddbbackup.backup.take_snapshot import START_PERMISSIONS, take_snapshot
from ddbbackup.backup.unfinished import (
    finish_id,
    record_failed,
    will_complete,
    will_record_failed,
    will_refuse,
)
from ddbbackup.catalog import (
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedSnapshot,
    StoredRecord,
)
from ddbbackup.catalog.acceptance import START_WITHIN
from ddbbackup.catalog.snapshots import is_snapshot_of, snapshot_arn
from ddbbackup.errors import DataIncomplete, Refused, TimedOut
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.json_value import Json
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud, Snapshot
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import SNAPSHOTS, Permission
from ddbbackup.steps.poll import REMOTE_JOB, poll
from ddbbackup.times import to_iso

log = structlog.get_logger()

PERMISSIONS: Final = (
    *START_PERMISSIONS,
    Permission("dynamodb:DescribeBackup", "snapshot", ("backup",), SNAPSHOTS),
)

# What is written in this time before and after CreateBackup may be in the backup or not (DynamoDB API: CreateBackup).
UNCERTAIN: Final = timedelta(minutes=1)
_NO_BASIS: Final = "on-demand backups of small tables took less than a second on AWS"


@dataclass(frozen=True, slots=True)
class SnapshotTable:
    """Takes an on-demand backup of one table, waits for it, and records it."""

    table: str
    destination: Destination
    kind: str = "backup"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"backup {self.table}"

    async def assess(self, context: RunContext) -> Assessment[BackupFindings]:
        """Raises what DescribeTable and reading the catalog raise."""
        call_aws = AwsCaller(context, context.source)
        location = location_of(context, self.destination, self.table)
        table = await described(context, location)
        findings = BackupFindings(table, location, None, None)
        summary = f"create an on-demand backup of {self.table}"
        assessment = Assessment(self.id, self.kind, self.table, summary, findings)
        checks = await checks_of(context, self.destination)
        if blockers := tuple(Blocker(check.error) for check in checks if check.error is not None):
            return replace(assessment, blockers=blockers)
        run_record = await context.call(context.catalog.of_run, location, run=context.run_id)
        findings = replace(findings, run_record=run_record)
        assessment = replace(assessment, findings=findings)
        if findings.complete is not None and await _is_confirmed(call_aws, findings.complete):
            record = findings.complete.record
            summary = f"nothing to do: the backup {record.id} of this run is complete"
            return replace(assessment, summary=summary, facts={"backup": record.id})
        if findings.unfinished is not None:
            record = findings.unfinished.record
            action = f"complete the record {record.id}"
            summary = f"continue with the on-demand backup of {record.id}, which this run has started"
            return replace(assessment, summary=summary, actions=(action,), facts={"backup": record.id})
        size_bytes = billed_bytes(table)
        return replace(
            assessment,
            actions=(summary, "record the backup"),
            items=table.item_count,
            size_bytes=size_bytes,
            seconds_basis=_NO_BASIS,
            cost=context.prices.cost("snapshot_month", size_bytes),
            notes=await notes_on_other_run(context, location) if context.estimating else (),
            facts={"backup_kind": "snapshot", "destination": self.destination.name},
        )

    async def run(self, context: RunContext, assessment: Assessment[BackupFindings]) -> Outcome:
        findings = assessment.findings
        if findings.complete is not None and not assessment.changes:
            facts = _facts(findings.complete.record)
            return Outcome(self.id, self.kind, self.table, "unchanged", facts)
        context.standing.say(
            self.table,
            f"the on-demand backup of {self.table} was not completed",
            together="the on-demand backups of {tables} were not completed",
        )
        unfinished = findings.unfinished
        notes = await warn_of_other_run(context, findings.location) if unfinished is None else ()
        stored = unfinished or await self._create_record(context, findings)
        stored = await take_snapshot(context, stored, created_now=unfinished is None)
        return with_notes(await _record_snapshot(context, stored, step=self.id, kind=self.kind), notes)

    async def _create_record(self, context: RunContext, findings: BackupFindings) -> StoredRecord:
        new = new_backup(context, findings)
        return await create_record(
            context,
            findings,
            self.destination,
            new,
            made_by="snapshot",
            snapshot=RecordedSnapshot(name=new.token),
            chain=RecordedChain(base=new.id, needs=(new.id,)),
        )


@dataclass(frozen=True, slots=True)
class FinishSnapshot:
    """The step of ``wait`` for an on-demand backup that an earlier run left in progress.

    ``planned``: the plan backs the table up. A record alone never creates a backup in DynamoDB.
    """

    stored: StoredRecord
    planned: bool = True
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
        summary = f"wait for the on-demand backup of {record.id} and record it"
        assessment = will_complete(record, summary, kind=self.kind)
        if record.job_arn is not None:
            return assessment
        if not self.planned:
            return will_refuse(assessment, Blocker(_not_planned(record)))
        if context.clock.now() - record.started_at >= START_WITHIN:
            return will_record_failed(assessment, record, Blocker(_never_started(record), after_run=True))
        return assessment

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        if assessment.blockers:
            message = "the run was stopped before it created the on-demand backup"
            await record_failed(context, self.stored, "NeverStarted", message)
            raise assessment.blockers[0].error
        stored = await take_snapshot(context, self.stored)
        return await _record_snapshot(context, stored, step=self.id, kind=self.kind)


async def _record_snapshot(context: RunContext, stored: StoredRecord, *, step: str, kind: str) -> Outcome:
    """Reads the settings of the table, waits for the backup, and completes its record.

    Raises ``DataIncomplete`` for a backup of another table, and ``TimedOut`` at the deadline of the run.
    """
    stored, settings = await record_settings(context, stored)
    if not context.wait:
        facts = {"backup": stored.record.id, "snapshot_arn": stored.record.job_arn}
        return Outcome(step, kind, stored.record.table.name, "started", facts)
    snapshot = await _wait_until_available(context, snapshot_arn(stored))
    if not is_snapshot_of(snapshot, stored):
        error = DataIncomplete(
            f"the on-demand backup {snapshot.arn} is not the one that the record {stored.record.id} describes: its "
            "name or its table is another",
            hint=f"run `ddbbackup backup --only {stored.record.table.name}`",
        )
        await record_failed(context, stored, "DataIncomplete", error.message)
        raise error
    now = context.clock.now()
    record = replace(
        stored.record,
        state="complete",
        completed_at=now,
        settings=await settings_hash(context, stored, settings),
        covers=coverage(snapshot.created_at, now=now),
        data=replace(stored.record.data, size_bytes=snapshot.size_bytes),
    )
    await context.call(context.catalog.update, stored, record)
    recorded: dict[str, Json] = {**_facts(record), **settings_not_read(settings)}
    log.info(events.BACKUP_RECORDED, **recorded)
    return Outcome(step, kind, record.table.name, "done", recorded)


def coverage(created_at: datetime, *, now: datetime) -> RecordedCoverage:
    """Of an on-demand backup that is available ``now``: it holds nothing that is written later.

    Times are in whole seconds. A clock behind that of AWS does not end the interval before the backup was created.
    """
    created = created_at.replace(microsecond=0)
    available = now.replace(microsecond=0) + timedelta(seconds=1)
    end = max(created, min(created + UNCERTAIN, available))
    return RecordedCoverage(kind="interval", start=created - UNCERTAIN, end=end)


async def _wait_until_available(context: RunContext, arn: str) -> Snapshot:
    call_aws = AwsCaller(context, context.source)
    return await poll(
        context,
        "DescribeBackup",
        lambda: call_aws("DescribeBackup", lambda cloud: cloud.snapshots.describe(arn)),
        until=lambda snapshot: snapshot.status == "AVAILABLE",
        policy=REMOTE_JOB,
        timed_out=lambda _: TimedOut(
            f"the on-demand backup {arn} is still being created after --timeout",
            hint="run `ddbbackup wait` later: it records this backup",
        ),
    )


async def _is_confirmed(call_aws: AwsCaller, stored: StoredRecord) -> bool:
    """Whether this run id has completed the backup, and AWS confirms it: a record alone proves nothing."""
    if not call_aws.context.run_id_is_key:
        return False
    try:
        snapshot = await call_aws("DescribeBackup", partial(_describe, arn=snapshot_arn(stored)))
    except Refused:
        return False
    return snapshot.status == "AVAILABLE" and is_snapshot_of(snapshot, stored)


def _describe(cloud: Cloud, arn: str) -> Snapshot:
    return cloud.snapshots.describe(arn)


def _facts(record: Record) -> dict[str, Json]:
    return {
        "backup": record.id,
        "items": None,
        "size_bytes": record.data.size_bytes,
        "covers_from": to_iso(record.covers.start) if record.covers else None,
        "covers_to": to_iso(record.time),
        "snapshot_arn": record.job_arn,
    }


def _not_planned(record: Record) -> Refused:
    return Refused(
        f"the on-demand backup of {record.id} was never created, and the plan does not back up {record.table.name}",
        hint="add the table to `tables` of the plan, or delete the record",
    )


def _never_started(record: Record) -> Refused:
    return Refused(
        f"the backup {record.id} of {record.table.name} was interrupted more than a day ago, before its on-demand "
        "backup was created, so `wait` records it as failed",
        hint=f"run `ddbbackup backup --only {record.table.name}`",
    )


METHOD: Final = BackupMethod(
    lambda planned: SnapshotTable(planned.table, planned.destination, needs=planned.needs), exports=False
)
