"""From one table of the document to its row: one line of the list, and what a click opens below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ddbbackup.report.documents.overview import RECENT_DAYS, DayState, Sample, TableOverview
from ddbbackup.report.formatting import count, counted, duration, planned_duration, size
from ddbbackup.report.phrases import money
from ddbbackup.report.renderers.html.drawings import chart, day_strip, timeline
from ddbbackup.report.renderers.html.page import Chart, Link, Row
from ddbbackup.report.renderers.html.phrases import LATE, STATES, minute, removal, stored


def row_of(row: TableOverview, link: Link, now: datetime) -> Row:
    severity = min((0 if each.severity == "error" else 1 for each in row.findings), default=2)
    numbers = (
        severity,
        row.age_seconds if row.age_seconds is not None else 10**10,
        row.restore_points,
        row.size_bytes,
        row.items or 0,
        int(row.verified.at.timestamp()) if row.verified is not None else 0,
    )
    is_late, is_unknown = row.status in LATE, row.status == "unknown"
    flag = next((each for each in row.findings if each.kind not in (row.status, "unreadable")), None)
    return Row(
        anchor=link.anchor,
        keys=" ".join(map(str, numbers)),
        words=" ".join(filter(None, (row.method, "running" if row.running else ""))),
        table=row.table,
        plan=link.plan,
        status=row.status,
        flag=flag.kind.replace("_", " ") if flag is not None else "",
        flag_class=("bad" if flag.severity == "error" else "late") if flag is not None else "",
        age=duration(row.age_seconds) if row.age_seconds is not None else "–",
        rpo=planned_duration(row.rpo_seconds) if row.rpo_seconds is not None else "",
        is_late=is_late,
        strip=day_strip(row.days),
        strip_text=_strip_text(row.days),
        points=count(row.restore_points if not is_unknown else None),
        bytes=stored(row.size_bytes, row.unsized) if not is_unknown else size(None),
        items=count(row.items),
        verified=_verified(row),
        verified_is_bad=row.verified is not None and row.verified.result != "ok",
        facts=tuple(_facts(row)),
        timeline=timeline(row.stretches, row.breaches, row.stretches[0].since, now) if row.stretches else (),
        timeline_text=_timeline_text(row),
        since=minute(row.stretches[0].since) if row.stretches else "",
        charts=tuple(_charts(row)),
        findings=row.findings,
    )


def _verified(row: TableOverview) -> str:
    result = row.verified
    if result is None:
        return "never" if row.restore_points and row.entry is not None else "–"
    return f"{'damaged ' if result.result != 'ok' else ''}{result.at:%Y-%m-%d}"


def _strip_text(days: Sequence[DayState]) -> str:
    """For those who do not see the picture."""
    if not days:
        return f"last {RECENT_DAYS} days: unknown"
    counts = Counter(days)
    parts = (f"{STATES[state]}: {counts[state]}" for state in STATES if counts[state])
    return f"last {len(days)} days: {', '.join(parts)}"


def _timeline_text(row: TableOverview) -> str:
    if not row.stretches:
        return ""
    points = f"{counted(row.restore_points, 'restore point')} since {row.stretches[0].since:%Y-%m-%d}"
    if not row.breaches or row.rpo_known_since is None:
        return points
    return f"{points}, RPO broken {counted(len(row.breaches), 'time')} since {row.rpo_known_since:%Y-%m-%d}"


def _facts(row: TableOverview) -> Iterator[tuple[str, str]]:
    is_unknown = row.status == "unknown"  # nothing that is missing is known to be missing
    without = "unknown" if is_unknown else "none"
    yield "Newest restore point", minute(row.newest) if row.newest is not None else without
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
        yield "Verified", f"{row.verified.level} at {minute(row.verified.at)}: {row.verified.result}"
    elif row.entry is not None:
        yield "Verified", "unknown" if is_unknown else "never"
    yield from _retention(row)
    if row.cost.lines:
        yield "Cost", money(row.cost)


def _retention(row: TableOverview) -> Iterator[tuple[str, str]]:
    if row.retention is not None:
        yield "Retention", row.retention.policy
        yield "Removed by prune now", removal(row.retention) if row.retention.removes else "nothing"
        if row.retention.later:
            later = (f"≈ {count(each.points)} within {each.days} days" for each in row.retention.later)
            yield "Removed by prune later", ", ".join(later)
    elif row.retention_error is not None:
        yield "Retention", f"could not be decided: {row.retention_error}"
    elif row.entry is not None:
        yield "Retention", "none: every backup is kept"


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
