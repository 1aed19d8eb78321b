"""Queries of the catalog, with several requests at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from ddbbackup.catalog.store import Catalog, Location, StoredRecord
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Identity

T = TypeVar("T")
U = TypeVar("U")
IN_PROGRESS_AT_MOST: Final = timedelta(days=7)  # after that, `wait` ignores an export
_READS_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class TableRecords:
    """The records of one table, read when they are needed."""

    catalog: Catalog
    table: str
    location: Location

    def all(self) -> tuple[StoredRecord, ...]:
        return tuple(self.catalog.of_table(self.location, self.table))

    def newest(self) -> StoredRecord | None:
        return next(iter(self.catalog.of_table(self.location, self.table)), None)

    def newest_complete(self) -> StoredRecord | None:
        records = self.catalog.of_table(self.location, self.table)
        return next((stored for stored in records if stored.record.state == "complete"), None)

    def in_progress(self, now: datetime) -> tuple[StoredRecord, ...]:
        """Backups in progress, among the newest one and all that are younger than ``IN_PROGRESS_AT_MOST``."""
        oldest = now - IN_PROGRESS_AT_MOST
        running: list[StoredRecord] = []
        for stored in self.catalog.of_table(self.location, self.table):
            if stored.record.state == "in_progress":
                running.append(stored)
            if stored.record.started_at < oldest:
                break
        return tuple(running)


def tables_with_records(
    catalog: Catalog, plan: Plan, identity: Identity, *, only: str | None = None
) -> tuple[TableRecords, ...]:
    """Every table with records in any destination of the plan, whether or not it still exists."""
    records: dict[tuple[str, Location], TableRecords] = {}
    for destination in plan.destinations.values():
        for table, location in catalog.tables(destination, identity).items():
            if only is None or fnmatchcase(table, only):
                records[table, location] = TableRecords(catalog, table, location)
    return tuple(sorted(records.values(), key=lambda each: each.table))


def backups_in_progress(tables: Iterable[TableRecords], *, now: datetime) -> tuple[StoredRecord, ...]:
    """Backups that earlier runs left in progress."""
    return tuple(s for many in read_concurrently(lambda each: each.in_progress(now), tables) for s in many)


def complete_backups(tables: Iterable[TableRecords], *, every: bool = False) -> tuple[StoredRecord, ...]:
    """The newest complete backup of each table, or all of them."""
    if every:
        records = [stored for many in read_concurrently(TableRecords.all, tables) for stored in many]
        return tuple(stored for stored in records if stored.record.state == "complete")
    newest = read_concurrently(TableRecords.newest_complete, tables)
    return tuple(stored for stored in newest if stored is not None)


def read_concurrently(read: Callable[[T], U], things: Iterable[T]) -> list[U]:
    """The results in the order of ``things``."""
    with ThreadPoolExecutor(_READS_AT_ONCE, thread_name_prefix="catalog") as pool:
        return list(pool.map(read, things))
