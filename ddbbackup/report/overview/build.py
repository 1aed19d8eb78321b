"""Makes the document of ``report``. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ddbbackup import __version__
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.cost import Cost, CostLine
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.selection import format_selector
from ddbbackup.report.documents.overview import (
    Coverage,
    Finding,
    FindingKind,
    Overview,
    OverviewTotals,
    RetentionOutlook,
    RunningBackup,
    Severity,
    TableOverview,
    TableState,
)
from ddbbackup.report.documents.preview import PriceList, cost_info
from ddbbackup.report.documents.read_plan import ReadPlan, naming, read_plan, unread_plan
from ddbbackup.report.formatting import counted, duration, planned_duration
from ddbbackup.report.overview.costs import merged, monthly_cost
from ddbbackup.report.overview.outlook import outlook
from ddbbackup.report.overview.points import KnownPoint, known_points
from ddbbackup.report.overview.timeline import breaches, days, known_since, samples, stretches
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.catalog import Location
    from ddbbackup.model.table_status import TableStatus
    from ddbbackup.model.verification_result import VerificationResult
    from ddbbackup.plan.model import Retention, TableEntry
    from ddbbackup.ports import Identity
    from ddbbackup.pricing.prices import Prices
    from ddbbackup.retention.decision import Decision
    from ddbbackup.retention.survey import Survey

_FINE, _COARSE, _FEW = 100, 24, 300
"""How finely the history of a table is shown, if there are few tables and if there are many: pages stay small."""
_SEVERITY: Final = {"error": 0, "warning": 1}
_Found = tuple[FindingKind, Severity, str]


@dataclass(frozen=True, slots=True)
class ObservedTable:
    """What was read of one table in one destination.

    ``entry`` is that of the plan, None if it does not select the table, or not into this destination. ``status`` and
    ``survey`` are None if they could not be read, for the reason in ``error``. ``policy`` and ``decision`` are those
    of ``prune``; the latter is None without a policy, and if it needs what could not be read, for the reason in
    ``decision_error``. ``exists`` is None if that is unknown. ``gone``: it has recent
    backups and an entry would select it, but it does not exist.
    """

    location: Location
    entry: TableEntry | None = None
    status: TableStatus | None = None
    survey: Survey | None = None
    policy: Retention | None = None
    decision: Decision | None = None
    decision_error: DdbBackupError | None = None
    error: DdbBackupError | None = None
    exists: bool | None = None
    gone: bool = False

    @property
    def is_known(self) -> bool:
        """Not one that the plan does not select and of which no record is there, only other objects in its folder."""
        if self.entry is not None or self.error is not None or self.survey is None:
            return True
        survey = self.survey
        return bool(survey.chains or survey.records or survey.summarized or survey.unrestorable or survey.bad)


@dataclass(frozen=True, slots=True)
class AccountTables:
    """The names of the tables of the account and region, or why they could not be listed."""

    names: Collection[str] | None
    error: DdbBackupError | None = None


@dataclass(frozen=True, slots=True)
class ObservedPlan:
    """What was read of one plan. ``unselected`` are the errors of selectors, ``unreadable`` those of destinations,
    which their ``tables`` have, too.
    """

    name: str
    files: Sequence[str]
    identity: Identity
    tables: Sequence[ObservedTable]
    account: AccountTables
    unselected: Sequence[DdbBackupError] = ()
    unreadable: Sequence[DdbBackupError] = ()

    @property
    def errors(self) -> list[DdbBackupError]:
        """Each once: of a bucket that cannot be read, every table has the same."""
        of_tables = [each.error for each in self.tables if each.error is not None]
        found: dict[tuple[str, str], DdbBackupError] = {}
        for error in (*self.unselected, *self.unreadable, *of_tables):
            found.setdefault((error.message, error.hint), error)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class FailedPlan:
    """One of several plans, of which nothing could be read."""

    files: Sequence[str]
    error: DdbBackupError


def overview(plans: Sequence[ObservedPlan | FailedPlan], *, prices: Prices, now: datetime) -> Overview:
    observed = [plan for plan in plans if isinstance(plan, ObservedPlan)]
    tables = list(_without_repeated(observed))
    detail = _FINE if len(tables) <= _FEW else _COARSE
    rows: list[TableOverview] = []
    lines: list[CostLine] = []
    for plan, each in tables:
        points = known_points(each.survey) if each.survey is not None else ()
        cost = monthly_cost(points, each.entry, _table_bytes(each), prices=prices, now=now)
        lines += cost.lines
        rows.append(_row(plan, each, points, cost, now, detail))
    ordered = sorted(rows, key=_rank)
    shown = tuple(map(_read_plan, plans))
    return Overview(
        version=__version__,
        plans=shown,
        now=now,
        today=now.astimezone(UTC).date(),
        totals=_totals(rows),
        findings=(*_of_plans(plans), *(finding for row in ordered for finding in row.findings)),
        coverage=tuple(_coverage(observed)),
        tables=tuple(ordered),
        cost=cost_info(merged(lines)),
        prices=PriceList(prices.as_of, prices.region, prices.file),
        exit_code=max(each.exit_code for each in shown),
    )


def _without_repeated(plans: Sequence[ObservedPlan]) -> Iterator[tuple[ObservedPlan, ObservedTable]]:
    """Plans of one name may share a catalog: what one of them selects, the others do not keep without an entry."""
    seen = {each.location for plan in plans for each in plan.tables if each.entry is not None}
    for plan in plans:
        for each in plan.tables:
            if each.entry is None:
                if each.location in seen:
                    continue
                seen.add(each.location)
            yield plan, each


def _read_plan(plan: ObservedPlan | FailedPlan) -> ReadPlan:
    if isinstance(plan, FailedPlan):
        return unread_plan(plan.files, plan.error)
    errors = plan.errors
    return read_plan(
        plan.name, plan.files, plan.identity, errors, exit_code=errors[0].exit_code if errors else 0
    )


def _of_plans(plans: Iterable[ObservedPlan | FailedPlan]) -> Iterator[Finding]:
    for plan in plans:
        if isinstance(plan, FailedPlan):
            yield Finding("plan", "error", None, None, None, None, naming(plan.files, plan.error.message))
        else:
            for error in plan.unselected:
                yield _of_plan(plan, "selector", error.message)
            told = {each.error for each in plan.tables}
            for error in plan.unreadable:
                if error not in told:
                    yield _of_plan(plan, "unreadable", error.message)


def _of_plan(plan: ObservedPlan, kind: FindingKind, message: str) -> Finding:
    identity = plan.identity
    return Finding(kind, "error", plan.name, identity.account, identity.region, None, message)


def _rank(row: TableOverview) -> tuple[int, int, str, str, str]:
    """Errors first, then warnings; then the tables of the plan before others; then by name."""
    worst = min((_SEVERITY[each.severity] for each in row.findings), default=2)
    return worst, row.status == "kept", row.table, row.plan, row.place


def _table_bytes(table: ObservedTable) -> int | None:
    return table.status.table_bytes if table.status is not None else None


def _row(
    plan: ObservedPlan,
    table: ObservedTable,
    points: Sequence[KnownPoint],
    cost: Cost,
    now: datetime,
    detail: int,
) -> TableOverview:
    entry, status, survey = table.entry, table.status, table.survey
    usable = [point for point in points if not point.damaged]
    rpo = entry.rpo_seconds if entry is not None else None
    times = sorted(point.begins for point in usable)
    since = known_since(table.policy, usable, rpo) if usable else None
    undecided = table.decision_error or table.error
    broken = breaches(times, rpo, known_since=since, now=now) if since is not None else ()
    return TableOverview(
        plan=plan.name,
        account=table.location.account,
        region=table.location.region,
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
        size_bytes=sum(point.size_bytes or 0 for point in points),
        unsized=sum(point.size_bytes is None for point in points),
        table_bytes=_table_bytes(table),
        items=status.items if status is not None and status.items is not None else _items(usable),
        verified=_verified(table, usable),
        running=tuple(_running(survey)),
        days=days(times, broken, known_since=since, has_rpo=rpo is not None, now=now)
        if survey is not None
        else (),
        stretches=stretches(times, now, at_most=detail),
        breaches=tuple(broken),
        rpo_known_since=since if rpo is not None else None,
        whole=samples((point for point in points if point.kind != "window"), at_most=detail // 2),
        windows=samples((point for point in points if point.kind == "window"), at_most=detail // 2),
        retention=_outlook(table, points),
        retention_error=undecided.message if undecided is not None else None,
        cost=cost_info(cost),
        findings=tuple(_findings(plan.name, table, points)),
    )


def _verified(table: ObservedTable, usable: Sequence[KnownPoint]) -> VerificationResult | None:
    """Of the newest backup. A summary does not say when it was verified."""
    if table.status is not None:
        return table.status.verified
    stored = table.survey.records.get(usable[-1].id) if table.survey is not None and usable else None
    return (
        stored.record.verified.outcome if stored is not None and stored.record.verified is not None else None
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
    return table.status.standing


def _running(survey: Survey | None) -> Iterator[RunningBackup]:
    if survey is None:
        return
    running = [stored.record for stored in survey.in_state("in_progress")]
    for record in sorted(running, key=lambda each: each.started_at, reverse=True):
        yield RunningBackup(record.id, record.kind, record.started_at)


def _findings(plan: str, table: ObservedTable, points: Sequence[KnownPoint]) -> Iterator[Finding]:
    place = table.location
    for kind, severity, message in _found(table, points):
        yield Finding(kind, severity, plan, place.account, place.region, place.table, message)


def _found(table: ObservedTable, points: Sequence[KnownPoint]) -> Iterator[_Found]:
    status = table.status
    if table.error is not None:
        yield "unreadable", "error", table.error.message
    if table.gone:
        yield "gone", "error", "this table does not exist any more"
    if status is not None:
        yield from _of_status(status)
    told = {each.backup for each in status.not_restorable} if status is not None else set()
    damaged = [point.id for point in points if point.damaged]
    if not told.issuperset(damaged):
        needs = f"{len(damaged)} of {counted(len(points), 'restore point')}"
        yield "damaged", "error", f"damaged data is needed by {needs}"
    if table.decision is not None and table.decision.bad:
        unusable = counted(len(table.decision.bad), "record")
        yield "prune", "warning", f"nothing is pruned, because of {unusable} that cannot be used"


def _of_status(status: TableStatus) -> Iterator[_Found]:
    late: Severity = "error" if status.breaks_rpo else "warning"
    if status.standing == "unrestorable":
        yield "unrestorable", late, "no backup of it can be restored"
    elif status.standing == "never":
        yield "never", late, "never backed up"
    elif status.standing == "stale":
        age, rpo = duration(status.age_seconds), planned_duration(status.rpo_seconds)
        yield "stale", "error", f"{age} old, RPO {rpo}"
    if status.last_failure is not None:
        yield "failed", late, status.last_failure
    for each in status.not_restorable:
        yield "not_restorable", "error", f"{each.backup} cannot be restored: {each.reason}"
    if status.gap_since is not None:
        began = f"the chain of {status.backup} began"
        yield (
            "gap",
            "warning",
            f"changes after {to_iso(status.gap_since)} and before {began} may be in no backup",
        )


def _coverage(plans: Sequence[ObservedPlan]) -> Iterator[Coverage]:
    """For each account and region. One plan may list tables that the role of another may not."""
    for account, region in sorted({(each.identity.account, each.identity.region) for each in plans}):
        own = [each for each in plans if (each.identity.account, each.identity.region) == (account, region)]
        names = next((each.account.names for each in own if each.account.names is not None), None)
        if names is None:
            reason = next(
                (each.account.error.message for each in own if each.account.error is not None), None
            )
            yield Coverage(account, region, None, reason, ())
            continue
        covered = {each.location.table for plan in own for each in plan.tables if each.entry is not None}
        yield Coverage(account, region, len(names), None, tuple(sorted(set(names) - covered)))


def _totals(rows: Sequence[TableOverview]) -> OverviewTotals:
    states = Counter(row.status for row in rows)
    outlooks = [row.retention for row in rows if row.retention is not None]
    return OverviewTotals(
        tables=sum(row.entry is not None for row in rows),
        without_rpo=sum(row.entry is not None and row.rpo_seconds is None for row in rows),
        ok=states["ok"],
        failed=states["failed"],
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
        unsized=sum(row.unsized for row in rows),
        removes=sum(each.removes for each in outlooks),
        removes_bytes=sum(each.removes_bytes or 0 for each in outlooks),
    )
