"""What the backup of one table would do: what blocks it, its size now, time and cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from ddbbackup.backup.check_destination import checks_of
from ddbbackup.backup.exported import is_of
from ddbbackup.catalog import BadRecord, Catalog, Location, Record, StoredRecord, locate
from ddbbackup.errors import DdbBackupError, ExportTimeInvalid, Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.cost import Cost
from ddbbackup.plan.model import Destination
from ddbbackup.ports import PitrWindow, TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.recovery_window import pitr_is_off, too_young_for_common_time
from ddbbackup.times import to_iso

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("backup", "read")),
    Permission(
        "dynamodb:DescribeContinuousBackups",
        "table",
        ("backup", "read"),
        note="without it only the start of the export shows whether the table can be exported",
    ),
    Permission("s3:ListBucket", "bucket", ("backup", "read")),
    Permission("s3:GetObject", "record", ("backup", "read")),
)

_NO_BASIS: Final = "no earlier export of this table to judge by; small ones took 2 to 12 minutes on AWS"


@dataclass(frozen=True, slots=True)
class ExportWanted:
    """What the plan asks for: ``export_time`` None is the moment of the start."""

    table: str
    destination: Destination
    pitr: Literal["require", "enable"]
    export_time: datetime | None


@dataclass(frozen=True, slots=True)
class BackupFindings:
    """``own`` is the record that an earlier try of this run left; ``window`` None: it could not be read."""

    table: TableFacts
    location: Location
    own: StoredRecord | None
    window: PitrWindow | None

    @property
    def unfinished(self) -> StoredRecord | None:
        """The record of an export of this run that has still to be completed, or verified once more."""
        if self.own is None or self.own.record.table.id not in ("", self.table.table_id):
            return None
        return self.own if self.own.record.state in ("in_progress", "not_whole") else None

    @property
    def complete(self) -> StoredRecord | None:
        return self.own if self.own is not None and self.own.record.state == "complete" else None

    @property
    def recovery_is_off(self) -> bool:
        return self.window is not None and not self.window.enabled


@dataclass(frozen=True, slots=True)
class _Past:
    """What the catalog knows of a table: its newest complete backup, and those in progress since."""

    last: Record | None = None
    running: tuple[Record, ...] = ()


async def assess_backup(
    context: RunContext, wanted: ExportWanted, *, step: str, kind: str, does: str
) -> Assessment[BackupFindings]:
    """Raises what DescribeTable and reading the catalog raise."""
    ask = AwsCaller(context, context.source)
    table = await ask("DescribeTable", lambda cloud: cloud.tables.describe(wanted.table))
    location = location_of(context, wanted.destination, wanted.table)
    checks = await checks_of(context, wanted.destination)
    blockers = [Blocker(check.error) for check in checks if check.error is not None]
    if blockers:  # a bucket that cannot be used holds no records that could be read
        return Assessment(
            step,
            kind,
            wanted.table,
            does,
            BackupFindings(table, location, None, None),
            blockers=tuple(blockers),
        )
    own = await context.call(context.catalog.of_run, location, run=context.run_id)
    findings = BackupFindings(table, location, own, None)
    if findings.complete is not None and await _is_done(ask, context, findings.complete):
        return _nothing_to_do(findings, findings.complete.record, step, kind)
    if findings.unfinished is not None and findings.unfinished.record.export.arn:
        return _goes_on(findings, findings.unfinished.record, step, kind)
    warnings: list[str] = []
    try:
        window = await ask("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(wanted.table))
    except DdbBackupError as error:
        warnings.append(f"could not read whether point-in-time recovery is on: {error.message}")
    else:
        findings = BackupFindings(table, location, own, window)
        blockers += _cannot_be_exported(wanted, window)
    if findings.recovery_is_off and wanted.pitr == "enable":
        warnings.append("the run turns point-in-time recovery on, which AWS bills by the size of the table")
    plain = Assessment(
        step, kind, wanted.table, does, findings, blockers=tuple(blockers), warnings=tuple(warnings)
    )
    return await _estimated(context, wanted, plain) if context.estimating else plain


def location_of(context: RunContext, destination: Destination, table: str) -> Location:
    """Where the backups of a table of this account and region are."""
    return locate(destination, context.source.identity, table=table, plan=context.plan.name)


def billed_bytes(table: TableFacts) -> int:
    """What a full export is billed by: the table and its local indexes (secondary sources; see prices.yaml)."""
    local = table.description.get("LocalSecondaryIndexes") or ()
    return table.size_bytes + sum(int(index.get("IndexSizeBytes") or 0) for index in local)


async def _is_done(ask: AwsCaller, context: RunContext, own: StoredRecord) -> bool:
    """Whether AWS confirms the backup that an earlier try of this run has completed.

    A run id of a CI system is the same for all steps of a pipeline and for its repetition: it does again what it has
    finished. A record alone proves nothing.
    """
    record = own.record
    if not context.run_id_is_key or record.export.arn is None:
        return False
    arn = record.export.arn
    try:
        export = await ask("DescribeExport", lambda cloud: cloud.exports.describe(arn))
    except Refused:
        return False
    return export.status == "COMPLETED" and export.item_count == record.data.item_count and is_of(export, own)


def _nothing_to_do(findings: BackupFindings, own: Record, step: str, kind: str) -> Assessment[BackupFindings]:
    return Assessment(
        step,
        kind,
        own.table.name,
        f"nothing: the backup {own.id} of this run is complete",
        findings,
        changes=False,
        items=own.data.item_count,
        size_bytes=own.data.size_bytes,
        facts={"backup": own.id},
    )


def _goes_on(findings: BackupFindings, own: Record, step: str, kind: str) -> Assessment[BackupFindings]:
    return Assessment(
        step,
        kind,
        own.table.name,
        f"continue with the export of {own.id}, which this run has started, verify it and complete its record",
        findings,
        facts={"backup": own.id, "export_arn": own.export.arn},
    )


def _cannot_be_exported(wanted: ExportWanted, window: PitrWindow) -> Iterator[Blocker]:
    if not window.enabled and wanted.pitr != "enable":
        yield Blocker(pitr_is_off(wanted.table))
    elif not window.enabled and wanted.export_time is not None:
        yield Blocker(too_young_for_common_time(wanted.table), after_run=True)
    elif (
        wanted.export_time is not None
        and window.earliest is not None
        and wanted.export_time < window.earliest
    ):
        yield Blocker(
            ExportTimeInvalid(
                f"{wanted.table} can be exported as of {to_iso(window.earliest)} or later, but the common export "
                f"time is {to_iso(wanted.export_time)}",
                hint="run the backup again in a few minutes",
            )
        )


async def _estimated(
    context: RunContext, wanted: ExportWanted, plain: Assessment[BackupFindings]
) -> Assessment[BackupFindings]:
    """The same with size, time and cost, by what earlier backups took."""
    findings = plain.findings
    past = await context.call(_past, context.catalog, findings.location)
    seconds = _export_seconds(past.last)
    return Assessment(
        plain.step,
        plain.kind,
        plain.table,
        plain.does,
        findings,
        items=findings.table.item_count,
        size_bytes=billed_bytes(findings.table),
        seconds=seconds,
        seconds_basis=f"as long as the export of {past.last.id} took" if seconds and past.last else _NO_BASIS,
        cost=_cost(context, wanted, findings, past),
        blockers=plain.blockers,
        warnings=(*plain.warnings, *_warnings(context, findings, past)),
        facts=_facts(wanted, findings, past),
    )


def _past(catalog: Catalog, location: Location) -> _Past:
    running: list[Record] = []
    for stored in catalog.of_table(location):
        if isinstance(stored, BadRecord):
            continue
        if stored.record.state == "complete":
            return _Past(stored.record, tuple(running))
        if stored.record.state == "in_progress":
            running.append(stored.record)
    return _Past(None, tuple(running))


def _warnings(context: RunContext, findings: BackupFindings, past: _Past) -> Iterator[str]:
    for record in past.running:
        if record.run != context.run_id:
            yield (
                f"the backup {record.id} of run {record.run} is still in progress: `ddbbackup wait` continues with it"
            )
    table, last = findings.table, past.last
    if last is not None and table.table_id and last.table.id not in ("", table.table_id):
        yield f"the table was deleted and created again since the backup {last.id}, which is of the old one"


def _export_seconds(last: Record | None) -> float | None:
    if last is None or last.export.ended_at is None:
        return None
    return max(0.0, (last.export.ended_at - last.started_at).total_seconds())


def _cost(context: RunContext, wanted: ExportWanted, findings: BackupFindings, past: _Past) -> Cost:
    """The export, what it adds to the bucket each month, and recovery if it is turned on."""
    size_bytes = billed_bytes(findings.table)
    cost = context.prices.cost("full_export", size_bytes)
    if past.last is not None and past.last.data.size_bytes is not None:
        cost += context.prices.cost("s3_month", past.last.data.size_bytes)
    if findings.recovery_is_off and wanted.pitr == "enable":
        cost += context.prices.cost("pitr_month", size_bytes)
    return cost


def _facts(wanted: ExportWanted, findings: BackupFindings, past: _Past) -> dict[str, Any]:
    recovery = "unknown"
    if findings.window is not None:
        will_be = "turned on by the run" if wanted.pitr == "enable" else "off"
        recovery = "on" if findings.window.enabled else will_be
    last = past.last
    return {
        "backup_kind": "full",
        "destination": wanted.destination.name,
        "export_time": to_iso(wanted.export_time) if wanted.export_time else "its start",
        "point_in_time_recovery": recovery,
        "last_backup": last.id if last else None,
        "last_backup_time": to_iso(last.export.time or last.started_at) if last else None,
    }
