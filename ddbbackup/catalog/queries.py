"""Queries of the catalog, with several requests at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from ddbbackup.catalog.location import Location
from ddbbackup.catalog.store import BadRecord, Catalog, StoredRecord
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.plan.model import Plan
from ddbbackup.plan.only import Only, check_only, wants
from ddbbackup.ports import Identity

T = TypeVar("T")
U = TypeVar("U")
IN_PROGRESS_AT_MOST: Final = timedelta(days=7)  # after that, `wait` ignores an export
READS_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class TableRecords:
    """The records of one table, read when they are needed."""

    catalog: Catalog
    location: Location

    @property
    def table(self) -> str:
        return self.location.table

    def find(self, backup_id: str) -> StoredRecord | BadRecord | None:
        """The record with this ID, None if there is none."""
        return self.catalog.look_up(self.location, backup_id)

    def all(self) -> tuple[StoredRecord | BadRecord, ...]:
        return tuple(self.catalog.of_table(self.location))

    def keys(self, *, limit: int | None, since: datetime | None) -> list[str]:
        """The keys of the newest records, newest first; see ``newest_records``."""
        keys = self.catalog.record_keys(self.location, since=since)
        return keys[::-1][:limit]

    def newest(self) -> StoredRecord | None:
        records = self.catalog.of_table(self.location)
        return next((stored for stored in records if isinstance(stored, StoredRecord)), None)

    def newest_complete(self, count: int = 1) -> tuple[StoredRecord | BadRecord, ...]:
        """The newest ``count`` complete backups, with the records above them that cannot be used."""
        passed: list[StoredRecord | BadRecord] = []
        for each in self.catalog.of_table(self.location):
            if isinstance(each, BadRecord):
                passed.append(each)
            elif each.record.state == "complete":
                passed.append(each)
                count -= 1
                if not count:
                    break
        return tuple(passed)

    def in_progress(self, now: datetime) -> tuple[StoredRecord | BadRecord, ...]:
        """Backups in progress and bad records, among the newest one and all younger than ``IN_PROGRESS_AT_MOST``."""
        oldest = now - IN_PROGRESS_AT_MOST
        running: list[StoredRecord | BadRecord] = []
        for each in self.catalog.of_table(self.location):
            if isinstance(each, BadRecord):
                running.append(each)
                continue
            if each.record.state == "in_progress":
                running.append(each)
            if each.record.started_at < oldest:
                break
        return tuple(running)


def tables_with_records(
    catalog: Catalog, plan: Plan, identity: Identity, *, only: Only = ()
) -> tuple[TableRecords, ...]:
    """Every table with records in any destination of the plan, whether or not it still exists.

    Raises ``NothingSelected`` if a pattern of ``only`` matches none of them.
    """
    records = {
        location: TableRecords(catalog, location)
        for destination in plan.destinations.values()
        for location in catalog.tables(destination, identity).values()
    }
    tables = {location.table for location in records}
    check_only(
        only,
        tables,
        known=tables,
        what="table in the catalog",
        otherwise="run `ddbbackup list` to see the tables that have backups",
    )
    wanted = (each for each in records.values() if wants(only, each.table))
    return tuple(sorted(wanted, key=lambda each: each.table))


def backups_in_progress(
    tables: Iterable[TableRecords], *, now: datetime
) -> tuple[StoredRecord | BadRecord, ...]:
    """Backups that earlier runs left in progress, and records that cannot be used."""
    return tuple(s for many in read_concurrently(lambda each: each.in_progress(now), tables) for s in many)


def complete_backups(
    tables: Iterable[TableRecords], *, newest: int | None = 1
) -> tuple[StoredRecord | BadRecord, ...]:
    """The ``newest`` complete backups of each table, None: all of them; and the records that cannot be used."""
    if newest is not None:
        found = read_concurrently(lambda each: each.newest_complete(newest), tables)
        return tuple(each for many in found for each in many)
    records = [each for many in read_concurrently(TableRecords.all, tables) for each in many]
    return tuple(each for each in records if isinstance(each, BadRecord) or each.record.state == "complete")


def newest_records(
    tables: Iterable[TableRecords], *, limit: int | None = None, since: datetime | None = None
) -> list[StoredRecord | BadRecord]:
    """The newest records of each table: at most ``limit``, and only those that reach ``since`` by their IDs."""
    listed = list(tables)
    keys = read_concurrently(lambda each: each.keys(limit=limit, since=since), listed)
    wanted = [(table, key) for table, own in zip(listed, keys, strict=True) for key in own]
    return read_concurrently(lambda pair: pair[0].catalog.read(pair[0].location, pair[1]), wanted)


def find_backups(tables: Iterable[TableRecords], backup_id: str) -> tuple[StoredRecord | BadRecord, ...]:
    """The records with this ID. Reads no other record: an ID is the name of the record's file."""
    if not is_backup_id(backup_id):
        return ()
    records = read_concurrently(lambda each: each.find(backup_id), tables)
    return tuple(stored for stored in records if stored is not None)


def read_concurrently(
    read: Callable[[T], U], things: Iterable[T], *, at_once: int = READS_AT_ONCE
) -> list[U]:
    """The results in the order of ``things``."""
    listed = list(things)
    if not listed:
        return []
    with ThreadPoolExecutor(min(at_once, len(listed)), thread_name_prefix="catalog") as pool:
        return list(pool.map(read, listed))
