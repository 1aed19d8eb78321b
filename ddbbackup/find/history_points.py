"""The restore points of a table whose data tells the history of its items, and their data files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.bulk.search_history import SearchedBackup
from ddbbackup.catalog import BadRecord, Location, OpenedExport, RestorePoint, StoredRecord, locate
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.queries import TableRecords, newest_records
from ddbbackup.catalog.restore_points import judge, why_not_restorable
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.errors import Refused
from ddbbackup.find.readable_point import destination_of, live_keys, readable_files
from ddbbackup.find.versions import PointOfHistory
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.ports import KeyAttribute
from ddbbackup.sources.resolve import no_backup, open_backup
from ddbbackup.sources.wanted import WantedPoint
from ddbbackup.steps.context import RunContext

_HINT: Final = "pass --since with a later time, or run `ddbbackup verify --all` to see what is left"


@dataclass(frozen=True, slots=True)
class History:
    """``points`` and their ``backups`` are in the order of time. Versions before ``since`` are not asked for.

    ``notes`` say which backups of the table are not among them, and why.
    """

    table: str
    keys: tuple[KeyAttribute, ...]
    points: tuple[PointOfHistory, ...]
    backups: tuple[SearchedBackup, ...]
    since: datetime | None = None
    notes: tuple[str, ...] = ()


def find_history(context: RunContext, table: str, since: datetime | None) -> History:
    """Reads the records and manifests of a table, and lists the data files. Blocks.

    With ``since``, begins with the last full backup before it, with which later versions are compared. Raises
    ``NothingSelected`` if there is no record, ``Refused`` if there is no restore point, ``DataIncomplete`` if data
    files are missing, and ``ObjectArchived``.
    """
    location = _location(context, table)
    records = newest_records([TableRecords(context.catalog, location)])
    if not records:
        raise no_backup(context, WantedPoint(table, FromLatest(), destination_of(context, table)), location)
    stored = {each.record.id: each for each in records if isinstance(each, StoredRecord)}
    points, notes = _readable(records, stored)
    points = _needed(points, since)
    if not points:
        reason = f": {notes[0]}" if notes else ""
        raise Refused(
            f"there is no restore point of {table} in {location.uri} whose items can be read{reason}",
            hint="run `ddbbackup list` to see the backups",
        )
    keys_of = _recorded_keys(context, [stored[point.needs[0]] for point in points])
    keys = next((each for each in reversed(keys_of) if each), ()) or live_keys(context, table)
    other = {point.id for point, own in zip(points, keys_of, strict=True) if own and own != keys}
    notes += [f"backup {each} is of a table with another key schema" for each in sorted(other)]
    points = [point for point in points if point.id not in other]
    files = _backups(context, points, stored)
    return History(
        table,
        keys,
        tuple(PointOfHistory(each.id, each.time, each.since, each.kind == "window") for each in points),
        tuple(files[each.id] for each in points),
        since,
        tuple(notes),
    )


def _location(context: RunContext, table: str) -> Location:
    destination = destination_of(context, table)
    if destination is None:
        raise Refused("the plan has no destination with backups", hint="add `destinations` to the plan")
    identity, destinations = context.source.identity, context.plan.destinations
    return locate(destinations[destination], identity, table=table, plan=context.plan.name)


def _readable(
    records: Iterable[StoredRecord | BadRecord], stored: Mapping[str, StoredRecord]
) -> tuple[list[RestorePoint], list[str]]:
    """The restore points by time, without those that only AWS can read, and notes about the others."""
    unusable = {each.id: each.error.message for each in records if isinstance(each, BadRecord)}
    notes = [f"record {backup} cannot be used: {message}" for backup, message in unusable.items()]
    points: list[RestorePoint] = []
    judged = judge(
        (each.record for each in stored.values()),
        unusable={backup: f"it cannot be used: {message}" for backup, message in unusable.items()},
    )
    for each in judged:
        if (reason := why_not_restorable(each)) is not None:
            notes.append(f"backup {each.id} cannot be restored: {reason}")
        elif isinstance(each, RestorePoint) and each.kind == "snapshot":
            notes.append(f"backup {each.id} is an on-demand backup, whose items only AWS can read")
        elif isinstance(each, RestorePoint):
            points.append(each)
    return points, notes


def _needed(points: Sequence[RestorePoint], since: datetime | None) -> list[RestorePoint]:
    """Those at or after ``since``, and those before it from which the state at ``since`` follows."""
    times = {point.id: point.time for point in points}
    first = since
    if since is not None:
        first = max(
            (each.time for each in points if each.kind != "window" and each.time <= since), default=since
        )
    while first is not None:
        # A chain may go on after a newer full backup, and all of its windows need its base.
        base = min((times[each.needs[0]] for each in points if each.time >= first), default=first)
        if base >= first:
            break
        first = base
    return [point for point in points if first is None or point.time >= first]


def _recorded_keys(context: RunContext, stored: Sequence[StoredRecord]) -> list[tuple[KeyAttribute, ...]]:
    """The key schema of each backup; reads each description once."""
    by_hash = {each.record.table.description: each for each in stored}
    read = read_concurrently(lambda each: recorded_keys(context.catalog.description(each)), by_hash.values())
    keys = dict(zip(by_hash, read, strict=True))
    return [keys[each.record.table.description] for each in stored]


def _backups(
    context: RunContext, points: Sequence[RestorePoint], stored: Mapping[str, StoredRecord]
) -> dict[str, SearchedBackup]:
    """By ID. The windows of a chain lie in one folder, which is listed once."""
    exports = read_concurrently(lambda point: open_backup(context, stored[point.id]), points)
    opened = dict(zip((point.id for point in points), exports, strict=True))
    chains: dict[str, list[str]] = {}
    for point in points:
        chains.setdefault(point.needs[0], []).append(point.id)
    found: dict[str, SearchedBackup] = {}
    for many in read_concurrently(lambda ids: _chain(context, ids, opened), chains.values()):
        found |= many
    return found


def _chain(
    context: RunContext, ids: Sequence[str], opened: Mapping[str, OpenedExport]
) -> dict[str, SearchedBackup]:
    """``ids`` are those of a full backup and its windows."""
    base, *windows = ids
    listed = readable_files(
        context, opened[base], [opened[each] for each in windows], f"the backups since {base}", hint=_HINT
    )
    found = {base: SearchedBackup(listed.files, is_window=False)}
    for backup, files in zip(windows, listed.windows, strict=True):
        found[backup] = SearchedBackup(files, is_window=True)
    return found
