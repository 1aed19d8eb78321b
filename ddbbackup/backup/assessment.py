"""What the backup of one table would do: its size now, time and cost, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.backup.check_destination import look_at
from ddbbackup.catalog import Location, Record, locate
from ddbbackup.errors import DdbBackupError, ExportTimeInvalid
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.cost import Cost
from ddbbackup.ports import PitrWindow, TableFacts
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.recovery_window import pitr_is_off
from ddbbackup.steps.retry import patiently
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.backup.backup_table import BackupTable

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission("s3:ListBucket", "bucket", ("read",)),
    Permission("s3:GetObject", "record", ("read",)),
)

_NO_BASIS: Final = "no earlier export of this table to judge by; small ones took 2 to 12 minutes on AWS"


@dataclass(frozen=True, slots=True)
class Past:
    """What the catalog knows of a table: this run's own record, the newest complete one, those in progress."""

    own: Record | None = None
    last: Record | None = None
    running: tuple[Record, ...] = ()
    errors: tuple[DdbBackupError, ...] = ()


@dataclass(slots=True)
class _Tale:
    """What is gathered on the way to a forecast."""

    blockers: list[DdbBackupError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def assess_backup(step: BackupTable, context: RunContext) -> Assessment:
    """Raises what ``DescribeTable`` raises: that is an obstacle."""
    tale = _Tale()
    table = patiently(context.source.tables.describe, step.table, context.clock)
    tale.blockers += [check.error for check in look_at(context, step.destination) if check.error is not None]
    past = Past() if tale.blockers else _past(step, context, table.arn)
    tale.blockers += past.errors
    if past.own is not None and past.own.state == "complete":
        return _nothing(step, past.own)
    window = _window(step, context, tale)
    if past.own is not None and past.own.state == "in_progress" and past.own.export_arn:
        return _taken_up(step, past.own)
    _warn(step, context, table, past, window, tale)
    seconds = _export_seconds(past.last)
    return Assessment(
        step.id,
        step.kind,
        step.table,
        step.does,
        items=table.item_count,
        size_bytes=billed_bytes(table),
        seconds=seconds,
        seconds_basis=f"as long as the export of {past.last.id} took" if seconds and past.last else _NO_BASIS,
        cost=_cost(step, context, table, past, window),
        blockers=tuple(Blocker(error) for error in tale.blockers),
        warnings=tuple(tale.warnings),
        facts=_facts(step, context, past, window),
    )


def _nothing(step: BackupTable, own: Record) -> Assessment:
    does = f"nothing: the backup {own.id} of this run is complete"
    return Assessment(
        step.id,
        step.kind,
        step.table,
        does,
        changes=False,
        items=own.item_count,
        size_bytes=own.size_bytes,
        facts={"backup": own.id},
    )


def _taken_up(step: BackupTable, own: Record) -> Assessment:
    does = f"take up the export of {own.id}, which this run has started, verify it and complete its record"
    return Assessment(
        step.id, step.kind, step.table, does, facts={"backup": own.id, "export_arn": own.export_arn}
    )


def _past(step: BackupTable, context: RunContext, table_arn: str) -> Past:
    location = _location(step, context)
    try:
        own = context.catalog.of_run(location, step.table, table_arn=table_arn, run=context.run_id)
        last, running = None, []
        for stored in context.catalog.of_table(location, step.table):
            if stored.record.state == "complete":
                last = stored.record
                break
            if stored.record.state == "in_progress":
                running.append(stored.record)
    except DdbBackupError as error:
        return Past(errors=(error,))
    return Past(own.record if own else None, last, tuple(running))


def _location(step: BackupTable, context: RunContext) -> Location:
    identity = context.source.identity
    return locate(
        step.destination,
        account=identity.account,
        region=identity.region,
        table=step.table,
        plan=context.plan.name,
    )


def _window(step: BackupTable, context: RunContext, tale: _Tale) -> PitrWindow | None:
    """The table's recovery window; None if it may not be read, which does not keep the run from exporting."""
    try:
        window = patiently(context.source.tables.pitr, step.table, context.clock)
    except DdbBackupError as error:
        tale.warnings.append(f"whether point-in-time recovery is on could not be found out: {error.message}")
        return None
    tale.blockers += _out_of_window(step, window)
    return window


def _out_of_window(step: BackupTable, window: PitrWindow) -> Iterator[DdbBackupError]:
    if not window.enabled and step.entry.pitr != "enable":
        yield pitr_is_off(step.table)
    elif not window.enabled and step.export_time is not None:
        yield ExportTimeInvalid(
            f"point-in-time recovery is off for {step.table} and would only just be turned on, so the table cannot "
            "be exported as of the common export time",
            hint="turn it on now, and run the backup ten minutes later",
        )
    elif step.export_time is not None and window.earliest is not None and step.export_time < window.earliest:
        yield ExportTimeInvalid(
            f"{step.table} can be exported as of {to_iso(window.earliest)} or later, but the common export time is "
            f"{to_iso(step.export_time)}",
            hint="run the backup some minutes later",
        )


def _warn(
    step: BackupTable,
    context: RunContext,
    table: TableFacts,
    past: Past,
    window: PitrWindow | None,
    tale: _Tale,
) -> None:
    if window is not None and not window.enabled and step.entry.pitr == "enable":
        tale.warnings.append("the run turns point-in-time recovery on, which AWS bills by the table's size")
    for record in past.running:
        if record.run != context.run_id:
            tale.warnings.append(
                f"the backup {record.id} of run {record.run} is still in progress: `ddbbackup wait` takes it up"
            )
    if past.last is not None and table.table_id and past.last.table_id not in ("", table.table_id):
        tale.warnings.append(
            f"the table was deleted and made anew since the backup {past.last.id}, which is of the old one"
        )


def _export_seconds(last: Record | None) -> float | None:
    if last is None or last.export_ended_at is None:
        return None
    return max(0.0, (last.export_ended_at - last.started_at).total_seconds())


def billed_bytes(table: TableFacts) -> int:
    """What a full export is billed by: the table and its local indexes (secondary sources; see prices.yaml)."""
    local = table.description.get("LocalSecondaryIndexes") or ()
    return table.size_bytes + sum(int(index.get("IndexSizeBytes") or 0) for index in local)


def _cost(
    step: BackupTable, context: RunContext, table: TableFacts, past: Past, window: PitrWindow | None
) -> Cost:
    """The export, what it adds to the bucket each month, and recovery if it is turned on."""
    cost = context.prices.cost("full_export", billed_bytes(table))
    if past.last is not None and past.last.size_bytes is not None:
        cost += context.prices.cost("s3_month", past.last.size_bytes)
    if window is not None and not window.enabled and step.entry.pitr == "enable":
        cost += context.prices.cost("pitr_month", billed_bytes(table))
    return cost


def _facts(step: BackupTable, context: RunContext, past: Past, window: PitrWindow | None) -> dict[str, Any]:
    recovery = "unknown"
    if window is not None:
        will_be = "turned on by the run" if step.entry.pitr == "enable" else "off"
        recovery = "on" if window.enabled else will_be
    last = past.last
    return {
        "backup_kind": "full",
        "destination": step.destination.name,
        "export_time": to_iso(step.export_time) if step.export_time else "its start",
        "point_in_time_recovery": recovery,
        "last_backup": last.id if last else None,
        "last_backup_time": to_iso(last.export_time or last.started_at) if last else None,
    }
