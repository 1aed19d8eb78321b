"""What the catalog holds: ``list``, and ``restore`` without a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbbackup.report import standing_phrases as phrases
from ddbbackup.report.cells import NOTHING, count_cell, size_cell, text_cell, time_cell, verified_cell
from ddbbackup.report.formatting import count, counted, size
from ddbbackup.report.renderers.text.shortened import fitting, fitting_table, left_out, remark_lines
from ddbbackup.report.renderers.text.style import Style, Styled, paint
from ddbbackup.report.renderers.text.tables import Cell, Column, table
from ddbbackup.report.renderers.wrapping import height

if TYPE_CHECKING:
    from ddbbackup.report.documents.list import BackupList, BackupRow, UnreadableVault
    from ddbbackup.report.documents.restorable import PlannedRestore, Restorable
    from ddbbackup.report.renderers.view import View

_LIST_COLUMNS: Final = (
    Column("TABLE"),
    Column("BACKUP"),
    Column("KIND", drop=6),
    Column("STATE"),
    Column("VERIFIED", drop=7),
    Column("TIME", drop=3),
    Column("ITEMS", drop=5),
    Column("SIZE", drop=4),
    Column("ACCOUNT", drop=1),
    Column("REGION", drop=2),
)
_PLANNED_COLUMNS: Final = (
    Column("RESTORE"),
    Column("OF", shorten=True),
    Column("FROM", drop=2),
    Column("INTO"),
    Column("EXISTING ITEMS", drop=1),
)
_RESTORABLE_COLUMNS: Final = (
    Column("TABLE"),
    Column("NEWEST RESTORE POINT"),
    Column("AS OF", drop=3),
    Column("KIND", drop=4),
    Column("ITEMS", drop=1),
    Column("SIZE", drop=2),
)
_STATES: Final[dict[str, Style]] = {
    "complete": "ok",
    "in_progress": "running",
    "failed": "failed",
    "not_whole": "failed",
    "unusable": "failed",
    "not_restorable": "failed",
}


def backups(document: BackupList, view: View) -> str:
    """``quiet``: only backups that need attention, and nothing else."""
    is_quiet = view.detail == "quiet"
    listed = [row for row in document.backups if not is_quiet or _STATES.get(row.shown_state) == "failed"]
    if is_quiet and not listed and not document.unreadable:
        return ""
    if not document.summary.backups and not document.unreadable:
        return f"no backups to list (plan {document.plan})\n"
    remarks = phrases.backup_remarks(document)
    if view.lines is None:  # on a terminal, stderr says it on the same screen
        remarks = [*phrases.unreadable_vaults(document), *remarks]
    rows = [*map(_hidden, document.unreadable), *map(_row, listed)]
    shown, said = fitting(rows, remarks, view)
    columns = _said(document)
    cells = [[row[i] for i in columns] for row in rows]
    text, number = fitting_table([_LIST_COLUMNS[i] for i in columns], cells, len(shown), view)
    text += left_out(len(rows) - number, "backup", view) + remark_lines(said, len(remarks), view)
    return text if is_quiet else text + "\n" * bool(text) + _summary(document, view)


def _row(row: BackupRow) -> Sequence[Cell]:
    state = row.shown_state
    return (
        row.table,
        row.backup,
        text_cell(row.kind),
        Styled(state, _STATES.get(state, "minor")),
        verified_cell(row.verified),
        time_cell(row.export_time),
        count_cell(row.items),
        size_cell(row.size_bytes),
        row.account,
        row.region,
    )


def _hidden(place: UnreadableVault) -> Sequence[Cell]:
    """One row for all backups of a destination."""
    cells = (f"destination:{place.destination}", NOTHING, NOTHING, Styled("unreadable", "failed"))
    return (*cells, *[NOTHING] * (len(_LIST_COLUMNS) - len(cells)))


def _said(document: BackupList) -> list[int]:
    """Account and Region only if they differ."""
    silent = set()
    if len({row.account for row in document.backups}) < 2:
        silent.add("ACCOUNT")
    if len({row.region for row in document.backups}) < 2:
        silent.add("REGION")
    return [i for i, column in enumerate(_LIST_COLUMNS) if column.head not in silent]


def _summary(document: BackupList, view: View) -> str:
    summary = document.summary
    parts = [
        paint(text, _STATES.get(state, "minor"), view) for text, state in phrases.backup_counts(document)
    ]
    if summary.problems:
        parts.append(paint(counted(summary.problems, "problem"), "failed", view))
    tables = counted(summary.tables, "table")
    counts = phrases.SEPARATOR.join(parts) or "no backups"
    older = "; older backups are not counted, -v lists them" if document.newest_only else ""
    return f"{counts} ({tables}, plan {document.plan}{older})\n"


def restorable(document: Restorable, view: View) -> str:
    planned = [
        (each.name, each.tables, each.source, _target(each), each.existing) for each in document.restores
    ]
    tables = [
        (
            row.table,
            row.backup or "none",
            time_cell(row.time) if row.time is not None else "–",
            row.kind or "–",
            count(row.items),
            size(row.size_bytes),
        )
        for row in document.tables
    ]
    notes = [f"{row.table}: {note}" for row in document.tables for note in row.notes]
    place = f"account {document.account}, region {document.region}\n"
    restores = table(_PLANNED_COLUMNS, planned, view) if planned else "the plan has no `restores`\n"
    return "\n".join([place, restores, _newest_points(tables, notes, _below(f"{place}\n{restores}\n", view))])


def _newest_points(rows: Sequence[Sequence[Cell]], notes: Sequence[str], view: View) -> str:
    if not rows:
        return "no table has backups\n"
    shown, said = fitting(rows, notes, view)
    text, number = fitting_table(_RESTORABLE_COLUMNS, rows, len(shown), view)
    text += left_out(len(rows) - number, "table", view)
    return text + remark_lines(said, len(notes), view)


def _below(text: str, view: View) -> View:
    """What is left of the screen below the text, and ten lines at least."""
    return view if view.lines is None else replace(view, lines=max(10, view.lines - height(text, view)))


def _target(restore: PlannedRestore) -> str:
    place = [each for each in (restore.account, restore.region) if each is not None]
    return f"{restore.target} in {', '.join(place)}" if place else restore.target
