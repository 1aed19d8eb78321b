"""Whether the newest backups can be read at once: a lifecycle rule may have moved them to an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ddbbackup.archive.layout import export_folder
from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.archived import ArchivedObjects, find_archived
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.queries import TableRecords
from ddbbackup.checks.check import ok, run_check, warning
from ddbbackup.model.check import Check
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.ports import Objects

_SHOWN = 5  # tables


def check_archived(objects: Objects, find_tables: Callable[[], Sequence[TableRecords]]) -> Check:
    """Looks at the listing of the newest complete backup of each table. Blocks.

    Unknown if the records cannot be read, for example because the bucket does not exist.
    """
    return run_check("backups", "storage class", lambda: _check(objects, find_tables()))


def _check(objects: Objects, tables: Sequence[TableRecords]) -> Check:
    subject = "backups", "storage class"
    looked_at = read_concurrently(lambda each: _look(objects, each), tables)
    newest = [each for each in looked_at if each is not None]
    archived = [f"{table} ({found.tiers})" for table, found in newest if found.objects]
    if not newest:
        return ok(*subject, "there is no complete backup yet")
    if not archived:
        return ok(*subject, f"the newest backups of {counted(len(newest), 'table')} can be read at once")
    shown = "; ".join(archived[:_SHOWN]) + ("; …" if len(archived) > _SHOWN else "")
    share = f"{grouped(len(archived))} of {counted(len(newest), 'table')}"
    return warning(
        *subject,
        f"the newest backups of {share} have archived objects, so a restore waits for hours: {shown}",
        "exclude the newest backups from lifecycle rules that archive objects",
    )


def _look(objects: Objects, table: TableRecords) -> tuple[str, ArchivedObjects] | None:
    """The table and what is archived of its newest complete backup; None if there is none."""
    stored = next((each for each in table.newest_complete() if isinstance(each, StoredRecord)), None)
    if stored is None or stored.record.data.manifest_key is None:
        return None
    location = stored.location
    folder = export_folder(location.bucket, location.absolute(stored.record.data.manifest_key))
    return table.table, find_archived(objects, folder, owner=location.bucket_owner)
