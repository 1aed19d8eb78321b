"""What the catalog holds: ``list``, and ``restore`` without a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, size
from ddbbackup.report.renderers.text.style import Style, Styled
from ddbbackup.report.renderers.text.tables import Column, table
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.report.documents.list import BackupList, BackupRow
    from ddbbackup.report.documents.restorable import PlannedRestore, Restorable
    from ddbbackup.report.renderers.view import View

_LIST_COLUMNS: Final = (
    Column("TABLE"),
    Column("BACKUP"),
    Column("KIND", drop=6),
    Column("STATE"),
    Column("VERIFIED", drop=7),
    Column("AS OF", drop=3),
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
    "not restorable": "failed",
}


def backups(document: BackupList, view: View) -> str:
    """``quiet``: only backups that need attention."""
    shown = [row for row in document.backups if view.detail != "quiet" or _style(row) == "failed"]
    if not shown:
        return "" if view.detail == "quiet" else "the catalog holds no backups\n"
    rows = [
        (
            row.table,
            row.backup,
            row.kind or "–",
            Styled(_state(row), _style(row)),
            phrases.verified(row.verified),
            to_iso(row.export_time) or "–",
            count(row.items),
            size(row.size_bytes),
            row.account,
            row.region,
        )
        for row in shown
    ]
    broken = ((row.table, row.backup, row.not_restorable) for row in document.backups if row.not_restorable)
    remarks = "".join(f"{line}\n" for line in phrases.not_restorable(broken))
    return table(_LIST_COLUMNS, rows, view) + remarks


def _state(row: BackupRow) -> str:
    return "not restorable" if row.not_restorable else row.state


def _style(row: BackupRow) -> Style:
    return _STATES.get(_state(row), "minor")


def restorable(document: Restorable, view: View) -> str:
    planned = [
        (each.name, each.tables, each.source, _target(each), each.existing) for each in document.restores
    ]
    tables = [
        (
            row.table,
            row.backup or "none",
            to_iso(row.time) or "–",
            row.kind or "–",
            count(row.items),
            size(row.size_bytes),
        )
        for row in document.tables
    ]
    notes = [f"{row.table}: {note}\n" for row in document.tables for note in row.notes]
    parts = [
        f"account {document.account}, region {document.region}\n",
        table(_PLANNED_COLUMNS, planned, view) if planned else "the plan has no `restores`\n",
        table(_RESTORABLE_COLUMNS, tables, view) if tables else "no table has backups\n",
        *(["".join(notes)] if notes else []),
    ]
    return "\n".join(parts)


def _target(restore: PlannedRestore) -> str:
    place = [each for each in (restore.account, restore.region) if each is not None]
    return f"{restore.target} in {', '.join(place)}" if place else restore.target
