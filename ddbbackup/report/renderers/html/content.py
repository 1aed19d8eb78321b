"""From the document to what the template shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from ddbbackup.report.documents.overview import Coverage, Overview, RetentionOutlook, TableOverview
from ddbbackup.report.documents.preview import CostInfo
from ddbbackup.report.formatting import count, counted, duration
from ddbbackup.report.phrases import dollars
from ddbbackup.report.renderers.html.page import NAMED, Covered, Item, Link, Page, Running
from ddbbackup.report.renderers.html.phrases import LATE, STATES, minute, monthly, removal, stored
from ddbbackup.report.renderers.html.plans import Place, heading_of, listed, place_of, plan_lines, plan_names
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
    names = plan_names(document.plans)
    links = [
        Link(row.table, f"t{number}", names[row.plan, row.account, row.region])
        for number, row in enumerate(document.tables)
    ]
    linked = list(zip(document.tables, links, strict=True))
    covered_by = {
        (row.account, row.region, row.table): link.plan for row, link in linked if row.entry is not None
    }
    kept = [
        Item([link], _kept(row, covered_by.get((row.account, row.region, row.table))))
        for row, link in linked
        if row.status == "kept"
    ]
    removals = [
        Item([link], removal(row.retention))
        for row, link in linked
        if row.retention is not None and row.retention.removes
    ]
    verdict, verdict_class = _verdict(document)
    heading = heading_of(document.plans)
    return Page(
        title=f"{heading}: {verdict} – ddbbackup",
        heading=heading,
        place=place_of(document.plans),
        made=f"{minute(document.now)} by ddbbackup {document.version}",
        verdict=verdict,
        verdict_class=verdict_class,
        tiles=tuple(_tiles(document)),
        plans=tuple(plan_lines(document, names)),
        plan_names=sorted({name for name in names.values() if name}),
        problems=tuple(problems(document, links)),
        running=tuple(
            Running(link, each.backup, each.kind, duration((document.now - each.started_at).total_seconds()))
            for row, link in linked
            for each in row.running
        ),
        coverage=tuple(_covered(document)),
        coverage_note=_coverage_note(document),
        kept=kept[:NAMED],
        kept_unnamed=len(kept[NAMED:]),
        retention=tuple(_retention(document)),
        retention_notes=tuple(_retention_notes(document)),
        removals=removals[:NAMED],
        removals_unnamed=len(removals[NAMED:]),
        costs=tuple(
            (_RATES.get(line.name, line.name), _line(line.usd, line.confidence))
            for line in document.cost.lines
        ),
        cost_total=_monthly(document.cost),
        cost_notes=tuple(_cost_notes(document)),
        rows=tuple(row_of(row, link, document.now) for row, link in linked),
        states=tuple((state, text) for state, text in STATES.items()),
    )


# ---- what is said at once


def _verdict(document: Overview) -> tuple[str, str]:
    totals = document.totals
    parts = []
    if broken := totals.stale + totals.never + totals.unrestorable:
        parts.append(f"{counted(broken, 'table')} without a restore point within the RPO")
    if totals.unknown:
        parts.append(f"{counted(totals.unknown, 'table')} that could not be read")
    if unread := sum(each.plan is None for each in document.plans):
        parts.append(f"{counted(unread, 'plan')} that could not be read")
    if parts:
        return " and ".join((", ".join(parts[:-1]), parts[-1])) if parts[1:] else parts[0], "bad"
    every = _within_rpo(document)
    others = sum(bool(row.findings) for row in document.tables)
    others += sum(each.table is None for each in document.findings)
    if others:
        is_bad = any(each.severity == "error" for each in document.findings)
        return f"{counted(others, 'problem')} to look at; {every}", "bad" if is_bad else "late"
    return every, "ok" if document.totals.tables else "late"


def _within_rpo(document: Overview) -> str:
    totals = document.totals
    if not totals.tables:
        return f"no table is in {_the_plan(document)}"
    if totals.without_rpo == totals.tables:
        return f"{_every_table(totals.tables)} a restore point, but no RPO"
    without = f"; {count(totals.without_rpo)} of them without an RPO" if totals.without_rpo else ""
    return f"{_every_table(totals.tables)} a restore point within the RPO{without}"


def _every_table(tables: int) -> str:
    return f"all {count(tables)} tables have" if tables != 1 else "the table has"


def _tiles(document: Overview) -> Iterator[tuple[str, str, str]]:
    totals = document.totals
    notes = [
        f"{count(number)} {name}"
        for name in (*LATE, "unknown", "failed")
        if (number := getattr(totals, name))
    ]
    notes += [f"{count(totals.without_rpo)} without an RPO"] if totals.without_rpo else []
    yield (
        "Tables within RPO",
        f"{count(totals.ok + totals.failed)} of {count(totals.tables)}",
        ", ".join(notes),
    )
    oldest = min((row.oldest for row in document.tables if row.oldest is not None), default=None)
    yield "Restore points", count(totals.restore_points), f"since {oldest:%Y-%m-%d}" if oldest else ""
    unsized = f", except for {count(totals.unsized)} of unknown size" if totals.unsized else ""
    yield "Stored", stored(totals.size_bytes, totals.unsized), f"data of all backups{unsized}"
    yield "Newest backup verified", f"{count(totals.verified)} of {count(totals.tables)}", "tables"
    known = [each for each in document.coverage if each.tables is not None]
    if known:
        every = counted(sum(each.tables or 0 for each in known), "table")
        yield (
            f"Not in {_the_plan(document)}",
            count(sum(len(each.uncovered) for each in known)),
            f"of {every}",
        )
    yield "Running now", count(totals.running), counted(totals.running, "backup").split(" ", 1)[1]
    yield "Cost, estimated", _monthly(document.cost), f"per month, {document.prices.region} prices"


# ---- coverage


def _covered(document: Overview) -> Iterator[Covered]:
    plan = _the_plan(document)
    for each in document.coverage:
        yield Covered(
            f"{each.account}, {each.region}" if len(document.coverage) > 1 else "",
            _coverage(each, plan),
            each.uncovered[:NAMED],
            len(each.uncovered[NAMED:]),
        )


def _the_plan(document: Overview) -> str:
    return "a plan" if len(document.plans) > 1 else "the plan"


def _coverage(coverage: Coverage, plan: str) -> str:
    if coverage.tables is None:
        return f"The tables of the account could not be compared with {plan}: {coverage.reason}."
    every = counted(coverage.tables, "table")
    if not coverage.uncovered:
        return f"Every table of this account and region is in {plan}: {every}."
    verb = "is" if len(coverage.uncovered) == 1 else "are"
    return f"{count(len(coverage.uncovered))} of {every} in this account and region {verb} not in {plan}."


def _coverage_note(document: Overview) -> str:
    unread = sum(each.plan is None for each in document.plans)
    if not unread or not any(each.uncovered for each in document.coverage):
        return ""
    return f"{counted(unread, 'plan')} could not be read, and may have some of these tables."


def _kept(row: TableOverview, covered_by: str | None) -> str:
    if covered_by is not None:
        why = f"in the plan {covered_by}" if covered_by else "in another destination"
    else:
        why = "deleted" if row.exists is False else "not in the plan" if row.exists else ""
    newest = f"newest {row.newest:%Y-%m-%d}" if row.newest is not None else ""
    parts = (why, counted(row.restore_points, "restore point"), stored(row.size_bytes, row.unsized), newest)
    return ", ".join(part for part in parts if part)


# ---- retention


def _retention(document: Overview) -> Iterator[tuple[str, str]]:
    outlooks = _outlooks(document)
    if not outlooks:
        return
    totals = document.totals
    unsized = any(each.removes_bytes is None for each in outlooks)
    now = f"{counted(totals.removes, 'restore point')}, {stored(totals.removes_bytes, unsized)}"
    yield "Now", now if totals.removes else "nothing"
    later: Counter[int] = Counter()
    for each in outlooks:
        for expected in each.later:
            later[expected.days] += expected.points
    for days, points in sorted(later.items()):
        yield f"Within {days} days", f"≈ {counted(points, 'restore point')}"


def _retention_notes(document: Overview) -> Iterator[str]:
    outlooks = _outlooks(document)
    if outlooks:
        yield (
            "Only `ddbbackup prune --apply` removes anything. Later numbers include those of now, and assume that "
            "backups go on as they did."
        )
    for place, name in sorted(plan_names(document.plans).items()):
        own = _outlooks(document, place)
        if 2 * sum(each.removes for each in own) > sum(each.removes + each.keeps for each in own):
            of = f" of {name}" if name else ""
            yield f"This is more than half of all restore points{of}: `prune` asks for `--confirm {place[0]}`."
    if blocked := sum(each.is_blocked for each in outlooks):
        yield f"Of {counted(blocked, 'table')} nothing is removed, because records cannot be used."
    if unknown := sum(row.retention_error is not None for row in document.tables):
        yield f"Of {counted(unknown, 'table')} it is not known, because records could not be read."


def _outlooks(document: Overview, place: Place | None = None) -> list[RetentionOutlook]:
    return [
        row.retention
        for row in document.tables
        if row.retention is not None and place in (None, (row.plan, row.account, row.region))
    ]


# ---- cost


def _monthly(cost: CostInfo) -> str:
    return monthly(cost.usd_monthly, unverified=cost.unverified, incomplete=cost.incomplete)


def _line(usd: float | None, confidence: str) -> str:
    if usd is None:
        return "unknown price"
    return f"{dollars(usd)}{'*' if confidence == 'unverified' else ''}"


def _cost_notes(document: Overview) -> Iterator[str]:
    cost, prices = document.cost, document.prices
    others = sorted({each.region for each in document.plans if each.region not in (None, prices.region)})
    other = f"; prices in {listed('region', others).removeprefix('region ')} may differ" if others else ""
    yield f"An estimate for a month like the last 30 days, at {prices.region} list prices of {prices.as_of}{other}."
    if cost.unverified:
        yield "* a price that could not be verified."
    if cost.incomplete:
        yield "? excludes what has no known price."
    if document.totals.unsized:
        yield f"Without {counted(document.totals.unsized, 'backup')} of unknown size."
    yield "Without requests, KMS, data transfer, and what else S3 bills."
