"""Makes the document of ``report``. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from ddbbackup import __version__
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.cost import Cost, CostLine
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.selection import format_selector
from ddbbackup.report.documents.failure import error_info
from ddbbackup.report.documents.overview import (
    Coverage,
    Finding,
    Overview,
    OverviewTotals,
    RetentionOutlook,
    RunningBackup,
    TableOverview,
    TableState,
)
from ddbbackup.report.documents.preview import PriceList, cost_info
from ddbbackup.report.formatting import counted, duration
from ddbbackup.report.overview.costs import merged, monthly_cost
from ddbbackup.report.overview.outlook import outlook
from ddbbackup.report.overview.points import KnownPoint, known_points
from ddbbackup.report.overview.timeline import breaches, days, known_since, samples, stretches
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.catalog import Location
    from ddbbackup.model.table_status import TableStatus
    from ddbbackup.plan.model import Retention, TableEntry
    from ddbbackup.ports import Identity
    from ddbbackup.pricing.prices import Prices
    from ddbbackup.retention.decision import Decision
    from ddbbackup.retention.survey import Survey

_FINE, _COARSE, _FEW = 100, 24, 300
"""How finely the history of a table is shown, if there are few tables and if there are many: pages stay small."""
_SEVERITY: Final = {"error": 0, "warning": 1}


@dataclass(frozen=True, slots=True)
class ObservedTable:
    """What was read of one table in one destination.

    ``entry`` is that of the plan, None if it does not select the table, or not into this destination. ``status`` and
    ``survey`` are None if they could not be read, for the reason in ``error``. ``policy`` and ``decision`` are those
    of ``prune``, None without a policy. ``exists`` is None if that is unknown.
    """

    location: Location
    entry: TableEntry | None = None
    status: TableStatus | None = None
    survey: Survey | None = None
    policy: Retention | None = None
    decision: Decision | None = None
    error: DdbBackupError | None = None
    exists: bool | None = None


@dataclass(frozen=True, slots=True)
class AccountTables:
    """The names of the tables of the account and region, or why they could not be listed."""

    names: Collection[str] | None
    error: DdbBackupError | None = None


def overview(
    plan: str,
    identity: Identity,
    tables: Sequence[ObservedTable],
    account: AccountTables,
    errors: Sequence[DdbBackupError],
    *,
    prices: Prices,
    now: datetime,
) -> Overview:
    """``errors`` are those of selectors and destinations; those of tables are in ``tables``."""
    detail = _FINE if len(tables) <= _FEW else _COARSE
    rows: list[TableOverview] = []
    lines: list[CostLine] = []
    for each in tables:
        points = known_points(each.survey) if each.survey is not None else ()
        cost = monthly_cost(points, each.entry, _table_bytes(each), prices=prices, now=now)
        lines += cost.lines
        rows.append(_row(each, points, cost, now, detail))
    of_plan = [Finding("selector", "error", None, error.message) for error in errors]
    ordered = sorted(rows, key=_rank)
    every = [*errors, *(each.error for each in tables if each.error is not None)]
    return Overview(
        plan=plan,
        version=__version__,
        account=identity.account,
        region=identity.region,
        now=now,
        today=now.astimezone(UTC).date(),
        totals=_totals(rows),
        findings=(*of_plan, *(finding for row in ordered for finding in row.findings)),
        coverage=_coverage(tables, account),
        tables=tuple(ordered),
        cost=cost_info(merged(lines)),
        prices=PriceList(prices.as_of, prices.region, prices.file),
        errors=tuple(error_info(error) for error in every),
        exit_code=every[0].exit_code if every else 0,
    )


def _rank(row: TableOverview) -> tuple[int, int, str, str]:
    """Errors first, then warnings; then the tables of the plan before others; then by name."""
    worst = min((_SEVERITY[each.severity] for each in row.findings), default=2)
    return worst, row.status == "kept", row.table, row.place


def _table_bytes(table: ObservedTable) -> int | None:
    return table.status.table_bytes if table.status is not None else None


def _row(
    table: ObservedTable, points: Sequence[KnownPoint], cost: Cost, now: datetime, detail: int
) -> TableOverview:
    entry, status, survey = table.entry, table.status, table.survey
    usable = [point for point in points if not point.damaged]
    rpo = entry.rpo_seconds if entry is not None else None
    times = sorted(point.begins for point in usable)
    since = known_since(table.policy, usable, rpo) if usable else None
    broken = breaches(times, rpo, known_since=since, now=now) if since is not None else ()
    size_bytes = sum(point.size_bytes or 0 for point in points)
    return TableOverview(
        table=table.location.table,
        status=_status(table),
        entry=format_selector(entry) if entry is not None else None,
        method=entry.method if entry is not None else None,
        place=S3Location(table.location.bucket, table.location.prefix).uri,
        exists=table.exists,
        backup=status.backup if status is not None else (usable[-1].id if usable else None),
        newest=status.export_time if status is not None else (times[-1] if times else None),
        oldest=times[0] if times else None,
        age_seconds=int((now - times[-1]).total_seconds()) if times else None,
        rpo_seconds=rpo,
        restore_points=len(usable),
        kinds=dict(Counter(point.kind for point in usable)),
        size_bytes=size_bytes,
        table_bytes=_table_bytes(table),
        items=status.items if status is not None and status.items is not None else _items(usable),
        verified=status.verified if status is not None else None,
        running=tuple(_running(survey)),
        days=days(times, broken, known_since=since, has_rpo=rpo is not None, now=now),
        stretches=stretches(times, now, at_most=detail),
        breaches=tuple(broken),
        whole=samples((point for point in points if point.kind != "window"), at_most=detail // 2),
        windows=samples((point for point in points if point.kind == "window"), at_most=detail // 2),
        retention=_outlook(table, points),
        cost=cost_info(cost),
        findings=tuple(_findings(table, points)),
    )


def _outlook(table: ObservedTable, points: Sequence[KnownPoint]) -> RetentionOutlook | None:
    if table.policy is None or table.survey is None or table.decision is None:
        return None
    full_every = table.entry.full_every_seconds if table.entry is not None else None
    return outlook(table.policy, table.survey, table.decision, points, full_every_seconds=full_every)


def _items(points: Sequence[KnownPoint]) -> int | None:
    """Of the newest backup of the whole table."""
    whole = [point for point in points if point.kind != "window"]
    return whole[-1].item_count if whole else None


def _status(table: ObservedTable) -> TableState:
    if table.error is not None:
        return "unknown"
    if table.entry is None:
        return "kept"
    if table.status is None:
        return "unknown"
    return "unrestorable" if _is_unrestorable(table.status) else table.status.state


def _is_unrestorable(status: TableStatus) -> bool:
    return status.state == "never" and bool(status.not_restorable)


def _running(survey: Survey | None) -> Iterator[RunningBackup]:
    if survey is None:
        return
    running = [stored.record for stored in survey.in_state("in_progress")]
    for record in sorted(running, key=lambda each: each.started_at, reverse=True):
        yield RunningBackup(record.id, record.kind, record.started_at)


def _findings(table: ObservedTable, points: Sequence[KnownPoint]) -> Iterator[Finding]:
    name, status = table.location.table, table.status
    if table.error is not None:
        yield Finding("unreadable", "error", name, table.error.message)
    if status is not None:
        yield from _of_status(name, status)
    told = {each.backup for each in status.not_restorable} if status is not None else set()
    damaged = [point.id for point in points if point.damaged]
    if not told.issuperset(damaged):
        needs = f"{len(damaged)} of {counted(len(points), 'restore point')}"
        yield Finding("damaged", "error", name, f"damaged data is needed by {needs}")
    if table.decision is not None and table.decision.bad:
        unusable = counted(len(table.decision.bad), "record")
        yield Finding(
            "prune", "warning", name, f"nothing is pruned, because of {unusable} that cannot be used"
        )


def _of_status(name: str, status: TableStatus) -> Iterator[Finding]:
    late: Literal["error", "warning"] = "error" if status.breaks_rpo else "warning"
    if _is_unrestorable(status):
        yield Finding("unrestorable", late, name, "no backup of it can be restored")
    elif status.state == "never":
        yield Finding("never", late, name, "never backed up")
    elif status.state == "stale":
        age, rpo = duration(status.age_seconds), duration(status.rpo_seconds)
        yield Finding("stale", "error", name, f"{age} old, RPO {rpo}")
    if status.last_failure is not None:
        yield Finding("failed", late, name, status.last_failure)
    for each in status.not_restorable:
        yield Finding("not_restorable", "error", name, f"{each.backup} cannot be restored: {each.reason}")
    if status.gap_since is not None:
        yield Finding(
            "gap",
            "warning",
            name,
            f"changes after {to_iso(status.gap_since)} and before the chain of {status.backup} began may be in no "
            "backup",
        )


def _coverage(tables: Sequence[ObservedTable], account: AccountTables) -> Coverage:
    covered = {each.location.table for each in tables if each.entry is not None}
    if account.names is None:
        return Coverage(None, account.error.message if account.error is not None else None, ())
    return Coverage(len(account.names), None, tuple(sorted(set(account.names) - covered)))


def _totals(rows: Sequence[TableOverview]) -> OverviewTotals:
    states = Counter(row.status for row in rows)
    outlooks = [row.retention for row in rows if row.retention is not None]
    return OverviewTotals(
        tables=sum(row.entry is not None for row in rows),
        ok=states["ok"],
        stale=states["stale"],
        never=states["never"],
        unrestorable=states["unrestorable"],
        unknown=states["unknown"],
        running=sum(len(row.running) for row in rows),
        verified=sum(
            row.entry is not None and row.verified is not None and row.verified.result == "ok" for row in rows
        ),
        restore_points=sum(row.restore_points for row in rows),
        size_bytes=sum(row.size_bytes for row in rows),
        removes=sum(each.removes for each in outlooks),
        removes_bytes=sum(each.removes_bytes or 0 for each in outlooks),
    )
