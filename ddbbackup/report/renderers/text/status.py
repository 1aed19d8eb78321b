"""The standing of each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, duration
from ddbbackup.report.renderers.text.style import Style, Styled
from ddbbackup.report.renderers.text.tables import Column, table

if TYPE_CHECKING:
    from ddbbackup.report.documents.status import PlanStatus, TableRow
    from ddbbackup.report.renderers.view import View

_COLUMNS: Final = (
    Column("TABLE"),
    Column("STATUS"),
    Column("LAST BACKUP", drop=5),
    Column("AGE", drop=6),
    Column("RPO", drop=3),
    Column("ITEMS", drop=1),
    Column("VERIFIED", drop=2),
    Column("RUNNING", drop=4),
)


def status(document: PlanStatus, view: View) -> str:
    """Errors of selectors are left to stderr. ``quiet``: only tables that need attention."""
    tables = [row for row in document.tables if view.detail != "quiet" or _style(row) != "ok"]
    if not tables and view.detail == "quiet":
        return ""
    place = f"account {document.account}, region {document.region}\n"
    rows = [
        (
            row.table,
            Styled(phrases.table_status(row), _style(row)),
            row.backup or "–",
            duration(row.age_seconds),
            duration(row.rpo_seconds),
            count(row.items),
            phrases.verified(row.verified),
            phrases.running(row),
        )
        for row in tables
    ]
    broken = ((row.table, each.backup, each.reason) for row in document.tables for each in row.not_restorable)
    remarks = "".join(f"{line}\n" for line in phrases.not_restorable(broken))
    return place + table(_COLUMNS, rows, view) + remarks


def _style(row: TableRow) -> Style:
    if row.status == "never" or (row.not_restorable and row.backup is None):
        return "failed"
    return "stale" if row.status == "stale" or row.last_failure else "ok"
