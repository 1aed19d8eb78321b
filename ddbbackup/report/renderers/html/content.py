"""What the template shows: the texts, classes and paths of the document, so that the template only places them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.report.documents.overview import (
    RECENT_DAYS,
    DayState,
    Finding,
    FindingKind,
    Overview,
    RetentionOutlook,
    Sample,
    TableOverview,
)
from ddbbackup.report.formatting import count, counted, duration, size
from ddbbackup.report.phrases import money
from ddbbackup.report.renderers.html.drawings import (
    CHART_HEIGHT,
    CHART_WIDTH,
    DAY_WIDTH,
    TIMELINE_WIDTH,
    Path,
    chart,
    day_strip,
    timeline,
)

SHOWN: Final = 10
"""Tables of a list that are shown at once; the others are behind a click."""
TOGETHER: Final = 40
"""Tables that are named for one reason."""
NAMED: Final = 400
"""Tables of a list that are named at all; `--output json` has all."""

_TITLES: Final[Mapping[FindingKind, tuple[str, str]]] = {
    "selector": ("The plan does not select what it should", "correct `tables` in the plan"),
    "unreadable": ("The catalog could not be read", "run `ddbbackup doctor`"),
    "unrestorable": (
        "Backups exist, but none can be restored",
        "run `ddbbackup backup --only TABLE` to make another",
    ),
    "never": ("Never backed up", "run `ddbbackup backup --only TABLE`"),
    "stale": ("Newest restore point older than the RPO", "run `ddbbackup backup --only TABLE`"),
    "damaged": ("Damaged backups", "run `ddbbackup verify --all --only TABLE`"),
    "failed": ("Last backup failed", "fix the cause, then run `ddbbackup backup --only TABLE`"),
    "not_restorable": (
        "Newer backups that cannot be restored",
        "run `ddbbackup backup --only TABLE` to make another",
    ),
    "gap": ("Gaps before the newest chain", "keep the restore points from before the gap"),
    "prune": ("Retention is blocked", "run `ddbbackup list --only TABLE`"),
}
_STATES: Final[Mapping[DayState, str]] = {
    "met": "RPO met",
    "late": "RPO broken for a part of the day",
    "missed": "RPO broken all day",
    "thinned": "unknown: thinned by retention",
    "none": "no restore point",
}
_LATE: Final = ("unrestorable", "never", "stale")
_RATES: Final = {
    "s3_month": "Storage in S3",
    "snapshot_month": "On-demand backups",
    "full_export": "Full exports",
    "incremental_export": "Incremental exports",
    "pitr_month": "Point-in-time recovery",
}


class Link(NamedTuple):
    """A table, and the fragment of its row; empty if there is none."""

    table: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list: tables, of which ``unnamed`` are only counted, and what is true of all of them."""

    links: Sequence[Link]
    text: str
    unnamed: str = ""


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    title: str
    hint: str
    severity: str
    total: str
    first: Sequence[Item]
    rest: Sequence[Item]
    unnamed: int


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    line: str
    since: str
    until: str
    highest: str
    last: str


@dataclass(frozen=True, slots=True)
class Row:
    """``keys`` are numbers to sort by: findings, age, restore points, bytes, items, verification."""

    anchor: str
    keys: str
    words: str
    table: str
    status: str
    flag: str
    flag_class: str
    age: str
    rpo: str
    is_late: bool
    strip: Sequence[Path]
    strip_text: str
    points: str
    bytes: str
    items: str
    verified: str
    verified_is_bad: bool
    facts: Sequence[tuple[str, str]]
    timeline: Sequence[Path]
    timeline_text: str
    since: str
    charts: Sequence[Chart]
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Running:
    table: str
    anchor: str
    backup: str
    kind: str
    since: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole of it."""

    title: str
    plan: str
    place: str
    made: str
    verdict: str
    verdict_class: str
    tiles: Sequence[tuple[str, str, str]]
    problems: Sequence[ProblemGroup]
    running: Sequence[Running]
    coverage: str
    uncovered: Sequence[str]
    uncovered_unnamed: int
    kept: Sequence[Item]
    kept_unnamed: int
    retention: Sequence[tuple[str, str]]
    removals: Sequence[Item]
    removals_unnamed: int
    costs: Sequence[tuple[str, str]]
    cost_total: str
    cost_notes: Sequence[str]
    rows: Sequence[Row]
    states: Sequence[tuple[str, str]]
    strip_width: int = DAY_WIDTH * RECENT_DAYS
    timeline_width: int = TIMELINE_WIDTH
    chart_width: int = CHART_WIDTH
    chart_height: int = CHART_HEIGHT


def page_of(document: Overview) -> Page:
    anchors: dict[str, str] = {}
    for number, row in enumerate(document.tables):
        anchors.setdefault(row.table, f"t{number}")
    kept = [
        Item([Link(row.table, anchors[row.table])], _kept(row))
        for row in document.tables
        if row.status == "kept"
    ]
    removals = [
        Item([Link(row.table, anchors[row.table])], _removal(row.retention))
        for row in document.tables
        if row.retention is not None and row.retention.removes
    ]
    uncovered = document.coverage.uncovered
    verdict, verdict_class = _verdict(document)
    return Page(
        title=f"{document.plan}: {verdict} – ddbbackup",
        plan=document.plan,
        place=f"account {document.account}, region {document.region}",
        made=f"{_minute(document.now)} by ddbbackup {document.version}",
        verdict=verdict,
        verdict_class=verdict_class,
        tiles=tuple(_tiles(document)),
        problems=tuple(_problems(document.findings, anchors)),
        running=tuple(
            Running(
                row.table,
                anchors[row.table],
                each.backup,
                each.kind,
                duration((document.now - each.started_at).total_seconds()),
            )
            for row in document.tables
            for each in row.running
        ),
        coverage=_coverage(document),
        uncovered=uncovered[:NAMED],
        uncovered_unnamed=len(uncovered[NAMED:]),
        kept=kept[:NAMED],
        kept_unnamed=len(kept[NAMED:]),
        retention=tuple(_retention(document)),
        removals=removals[:NAMED],
        removals_unnamed=len(removals[NAMED:]),
        costs=tuple(
            (_RATES.get(line.name, line.name), _line(line.usd, line.confidence))
            for line in document.cost.lines
        ),
        cost_total=money(document.cost),
        cost_notes=tuple(_cost_notes(document)),
        rows=tuple(_row(row, f"t{number}", document.now) for number, row in enumerate(document.tables)),
        states=tuple((state, text) for state, text in _STATES.items()),
    )


# ---- the plan


def _verdict(document: Overview) -> tuple[str, str]:
    totals = document.totals
    broken = totals.stale + totals.never + totals.unrestorable
    parts = []
    if broken:
        parts.append(f"{counted(broken, 'table')} without a restore point within the RPO")
    if totals.unknown:
        parts.append(f"{counted(totals.unknown, 'table')} that could not be read")
    others = {each.table for each in document.findings} - {
        row.table for row in document.tables if row.status in (*_LATE, "unknown")
    }
    severities = {each.severity for each in document.findings}
    if parts:
        return " and ".join(parts), "bad"
    if others:
        return (
            f"{counted(len(others), 'problem')} to look at; every table has a restore point within its RPO",
            "bad" if "error" in severities else "late",
        )
    return (
        f"all {counted(totals.tables, 'table')} have a restore point within the RPO"
        if totals.tables != 1
        else ("the table has a restore point within its RPO"),
        "ok",
    )


def _tiles(document: Overview) -> Iterator[tuple[str, str, str]]:
    totals, coverage = document.totals, document.coverage
    states = [f"{count(number)} {name}" for name in (*_LATE, "unknown") if (number := getattr(totals, name))]
    yield "Tables within RPO", f"{count(totals.ok)} of {count(totals.tables)}", ", ".join(states)
    oldest = min((row.oldest for row in document.tables if row.oldest is not None), default=None)
    yield "Restore points", count(totals.restore_points), f"since {oldest:%Y-%m-%d}" if oldest else ""
    yield "Stored", size(totals.size_bytes), "data of all backups"
    yield "Newest backup verified", f"{count(totals.verified)} of {count(totals.tables)}", "tables"
    if coverage.tables is not None:
        yield "Not in the plan", count(len(coverage.uncovered)), f"of {counted(coverage.tables, 'table')}"
    yield "Running now", count(totals.running), counted(totals.running, "backup").split(" ", 1)[1]
    yield "Cost, estimated", f"≈ ${document.cost.usd_monthly:,.2f}", "per month"


def _problems(findings: Sequence[Finding], anchors: Mapping[str, str]) -> Iterator[ProblemGroup]:
    """One group for each kind, those with errors first."""
    for severity in ("error", "warning"):
        for kind, (title, hint) in _TITLES.items():
            own = [each for each in findings if (each.kind, each.severity) == (kind, severity)]
            if own:
                items = list(_by_message(own, anchors))
                yield ProblemGroup(
                    title,
                    hint,
                    severity,
                    counted(len(own), "table" if own[0].table is not None else "problem"),
                    items[:SHOWN],
                    items[SHOWN:NAMED],
                    len(items[NAMED:]),
                )


def _by_message(findings: Sequence[Finding], anchors: Mapping[str, str]) -> Iterator[Item]:
    """What is true of many tables is said once."""
    tables: dict[str, list[Link]] = {}
    for each in findings:
        links = tables.setdefault(each.message, [])
        if each.table is not None:
            links.append(Link(each.table, anchors.get(each.table, "")))
    for message, links in tables.items():
        more = len(links[TOGETHER:])
        yield Item(links[:TOGETHER], message, f"and {count(more)} more" if more else "")


def _coverage(document: Overview) -> str:
    coverage = document.coverage
    if coverage.tables is None:
        return f"The tables of the account could not be compared with the plan: {coverage.reason}."
    if not coverage.uncovered:
        return f"The plan covers all {counted(coverage.tables, 'table')} of this account and region."
    return (
        f"{counted(len(coverage.uncovered), 'table')} of {count(coverage.tables)} in this account and region "
        f"{'is' if len(coverage.uncovered) == 1 else 'are'} in no entry of the plan."
    )


def _kept(row: TableOverview) -> str:
    exists = "deleted" if row.exists is False else "not in the plan" if row.exists else ""
    newest = f"newest {row.newest:%Y-%m-%d}" if row.newest is not None else ""
    parts = (exists, counted(row.restore_points, "restore point"), size(row.size_bytes), newest)
    return ", ".join(part for part in parts if part)


def _removal(outlook: RetentionOutlook) -> str:
    span = ""
    if outlook.oldest is not None and outlook.newest is not None:
        first, last = f"{outlook.oldest:%Y-%m-%d}", f"{outlook.newest:%Y-%m-%d}"
        span = f", of {first}" if first == last else f", of {first} to {last}"
    every = outlook.keeps + outlook.removes
    return f"{count(outlook.removes)} of {count(every)}, {size(outlook.removes_bytes)}{span}"


def _retention(document: Overview) -> Iterator[tuple[str, str]]:
    outlooks = [row.retention for row in document.tables if row.retention is not None]
    if not outlooks:
        return
    totals = document.totals
    yield "Now, by `ddbbackup prune --apply`", f"{count(totals.removes)}, {size(totals.removes_bytes)}"
    later: Counter[int] = Counter()
    for each in outlooks:
        for removal in each.later:
            later[removal.days] += removal.points
    for days, points in sorted(later.items()):
        yield f"Within {days} days", f"≈ {count(points)}"


def _line(usd: float | None, confidence: str) -> str:
    if usd is None:
        return "unknown price"
    return f"${usd:,.2f}{'*' if confidence == 'unverified' else ''}"


def _cost_notes(document: Overview) -> Iterator[str]:
    cost, prices = document.cost, document.prices
    other = f"; prices in {document.region} may differ" if prices.region != document.region else ""
    yield f"An estimate for a month like the last 30 days, at {prices.region} list prices of {prices.as_of}{other}."
    if cost.unverified:
        yield "* a price that could not be verified."
    yield "Without requests, KMS, data transfer, and what else S3 bills."


# ---- one table


def _row(row: TableOverview, anchor: str, now: datetime) -> Row:
    severity = min((0 if each.severity == "error" else 1 for each in row.findings), default=2)
    numbers = (
        severity,
        row.age_seconds if row.age_seconds is not None else 10**10,
        row.restore_points,
        row.size_bytes,
        row.items or 0,
        int(row.verified.at.timestamp()) if row.verified is not None else 0,
    )
    is_late = row.status in _LATE
    flag = next((each for each in row.findings if each.kind not in (row.status, "unreadable")), None)
    return Row(
        anchor=anchor,
        keys=" ".join(map(str, numbers)),
        words=" ".join(
            part for part in (row.method, "running" if row.running else "", flag and flag.kind) if part
        ),
        table=row.table,
        status=row.status,
        flag=flag.kind.replace("_", " ") if flag is not None else "",
        flag_class=("bad" if flag.severity == "error" else "late") if flag is not None else "",
        age=duration(row.age_seconds) if row.age_seconds is not None else "–",
        rpo=duration(row.rpo_seconds) if row.rpo_seconds is not None else "",
        is_late=is_late,
        strip=day_strip(row.days),
        strip_text=_strip_text(row.days),
        points=count(row.restore_points),
        bytes=size(row.size_bytes),
        items=count(row.items),
        verified=_verified(row.verified),
        verified_is_bad=row.verified is not None and row.verified.result != "ok",
        facts=tuple(_facts(row)),
        timeline=timeline(row.stretches, row.breaches, row.stretches[0].since, now) if row.stretches else (),
        timeline_text=_timeline_text(row),
        since=_minute(row.stretches[0].since) if row.stretches else "",
        charts=tuple(_charts(row)),
        findings=row.findings,
    )


def _verified(result: VerificationResult | None) -> str:
    if result is None:
        return "–"
    return f"{'damaged ' if result.result != 'ok' else ''}{result.at:%Y-%m-%d}"


def _strip_text(days: Sequence[DayState]) -> str:
    """For those who do not see the picture."""
    counts = Counter(days)
    parts = (f"{_STATES[state]}: {counts[state]}" for state in _STATES if counts[state])
    return f"last {len(days)} days: {', '.join(parts)}"


def _timeline_text(row: TableOverview) -> str:
    if not row.stretches:
        return ""
    broken = f", RPO broken {counted(len(row.breaches), 'time')}" if row.breaches else ""
    return f"{counted(row.restore_points, 'restore point')} since {row.stretches[0].since:%Y-%m-%d}{broken}"


def _facts(row: TableOverview) -> Iterator[tuple[str, str]]:
    yield "Newest restore point", _minute(row.newest) if row.newest is not None else "none"
    if row.backup is not None:
        yield "Backup", row.backup
    kinds = ", ".join(f"{count(number)} {kind}" for kind, number in sorted(row.kinds.items()))
    if kinds:
        yield "Restore points", kinds
    if row.entry is not None:
        yield "Entry of the plan", f"{row.entry} (method {row.method})"
    elif row.exists is False:
        yield "Entry of the plan", "none; the table does not exist"
    else:
        yield "Entry of the plan", "none"
    yield "Destination", row.place
    if row.table_bytes is not None:
        yield "Size of the table", size(row.table_bytes)
    if row.verified is not None:
        yield "Verified", f"{row.verified.level} at {_minute(row.verified.at)}: {row.verified.result}"
    else:
        yield "Verified", "never"
    if row.retention is not None:
        yield "Retention", row.retention.policy
        now = _removal(row.retention) if row.retention.removes else "nothing"
        yield "Removed by prune now", now
        later = ", ".join(f"{count(each.points)} within {each.days} days" for each in row.retention.later)
        yield "Removed later, estimated", later
    elif row.entry is not None:
        yield "Retention", "none: every backup is kept"
    if row.cost.lines:
        yield "Cost", money(row.cost)


def _charts(row: TableOverview) -> Iterator[Chart]:
    whole, windows = row.whole, row.windows
    yield from _chart("Size of full backups", whole, [each.size_bytes for each in whole], size)
    yield from _chart("Items", whole, [each.items for each in whole], count)
    yield from _chart("Size of windows", windows, [each.size_bytes for each in windows], size)


def _chart(
    title: str, samples: Sequence[Sample], values: Sequence[int | None], shown: Callable[[int | None], str]
) -> Iterator[Chart]:
    known = [(each, value) for each, value in zip(samples, values, strict=True) if value is not None]
    line = chart([(each.time, value) for each, value in known])
    if line:
        since, until = f"{known[0][0].time:%Y-%m-%d}", f"{known[-1][0].time:%Y-%m-%d}"
        numbers = [value for _, value in known]
        yield Chart(title, line, since, until, shown(max(numbers)), shown(numbers[-1]))


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
