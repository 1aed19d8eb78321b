"""A summary of the page that ``report`` writes: problems first, then counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import count, counted, size, sum_of_sizes
from ddbbackup.report.phrases import money
from ddbbackup.report.renderers.text.style import Style, Styled, paint
from ddbbackup.report.renderers.text.tables import Column, table

if TYPE_CHECKING:
    from ddbbackup.report.documents.overview import Overview
    from ddbbackup.report.documents.read_plan import ReadPlan
    from ddbbackup.report.renderers.view import View

_SHOWN: Final = 20
_COLUMNS: Final = (Column("PLAN", drop=1), Column("TABLE"), Column("PROBLEM"), Column("", shorten=True))
_STATES: Final[tuple[tuple[str, Style], ...]] = (
    ("ok", "ok"),
    ("failed", "failed"),
    ("stale", "stale"),
    ("never", "failed"),
    ("unrestorable", "failed"),
    ("unknown", "failed"),
    ("running", "running"),
)


def overview(document: Overview, view: View) -> str:
    findings, totals = document.findings, document.totals
    several = len(document.plans) > 1
    rows = [
        (
            each.plan or "–",
            each.table or "–",
            Styled(each.kind.replace("_", "-"), "failed" if each.severity == "error" else "stale"),
            each.message,
        )
        for each in findings[:_SHOWN]
    ]
    text = "".join(f"{line}\n" for line in _places(document.plans))
    if rows:
        first = 0 if several else 1
        text += table(_COLUMNS[first:], [row[first:] for row in rows], view)
    if len(findings) > _SHOWN:
        text += f"and {counted(len(findings) - _SHOWN, 'other problem')}: see the page\n"
    states = [
        paint(f"{count(number)} {name}", style, view)
        for name, style in _STATES
        if (number := getattr(totals, name)) or name == "ok"
    ]
    return f"{text}{' · '.join(states)}\n" + "".join(f"{line}\n" for line in _counts(document))


def _places(plans: Sequence[ReadPlan]) -> Iterator[str]:
    for each in plans:
        if each.plan is not None:
            plan = f"plan {each.plan}: " if len(plans) > 1 else ""
            yield f"{plan}account {each.account}, region {each.region}"


def _counts(document: Overview) -> Iterator[str]:
    totals = document.totals
    at_least = "at least " if totals.unsized else ""
    points, stored = counted(totals.restore_points, "restore point"), f"{at_least}{size(totals.size_bytes)}"
    yield f"{points}, {stored}, {money(document.cost)}"
    if totals.removes:
        outlooks = [row.retention for row in document.tables if row.retention is not None]
        freed = sum_of_sizes(each.removes_bytes for each in outlooks if each.removes)
        yield f"prune would remove {counted(totals.removes, 'restore point')}, {freed}"
    for each in document.coverage:
        if each.uncovered:
            every = counted(each.tables or 0, "table")
            where = (
                f"account {each.account}, region {each.region}," if document.coverage[1:] else "the account"
            )
            yield f"{count(len(each.uncovered))} of {every} of {where} are in no entry of the plan"
