"""What the backup of one table would do: what blocks it, its size, its time and its cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from ddbbackup.backup.check_destination import checks_of
from ddbbackup.backup.described_table import described
from ddbbackup.backup.exported import is_of
from ddbbackup.backup.next_backup import (
    CLOCK_MARGIN,
    SHORTEST_WINDOW,
    FullExport,
    NextBackup,
    NotDue,
    Window,
    next_backup,
)
from ddbbackup.backup.other_runs import in_progress
from ddbbackup.backup.start_export import asks_for_another_time
from ddbbackup.catalog import BadRecord, Catalog, Location, Record, StoredRecord, locate
from ddbbackup.catalog.acceptance import START_WITHIN
from ddbbackup.catalog.find_point import newest_chain
from ddbbackup.errors import DdbBackupError, ExportTimeInvalid, Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.cost import Cost
from ddbbackup.model.json_value import Json, get_integer, get_objects
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.ports import ObjectFacts, PitrWindow, TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import EXPORTS, Permission
from ddbbackup.steps.recovery_window import pitr_disabled, pitr_enabled_after_common_time
from ddbbackup.steps.verification import estimated_verifications
from ddbbackup.times import to_iso

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("backup", "read")),
    Permission(
        "dynamodb:DescribeContinuousBackups",
        "table",
        ("backup", "read"),
        EXPORTS,
        note="without it, only starting the export shows whether the table can be exported",
    ),
    Permission("s3:ListBucket", "bucket", ("backup", "read")),
    Permission("s3:GetObject", "record", ("backup", "read")),
)

_NO_BASIS: Final = "this table has no earlier export; exports of small tables took 2 to 12 minutes on AWS"


@dataclass(frozen=True, slots=True)
class RequestedBackup:
    """What the plan requests for one table. ``export_time`` None means the time at which the export starts."""

    table: str
    destination: Destination
    entry: TableEntry
    export_time: datetime | None

    @property
    def pitr(self) -> Literal["require", "enable"]:
        return self.entry.pitr


@dataclass(frozen=True, slots=True)
class BackupFindings:
    """``run_record`` is the record of an earlier attempt of this run. ``pitr`` is None if it could not be read.

    ``next`` is what ``method: incremental`` makes; None for a full export by ``method: export``.
    """

    table: TableFacts
    location: Location
    run_record: StoredRecord | None
    pitr: PitrWindow | None
    next: NextBackup | None = None
    asks_for_another_time: bool = False

    @property
    def unfinished(self) -> StoredRecord | None:
        """The record of this run's export if the backup is in progress, or is to be verified once more."""
        if self.asks_for_another_time:
            return None
        if self.run_record is not None and self.run_record.record.table.id not in ("", self.table.table_id):
            return None
        return self._run_record_if("in_progress") or self._run_record_if("not_whole")

    @property
    def complete(self) -> StoredRecord | None:
        return self._run_record_if("complete")

    @property
    def pitr_is_disabled(self) -> bool:
        return self.pitr is not None and not self.pitr.enabled

    def _run_record_if(self, state: str) -> StoredRecord | None:
        return self.run_record if self.run_record and self.run_record.record.state == state else None


@dataclass(frozen=True, slots=True)
class _History:
    """The newest complete backup of a table, and the backups in progress since then."""

    last: Record | None = None
    running: tuple[Record, ...] = ()


async def assess_backup(
    context: RunContext, requested: RequestedBackup, *, step: str, kind: str, summary: str
) -> Assessment[BackupFindings]:
    """``summary`` is without the place. Raises what DescribeTable and reading the catalog raise."""
    call_aws = AwsCaller(context, context.source)
    location = location_of(context, requested.destination, requested.table)
    table = await described(context, location)
    findings = BackupFindings(table, location, None, None)
    summary = f"{summary} to {S3Location(location.bucket, location.prefix)}"
    assessment = Assessment(step, kind, requested.table, summary, findings)
    checks = await checks_of(context, requested.destination)
    if blockers := tuple(Blocker(check.error) for check in checks if check.error is not None):
        return replace(assessment, blockers=blockers)  # the records in such a bucket cannot be read
    listed = await context.call(context.catalog.list_records, location)
    run_record = await context.call(context.catalog.of_run, location, run=context.run_id, listed=listed)
    other_time = run_record is not None and asks_for_another_time(context, run_record.record)
    findings = replace(findings, run_record=run_record, asks_for_another_time=other_time)
    assessment = replace(assessment, findings=findings)
    complete = findings.complete
    if complete is not None and not catches_up(complete.record) and await _is_confirmed(call_aws, complete):
        return _already_complete(assessment, complete.record)
    if findings.unfinished is not None:
        unfinished = findings.unfinished.record
        if unfinished.export_arn:
            return _continue_export(assessment, unfinished)
        time = unfinished.export.requested_time if unfinished.export is not None else None
        requested = replace(requested, export_time=time)
    assessment = replace(assessment, actions=(summary, "record the backup"))
    assessment = await _with_pitr(call_aws, requested, assessment)
    if requested.entry.method == "incremental" and findings.unfinished is None:
        assessment = await _with_next(context, requested, assessment)
    if not context.estimating or isinstance(assessment.findings.next, NotDue):
        return assessment
    return await _with_estimate(context, requested, assessment, listed)


def location_of(context: RunContext, destination: Destination, table: str) -> Location:
    """Where the backups of a table of this account and region are stored."""
    return locate(destination, context.source.identity, table=table, plan=context.plan.name)


def billed_bytes(table: TableFacts) -> int:
    """The size by which a full export is billed: the table and its local indexes (see ``pricing/prices.yaml``)."""
    indexes = get_objects(table.description, "LocalSecondaryIndexes")
    return table.size_bytes + sum(get_integer(index, "IndexSizeBytes") or 0 for index in indexes)


async def _is_confirmed(call_aws: AwsCaller, stored: StoredRecord) -> bool:
    """Whether this run id has completed the backup, and AWS confirms it: a record alone proves nothing.

    The run id of a CI system is the same for all steps of a pipeline and for its repetition, which run the same verb
    again on purpose.
    """
    arn, items = stored.record.export_arn, stored.record.data.item_count
    if not call_aws.context.run_id_is_key or arn is None:
        return False
    try:
        export = await call_aws("DescribeExport", lambda cloud: cloud.exports.describe(arn))
    except Refused:
        return False
    return export.status == "COMPLETED" and export.item_count == items and is_of(export, stored)


def _already_complete(assessment: Assessment[BackupFindings], record: Record) -> Assessment[BackupFindings]:
    return replace(
        assessment,
        summary=f"nothing to do: the backup {record.id} of this run is complete",
        items=record.data.item_count,
        size_bytes=record.data.size_bytes,
        facts={"backup": record.id},
    )


def _continue_export(assessment: Assessment[BackupFindings], record: Record) -> Assessment[BackupFindings]:
    return replace(
        assessment,
        summary=f"continue with the export of {record.id}, which this run has started, verify it and record it",
        actions=(f"complete the record {record.id}",),
        facts={"backup": record.id, "export_arn": record.export_arn},
    )


async def _with_pitr(
    call_aws: AwsCaller, requested: RequestedBackup, assessment: Assessment[BackupFindings]
) -> Assessment[BackupFindings]:
    """The assessment with what point-in-time recovery allows."""
    try:
        pitr = await call_aws("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(requested.table))
    except DdbBackupError as error:
        note = f"could not read whether point-in-time recovery is enabled: {error.message}"
        return replace(assessment, notes=(note,))
    assessment = replace(
        assessment,
        findings=replace(assessment.findings, pitr=pitr),
        blockers=tuple(_pitr_blockers(requested, pitr, call_aws.context.clock.now())),
    )
    if pitr.enabled or requested.pitr != "enable":
        return assessment
    return replace(
        assessment,
        actions=(f"enable point-in-time recovery of {requested.table}", *assessment.actions),
        notes=("the run enables point-in-time recovery, which AWS bills by the size of the table",),
    )


def _pitr_blockers(requested: RequestedBackup, pitr: PitrWindow, now: datetime) -> Iterator[Blocker]:
    time = requested.export_time
    if not pitr.enabled and requested.pitr != "enable":
        yield Blocker(pitr_disabled(requested.table))
    elif not pitr.enabled and time is not None:
        yield Blocker(pitr_enabled_after_common_time(requested.table), after_run=True)
    elif time is not None and now - time >= START_WITHIN:
        yield Blocker(
            ExportTimeInvalid(
                f"the common export time that this run recorded, {to_iso(time)}, is more than a day old, so "
                f"{requested.table} is not exported as of it",
                hint="run the backup with another --run-id",
            )
        )
    elif time is not None and pitr.earliest is not None and time < pitr.earliest:
        yield Blocker(
            ExportTimeInvalid(
                f"{requested.table} can only be exported as of {to_iso(pitr.earliest)} or later, but the common "
                f"export time is {to_iso(time)}",
                hint="run the backup again in a few minutes",
            )
        )
    elif time is not None and pitr.latest is not None and pitr.latest < time:
        yield Blocker(
            ExportTimeInvalid(
                f"{requested.table} can only be exported as of {to_iso(pitr.latest)} or earlier, because its "
                f"recovery window has fallen behind, but the common export time is {to_iso(time)}",
                hint="run the backup again later; if the window still does not move, ask AWS Support why",
            )
        )


def catches_up(record: Record) -> bool:
    """Whether it is a window of a run that missed several, and other windows follow it in the same run."""
    end = record.covers.end if record.kind == "window" and record.covers is not None else None
    return end is not None and record.started_at - end >= SHORTEST_WINDOW + CLOCK_MARGIN


async def _with_next(
    context: RunContext, requested: RequestedBackup, assessment: Assessment[BackupFindings]
) -> Assessment[BackupFindings]:
    """The assessment with what ``method: incremental`` makes: a full export, a window, or nothing yet."""
    findings = assessment.findings
    chain = await context.call(newest_chain, context.catalog, findings.location)
    following = next_backup(
        chain,
        table_id=findings.table.table_id,
        pitr=findings.pitr or PitrWindow(enabled=True),
        until=requested.export_time or context.clock.now() - CLOCK_MARGIN,
        full_every_seconds=requested.entry.full_every_seconds,
    )
    assessment = replace(assessment, findings=replace(findings, next=following))
    match following:
        case NotDue(previous, due):
            return replace(
                assessment,
                summary=f"nothing to do: the next window of {requested.table} is due at {to_iso(due)}",
                actions=(),
                blockers=(),
                facts={"backup": previous.id, "due": to_iso(due)},
            )
        case Window(start=start, end=end):
            summary = (
                f"export the changes of {requested.table} from {to_iso(start)} to {to_iso(end)} "
                f"to {S3Location(findings.location.bucket, findings.location.prefix)}"
            )
            notes = ("other windows follow, because earlier runs are missing",) if following.more else ()
            return replace(
                assessment,
                summary=summary,
                actions=(*assessment.actions[:-2], summary, assessment.actions[-1]),
                notes=(*assessment.notes, *notes),
            )
        case FullExport():
            note = f"a full export begins a new chain: {following.because}"
            return replace(assessment, notes=(*assessment.notes, note))


async def _with_estimate(
    context: RunContext,
    requested: RequestedBackup,
    assessment: Assessment[BackupFindings],
    listed: Sequence[ObjectFacts],
) -> Assessment[BackupFindings]:
    """The assessment with size, time and cost, estimated from earlier backups."""
    findings = assessment.findings
    if isinstance(findings.next, Window):
        return _with_window_estimate(context, assessment)
    history = await context.call(_read_history, context.catalog, findings.location, listed)
    seconds = _export_seconds(history.last)
    return replace(
        assessment,
        items=findings.table.item_count,
        size_bytes=billed_bytes(findings.table),
        seconds=seconds,
        seconds_basis=(
            f"the duration of the export of {history.last.id}" if seconds and history.last else _NO_BASIS
        ),
        cost=_estimate_cost(context, requested, findings, history),
        notes=(*assessment.notes, *_history_notes(context, findings, history)),
        facts=_facts(requested, findings, history),
    )


def _with_window_estimate(
    context: RunContext, assessment: Assessment[BackupFindings]
) -> Assessment[BackupFindings]:
    """AWS does not say how much has changed, so only the least cost is known."""
    return replace(
        assessment,
        cost=context.prices.cost("incremental_export", 0),
        seconds_basis="incremental exports of small tables took about 5 minutes on AWS",
        notes=(
            *assessment.notes,
            "AWS bills a window by its changes, and at least 10 MB; the estimate is the least",
        ),
        facts={"backup_kind": "window"},
    )


def _read_history(catalog: Catalog, location: Location, listed: Sequence[ObjectFacts]) -> _History:
    running: list[Record] = []
    for stored in catalog.of_table(location, recent=listed):
        if isinstance(stored, BadRecord):
            continue
        if stored.record.state == "complete":
            return _History(stored.record, tuple(running))
        if stored.record.state == "in_progress":
            running.append(stored.record)
    return _History(None, tuple(running))


def _history_notes(context: RunContext, findings: BackupFindings, history: _History) -> Iterator[str]:
    for record in history.running:
        if record.run != context.run_id:
            yield in_progress(record)
    table, last = findings.table, history.last
    if last is not None and table.table_id and last.table.id not in ("", table.table_id):
        yield f"the table was deleted and created again after the backup {last.id}"


def _export_seconds(last: Record | None) -> float | None:
    if last is None or last.export is None or last.export.ended_at is None:
        return None
    return max(0.0, (last.export.ended_at - last.started_at).total_seconds())


def _estimate_cost(
    context: RunContext, requested: RequestedBackup, findings: BackupFindings, history: _History
) -> Cost:
    """The export, its storage per month, and point-in-time recovery if the run enables it."""
    size_bytes = billed_bytes(findings.table)
    cost = context.prices.cost("full_export", size_bytes)
    if history.last is not None and history.last.data.size_bytes is not None:
        cost += context.prices.cost("s3_month", history.last.data.size_bytes)
    if findings.pitr_is_disabled and requested.pitr == "enable":
        cost += context.prices.cost("pitr_month", size_bytes)
    return cost


def _facts(requested: RequestedBackup, findings: BackupFindings, history: _History) -> dict[str, Json]:
    last = history.last
    return {
        "backup_kind": "full",
        "new_chain": findings.next.because if isinstance(findings.next, FullExport) else None,
        "destination": requested.destination.name,
        "export_time": to_iso(requested.export_time) if requested.export_time else "its start",
        "point_in_time_recovery": _describe_pitr(requested, findings.pitr),
        "last_backup": last.id if last else None,
        "last_backup_time": to_iso(last.time or last.started_at) if last else None,
        "verify": requested.entry.verify,
        "verify_seconds": estimated_verifications(last.data) if last else None,
    }


def _describe_pitr(requested: RequestedBackup, pitr: PitrWindow | None) -> str:
    if pitr is None:
        return "unknown"
    if pitr.enabled:
        return "enabled"
    return "enabled by the run" if requested.pitr == "enable" else "disabled"
