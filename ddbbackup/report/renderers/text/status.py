"""The standing of each table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import standing_phrases as phrases
from ddbbackup.report.cells import (
    NOTHING,
    count_cell,
    duration_cell,
    planned_cell,
    running_cell,
    size_cell,
    text_cell,
    verified_cell,
)
from ddbbackup.report.renderers.text.shortened import fitting, fitting_table, left_out, remark_lines
from ddbbackup.report.renderers.text.style import Style, Styled, paint
from ddbbackup.report.renderers.text.tables import Cell, Column

if TYPE_CHECKING:
    from ddbbackup.report.documents.status import PlanTable, StatusReport, UnreadablePlace
    from ddbbackup.report.renderers.view import View

_COLUMNS: Final = (
    Column("PLAN", drop=11),
    Column("TABLE"),
    Column("STATUS"),
    Column("BACKUP", drop=7),
    Column("KIND", drop=3),
    Column("AGE", drop=8),
    Column("RPO", drop=4),
    Column("ITEMS", drop=1),
    Column("SIZE", drop=2),
    Column("VERIFIED", drop=6),
    Column("RUNNING", drop=5),
    Column("ACCOUNT", drop=9),
    Column("REGION", drop=10),
)
_STYLES: Final[dict[str, Style]] = {
    "ok": "ok",
    "stale": "stale",
    "failed": "failed",
    "never": "failed",
    "unrestorable": "failed",
    "unreadable": "failed",
    "running": "heading",
}


def status(document: StatusReport, view: View) -> str:
    """Errors of selectors are left to stderr. ``quiet``: only tables that need attention, and nothing else."""
    is_quiet = view.detail == "quiet"
    tables = [row for row in document.tables if not is_quiet or row.status != "ok"]
    if is_quiet and not tables and not document.unreadable and not document.gone:
        return ""
    remarks = phrases.table_remarks(document)
    if view.lines is None:  # on a terminal, stderr says it on the same screen
        remarks = [*phrases.unreadable_tables(document), *remarks]
    rows = [*map(_hidden, document.unreadable), *map(_row, tables)]
    shown, said = fitting(rows, remarks, view)
    columns = _said(document)
    cells = [[row[i] for i in columns] for row in rows]
    text, number = fitting_table([_COLUMNS[i] for i in columns], cells, len(shown), view)
    text += left_out(len(rows) - number, "table", view) + remark_lines(said, len(remarks), view)
    return text if is_quiet else text + "\n" * bool(text) + _summary(document, view)


def _row(row: PlanTable) -> Sequence[Cell]:
    return (
        row.plan,
        row.table,
        Styled(row.status, _STYLES.get(row.status, "failed")),
        text_cell(row.backup),
        text_cell(row.kind),
        duration_cell(row.age_seconds),
        planned_cell(row.rpo_seconds),
        count_cell(row.items),
        size_cell(row.size_bytes),
        verified_cell(row.verified, failed=row.failed_verification),
        running_cell(row.running),
        row.account,
        row.region,
    )


def _hidden(place: UnreadablePlace) -> Sequence[Cell]:
    """One row for all tables of a destination."""
    name = f"destination:{place.destination}"
    cells = (place.plan, name, Styled("unreadable", "failed"))
    return (*cells, *[NOTHING] * (len(_COLUMNS) - len(cells)))


def _said(document: StatusReport) -> list[int]:
    """The columns that tell something: places only if they differ, backups in progress only if there are any."""
    silent = set()
    if len({each.plan for each in document.plans if each.plan}) < 2:  # those of several Regions have one name
        silent.add("PLAN")
    if len({each.account for each in document.plans if each.account}) < 2:
        silent.add("ACCOUNT")
    if len({each.region for each in document.plans if each.region}) < 2:
        silent.add("REGION")
    if not any(row.running for row in document.tables):
        silent.add("RUNNING")
    return [i for i, column in enumerate(_COLUMNS) if column.head not in silent]


def _summary(document: StatusReport, view: View) -> str:
    parts = [paint(text, _STYLES[state], view) for text, state in phrases.status_counts(document)]
    return f"{phrases.SEPARATOR.join(parts)} ({phrases.places(document)})\n"
