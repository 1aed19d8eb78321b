"""From the document to what the template shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from ddbbackup.report.documents.overview import Overview, TableOverview
from ddbbackup.report.formatting import count, counted, duration, size
from ddbbackup.report.phrases import money
from ddbbackup.report.renderers.html.page import NAMED, Item, Link, Page, Running
from ddbbackup.report.renderers.html.phrases import LATE, STATES, minute, removal
from ddbbackup.report.renderers.html.problems import problems
from ddbbackup.report.renderers.html.rows import row_of

_RATES: Final[Mapping[str, str]] = {
    "s3_month": "Storage in S3",
    "snapshot_month": "On-demand backups",
    "full_export": "Full exports",
    "incremental_export": "Incremental exports",
    "pitr_month": "Point-in-time recovery",
}


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
        Item([Link(row.table, anchors[row.table])], removal(row.retention))
        for row in document.tables
        if row.retention is not None and row.retention.removes
    ]
    uncovered = document.coverage.uncovered
    verdict, verdict_class = _verdict(document)
    return Page(
        title=f"{document.plan}: {verdict} – ddbbackup",
        plan=document.plan,
        place=f"account {document.account}, region {document.region}",
        made=f"{minute(document.now)} by ddbbackup {document.version}",
        verdict=verdict,
        verdict_class=verdict_class,
        tiles=tuple(_tiles(document)),
        problems=tuple(problems(document.findings, anchors)),
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
        rows=tuple(row_of(row, f"t{number}", document.now) for number, row in enumerate(document.tables)),
        states=tuple((state, text) for state, text in STATES.items()),
    )


def _verdict(document: Overview) -> tuple[str, str]:
    totals = document.totals
    broken = totals.stale + totals.never + totals.unrestorable
    parts = []
    if broken:
        parts.append(f"{counted(broken, 'table')} without a restore point within the RPO")
    if totals.unknown:
        parts.append(f"{counted(totals.unknown, 'table')} that could not be read")
    others = {each.table for each in document.findings} - {
        row.table for row in document.tables if row.status in (*LATE, "unknown")
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
    states = [f"{count(number)} {name}" for name in (*LATE, "unknown") if (number := getattr(totals, name))]
    yield "Tables within RPO", f"{count(totals.ok)} of {count(totals.tables)}", ", ".join(states)
    oldest = min((row.oldest for row in document.tables if row.oldest is not None), default=None)
    yield "Restore points", count(totals.restore_points), f"since {oldest:%Y-%m-%d}" if oldest else ""
    yield "Stored", size(totals.size_bytes), "data of all backups"
    yield "Newest backup verified", f"{count(totals.verified)} of {count(totals.tables)}", "tables"
    if coverage.tables is not None:
        yield "Not in the plan", count(len(coverage.uncovered)), f"of {counted(coverage.tables, 'table')}"
    yield "Running now", count(totals.running), counted(totals.running, "backup").split(" ", 1)[1]
    yield "Cost, estimated", f"≈ ${document.cost.usd_monthly:,.2f}", "per month"


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


def _retention(document: Overview) -> Iterator[tuple[str, str]]:
    outlooks = [row.retention for row in document.tables if row.retention is not None]
    if not outlooks:
        return
    totals = document.totals
    yield "Now, by `ddbbackup prune --apply`", f"{count(totals.removes)}, {size(totals.removes_bytes)}"
    later: Counter[int] = Counter()
    for each in outlooks:
        for expected in each.later:
            later[expected.days] += expected.points
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
