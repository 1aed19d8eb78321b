"""Queries of the catalog, with several requests at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.location import Location
from ddbbackup.catalog.short_ids import choose_id
from ddbbackup.catalog.store import BadRecord, Catalog, StoredRecord
from ddbbackup.errors import AccessDenied, Bug, DdbBackupError
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.plan.model import Plan
from ddbbackup.plan.only import Only, check_only, wants
from ddbbackup.ports import Identity

T = TypeVar("T")
IN_PROGRESS_AT_MOST: Final = timedelta(days=7)  # after that, `wait` ignores an export


@dataclass(frozen=True, slots=True)
class TableRecords:
    """The records of one table, read when they are needed. ``destination`` is the name in the plan, if known."""

    catalog: Catalog
    location: Location
    destination: str = ""

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


@dataclass(frozen=True, slots=True)
class CatalogTables:
    """The tables with records, by name, and the errors of destinations whose records cannot be listed."""

    tables: tuple[TableRecords, ...]
    unreadable: Mapping[str, DdbBackupError]


def catalog_tables(catalog: Catalog, plan: Plan, identity: Identity, *, only: Only = ()) -> CatalogTables:
    """Every table with records in any destination of the plan, whether or not it still exists.

    Raises ``NothingSelected`` if a pattern of ``only`` matches none of them, unless a destination cannot be read.
    """
    records: dict[Location, TableRecords] = {}
    unreadable: dict[str, DdbBackupError] = {}
    for name, destination in plan.destinations.items():
        try:
            locations = catalog.tables(destination, identity).values()
        except Bug:
            raise
        except DdbBackupError as error:
            unreadable[name] = error
        else:
            records |= {location: TableRecords(catalog, location, name) for location in locations}
    tables = {location.table for location in records}
    if not unreadable:
        check_only(
            only,
            tables,
            known=tables,
            what="table in the catalog",
            otherwise="run `ddbbackup list` to see the tables that have backups",
        )
    wanted = (each for each in records.values() if wants(only, each.table))
    return CatalogTables(tuple(sorted(wanted, key=lambda each: each.table)), unreadable)


def tables_with_records(
    catalog: Catalog, plan: Plan, identity: Identity, *, only: Only = ()
) -> tuple[TableRecords, ...]:
    """As ``catalog_tables``. Raises the error of the first destination that cannot be read, too."""
    found = catalog_tables(catalog, plan, identity, only=only)
    for error in found.unreadable.values():
        raise error
    return found.tables


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


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """``errors`` are those of destinations that cannot be read, whole or in part, by name."""

    records: tuple[StoredRecord | BadRecord, ...]
    errors: Mapping[str, DdbBackupError]


def readable_records(
    tables: Iterable[TableRecords], *, limit: int | None = None, since: datetime | None = None
) -> ReadRecords:
    """As ``newest_records``, but what cannot be read does not hide the rest.

    A destination of which no record may be read is one error, not one bad record for each backup.
    """
    listed = list(tables)
    errors: dict[str, DdbBackupError] = {}
    wanted: list[tuple[TableRecords, str]] = []
    keys = read_concurrently(lambda each: _attempt(lambda: each.keys(limit=limit, since=since)), listed)
    for table, own in zip(listed, keys, strict=True):
        if isinstance(own, DdbBackupError):
            errors.setdefault(table.destination, own)
        else:
            wanted += [(table, key) for key in own]
    read = read_concurrently(
        lambda pair: _attempt(lambda: pair[0].catalog.read(pair[0].location, pair[1])), wanted
    )
    records: dict[str, list[StoredRecord | BadRecord]] = {}
    for (table, _), each in zip(wanted, read, strict=True):
        if isinstance(each, DdbBackupError):
            errors.setdefault(table.destination, each)
        else:
            records.setdefault(table.destination, []).append(each)
    errors |= {name: denied for name, found in records.items() if (denied := _all_denied(found))}
    order = {table.location: number for number, table in enumerate(listed)}
    usable = [each for name, found in records.items() if not _all_denied(found) for each in found]
    return ReadRecords(tuple(sorted(usable, key=lambda each: order[each.location])), errors)


def _all_denied(records: Sequence[StoredRecord | BadRecord]) -> AccessDenied | None:
    """The error, if it is the same for more than one record: one alone may have another key."""
    denied = [each.error for each in records if isinstance(each, BadRecord)]
    errors = [error for error in denied if isinstance(error, AccessDenied)]
    return errors[0] if len(errors) == len(records) > 1 else None


def _attempt(read: Callable[[], T]) -> T | DdbBackupError:
    try:
        return read()
    except Bug:
        raise
    except DdbBackupError as error:
        return error


def find_backups(
    tables: Iterable[TableRecords], backup_id: str, *, only: Only = ()
) -> tuple[StoredRecord | BadRecord, ...]:
    """The records with this ID, or the one that a short ID means. Reads no other record. ``only`` are the patterns
    that chose the tables, for the message.

    Raises what ``choose_id`` raises.
    """
    listed = list(tables)
    if is_backup_id(backup_id):
        records = read_concurrently(lambda each: each.find(backup_id), listed)
        if found := tuple(stored for stored in records if stored is not None):
            return found
    ids = _ids_of(listed)
    of = f"of {' or '.join(only)} in the catalog" if only else "in the catalog"
    chosen = choose_id(backup_id, [each for own in ids.values() for each in own], of=of)
    records = [table.find(chosen) for table in listed if chosen in ids[table.location]]
    return tuple(stored for stored in records if stored is not None)


def _ids_of(tables: Sequence[TableRecords]) -> dict[Location, list[str]]:
    ids = read_concurrently(lambda each: each.catalog.backup_ids(each.location), tables)
    return {table.location: own for table, own in zip(tables, ids, strict=True)}
