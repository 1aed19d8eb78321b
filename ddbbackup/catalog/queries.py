"""What the catalog holds, read with several requests at a time."""

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
IN_PROGRESS_AT_MOST: Final = timedelta(days=7)  # an export that has run for longer is no longer waited for
_READS_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class TableRecords:
    """All records of one table; each is read when it is asked for."""

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
        """Those in progress among the newest record and all that are younger than ``IN_PROGRESS_AT_MOST``."""
        oldest = now - IN_PROGRESS_AT_MOST
        found: list[StoredRecord] = []
        for stored in self.catalog.of_table(self.location, self.table):
            if stored.record.state == "in_progress":
                found.append(stored)
            if stored.record.started_at < oldest:
                break
        return tuple(found)


def tables_with_records(
    catalog: Catalog, plan: Plan, identity: Identity, *, only: str | None = None
) -> tuple[TableRecords, ...]:
    """One for each table that has records under any destination of the plan, whether or not it still exists."""
    found: dict[tuple[str, Location], TableRecords] = {}
    for destination in plan.destinations.values():
        tables = catalog.tables(destination, account=identity.account, region=identity.region)
        for table, location in tables.items():
            if only is None or fnmatchcase(table, only):
                found[table, location] = TableRecords(catalog, table, location)
    return tuple(sorted(found.values(), key=lambda records: records.table))


def backups_in_progress(tables: Iterable[TableRecords], *, now: datetime) -> tuple[StoredRecord, ...]:
    """What earlier runs left in progress."""
    return tuple(s for many in read_concurrently(lambda each: each.in_progress(now), tables) for s in many)


def complete_backups(tables: Iterable[TableRecords], *, every: bool = False) -> tuple[StoredRecord, ...]:
    """Each table's newest complete backup, or all of them."""
    if every:
        records = [stored for many in read_concurrently(TableRecords.all, tables) for stored in many]
        return tuple(stored for stored in records if stored.record.state == "complete")
    newest = read_concurrently(TableRecords.newest_complete, tables)
    return tuple(stored for stored in newest if stored is not None)


def read_concurrently(read: Callable[[T], U], things: Iterable[T]) -> list[U]:
    """The answers in the order of the things."""
    with ThreadPoolExecutor(_READS_AT_ONCE, thread_name_prefix="catalog") as pool:
        return list(pool.map(read, things))
