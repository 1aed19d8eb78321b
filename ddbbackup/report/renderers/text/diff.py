"""The difference between a restore point and a live table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ddbbackup.report.formatting import count, counted
from ddbbackup.report.older_backups import first_of
from ddbbackup.report.renderers.text.style import paint
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from datetime import datetime

    from ddbbackup.report.documents.diff import TableDifference
    from ddbbackup.report.renderers.view import View


def difference(document: TableDifference, view: View) -> str:
    """``quiet``: nothing if the two are equal."""
    if view.detail == "quiet" and not (document.missing or document.changed or document.extra):
        return ""
    source = f"{document.source_table} ({document.origin})" if document.origin else document.source_table
    end = _second(document.scanned_to + timedelta(microseconds=999_999))  # not before the scan has ended
    rows = [
        ("equal", count(document.equal)),
        ("missing", f"{count(document.missing)}  only the restore point has them"),
        ("changed", count(document.changed)),
        ("extra", f"{count(document.extra)}  only the table has them"),
    ]
    return (
        f"restore point {document.backup} of {source}: {counted(document.backup_items, 'item')}\n"
        + (
            f"{paint('OLDER BACKUP', 'stale', view)}  {first_of(document.passed_over)}\n"
            if document.passed_over
            else ""
        )
        + f"table {document.table} in account {document.account}, region {document.region}: "
        f"{counted(document.table_items, 'item')}\n"
        + "".join(f"  {name:<8} {value}\n" for name, value in rows)
        + f"The table was scanned from {to_iso(_second(document.scanned_from))} to {to_iso(end)}: "
        "an item that changed in this time counts as it was before or after the change.\n"
    )


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
