"""A summary of the page that ``report`` writes: problems first, then counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import count, counted, size
from ddbbackup.report.phrases import money
from ddbbackup.report.renderers.text.style import Style, Styled, paint
from ddbbackup.report.renderers.text.tables import Column, table

if TYPE_CHECKING:
    from ddbbackup.report.documents.overview import Overview
    from ddbbackup.report.renderers.view import View

_SHOWN: Final = 20
_COLUMNS: Final = (Column("TABLE"), Column("PROBLEM"), Column("", shorten=True))
_STATES: Final[tuple[tuple[str, Style], ...]] = (
    ("ok", "ok"),
    ("stale", "stale"),
    ("never", "failed"),
    ("unrestorable", "failed"),
    ("unknown", "failed"),
    ("running", "running"),
)


def overview(document: Overview, view: View) -> str:
    findings, totals = document.findings, document.totals
    rows = [
        (
            each.table or "–",
            Styled(each.kind.replace("_", "-"), "failed" if each.severity == "error" else "stale"),
            each.message,
        )
        for each in findings[:_SHOWN]
    ]
    text = f"account {document.account}, region {document.region}\n"
    text += table(_COLUMNS, rows, view) if rows else ""
    if len(findings) > _SHOWN:
        text += f"and {counted(len(findings) - _SHOWN, 'other problem')}: see the page\n"
    states = [
        paint(f"{count(number)} {name}", style, view)
        for name, style in _STATES
        if (number := getattr(totals, name)) or name == "ok"
    ]
    return f"{text}{' · '.join(states)}\n" + "".join(f"{line}\n" for line in _counts(document))


def _counts(document: Overview) -> Iterator[str]:
    totals, coverage = document.totals, document.coverage
    yield f"{counted(totals.restore_points, 'restore point')}, {size(totals.size_bytes)}, {money(document.cost)}"
    if totals.removes:
        yield f"prune would remove {counted(totals.removes, 'restore point')}, {size(totals.removes_bytes)}"
    if coverage.uncovered:
        every = counted(coverage.tables or 0, "table")
        yield f"{count(len(coverage.uncovered))} of {every} of the account are in no entry of the plan"
