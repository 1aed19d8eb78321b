"""What the data files of many backups say of some items: their states in full backups, their changes in windows.

Every file is read once and to its end. Most lines are left out by their bytes, so that only what matches is parsed
and held in memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.archive.lines import whole_lines
from ddbbackup.bulk.item_filter import INVALID_ITEM, ItemFilter, ItemMatcher
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.point_lines import PointFile, PointLines, count_lines
from ddbbackup.bulk.read_ahead import read_ahead
from ddbbackup.bulk.read_items import engine_to_read
from ddbbackup.bulk.unit_engine import Engine, Track, run_units
from ddbbackup.bulk.verified_stream import (
    check_item_count,
    open_data_file,
    read_until_whole,
    tracked_pieces,
)
from ddbbackup.bulk.verify_units import cut_into_units
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import BulkAccess, KeyAttribute, Objects


@dataclass(frozen=True, slots=True)
class SearchedBackup:
    """The data files of one backup. A full backup shows the states of all items, a window the items that changed."""

    files: tuple[DataFile, ...]
    is_window: bool


class Sighting(NamedTuple):
    """A matching item in the backup with this number.

    ``key`` is in canonical form (``archive.item_keys``). ``line`` is ``{"Item":{…}}`` with a newline; None: the item
    was deleted, or only keys were asked for. ``written_at``: of a change, in microseconds since 1970.
    """

    backup: int
    key: bytes
    line: bytes | None
    written_at: int | None = None


@dataclass(frozen=True, slots=True)
class SearchUnit:
    """Some files of one backup."""

    backup: int
    is_window: bool
    files: tuple[DataFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes or 0 for each in self.files)


@dataclass(frozen=True, slots=True)
class UnitSightings:
    """``invalid`` is the number of lines that are no items."""

    sightings: tuple[Sighting, ...]
    invalid: int = 0


@dataclass(frozen=True, slots=True)
class SearchHistory:
    """The task of a unit. Picklable. ``keys`` are those of the table."""

    keys: tuple[KeyAttribute, ...]
    wanted: ItemFilter
    keys_only: bool

    def __call__(self, unit: SearchUnit, objects: Objects, track: Track) -> UnitSightings:
        search = _Search(self, unit.backup, objects, track)
        read = search.window if unit.is_window else search.full_backup
        found: list[Sighting] = []
        invalid = 0
        for file in unit.files:
            sightings, bad = read(file)
            found += sightings
            invalid += bad
        if self.keys_only:
            found = [Sighting(unit.backup, key, None) for key in {each.key for each in found}]
        return UnitSightings(tuple(found), invalid)


class _Search:
    """The reading of one unit."""

    def __init__(self, task: SearchHistory, backup: int, objects: Objects, track: Track) -> None:
        self._task, self._backup, self._objects, self._track = task, backup, objects, track
        self._matcher: ItemMatcher = task.wanted.open()

    def full_backup(self, file: DataFile) -> tuple[list[Sighting], int]:
        key_of = ItemKeys(self._task.keys).of_line

        def consume(blocks: Iterator[list[bytes]]) -> tuple[list[Sighting], int]:
            found, invalid = [], 0
            for lines in blocks:
                matched = self._matcher.matching(lines)
                keyed = [(key_of(line), line) for line in matched.lines]
                sightings = [Sighting(self._backup, key, line) for key, line in keyed if key is not None]
                invalid += len(matched.invalid) + len(keyed) - len(sightings)
                found += sightings
            return found, invalid

        lines = PointLines(self._task.keys, None)
        read = lines.read(PointFile(file), self._objects, self._track, consume, self._matcher.select)
        found, invalid = read.value
        return found, invalid + read.counts.invalid

    def window(self, file: DataFile) -> tuple[list[Sighting], int]:
        """A line that may match and is not a change is damage: raises ``DataIncomplete``."""
        cutter = ChangeCutter(self._task.keys)

        def read() -> tuple[list[Sighting], int]:
            found: list[Sighting] = []
            count = invalid = 0
            with (
                open_data_file(self._objects, file) as stream,
                read_ahead(whole_lines(tracked_pieces(stream, self._track))) as blocks,
            ):
                for block in blocks:
                    count += count_lines(block)
                    for line in self._matcher.select(block):
                        if line.isspace():
                            continue
                        change = cutter.parse(line)
                        try:
                            matches = self._matcher.matches_change(change)
                        except INVALID_ITEM:
                            invalid += 1
                            continue
                        if matches:
                            found.append(Sighting(self._backup, change.key, change.line, change.written_at))
                check_item_count(file, count)
            return found, invalid

        return read_until_whole(read, time.sleep)


def search_history(
    backups: Sequence[SearchedBackup],
    table: str,
    task: SearchHistory,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
    engine: Engine | None = None,
) -> UnitSightings:
    """All sightings of what ``task`` wants, in no certain order. Blocks.

    Raises ``DataIncomplete`` if a file does not match its manifest, ``Stopped``, and what ``access`` raises.
    """
    units = [
        SearchUnit(number, backup.is_window, unit.files)
        for number, backup in enumerate(backups)
        for unit in cut_into_units(backup.files)
    ]
    units.sort(key=lambda unit: -unit.size_bytes)
    size_bytes, done = sum(unit.size_bytes for unit in units), 0

    def add(more: int) -> None:
        nonlocal done
        done = max(0, min(done + more, size_bytes))
        on_progress(Progress(table, "read", done, size_bytes, "bytes"))

    chosen = engine or engine_to_read(size_bytes, by_bytes=task.wanted.required is not None)
    found: list[Sighting] = []
    invalid = 0
    known: dict[bytes, bytes] = {}  # an item that did not change is held once
    for unit in run_units(task, units, access, chosen, on_bytes=add, stop=stop):
        invalid += unit.invalid
        found += (_once(each, known) for each in unit.sightings)
    return UnitSightings(tuple(found), invalid)


def _once(sighting: Sighting, known: dict[bytes, bytes]) -> Sighting:
    if sighting.line is None:
        return sighting
    return sighting._replace(line=known.setdefault(sighting.line, sighting.line))
