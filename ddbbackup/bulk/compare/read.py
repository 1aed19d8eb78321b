"""Reads a unit of one of the two sides, and spills its records."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.archive.lines import split_lines
from ddbbackup.bulk.compare.records import add_records
from ddbbackup.bulk.compare.spill import SpilledFile, SpillWriter
from ddbbackup.bulk.point_lines import LineCounts, PointFile, PointLines, PointUnit
from ddbbackup.bulk.scan.read_limit import ReadLimit
from ddbbackup.bulk.scan.reader import SegmentReader
from ddbbackup.bulk.unit_engine import Track
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.numbers import counted
from ddbbackup.ports import BulkAccess, BulkTransport, KeyAttribute, Objects


@dataclass(frozen=True, slots=True)
class ScanUnit:
    """One segment of a scan of the live table."""

    segment: int
    segments: int


_NO_LINES: Final = LineCounts()


@dataclass(frozen=True, slots=True)
class ReadSide:
    """What came out of a unit. ``counts`` are those of its lines, if it is one of the restore point."""

    live: bool
    file: SpilledFile
    items: int
    counts: LineCounts = _NO_LINES
    read_units: float = 0.0
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class ReadTask:
    """``unit_engine.TableTask``. ``read_units_per_second`` is the share of one process."""

    lines: PointLines
    table: str
    keys: tuple[KeyAttribute, ...]
    directory: Path
    partitions: int
    stall_timeout_seconds: float
    read_units_per_second: int | None

    def opened(self, access: BulkAccess) -> OpenedReadTask:
        return OpenedReadTask(self, access)


class OpenedReadTask:
    """In one process. Its threads share the limit."""

    def __init__(self, task: ReadTask, access: BulkAccess) -> None:
        self._task, self._access = task, access
        self._keys = ItemKeys(task.keys)
        self._limit = ReadLimit(task.read_units_per_second, threading.Event())

    def __call__(self, unit: PointUnit | ScanUnit, objects: Objects, track: Track) -> ReadSide:
        if isinstance(unit, ScanUnit):
            return self._scan(unit, track)
        return self._read(unit, objects, track)

    def _read(self, unit: PointUnit, objects: Objects, track: Track) -> ReadSide:
        items, counts = 0, LineCounts()
        with SpillWriter(self._task.directory / f"point-{unit.number}", self._task.partitions) as writer:
            for file in unit.files:
                read = self._task.lines.read(file, objects, track, lambda blocks: self._spill(writer, blocks))
                writer.mark()
                items += read.value.items
                counts += read.counts
                _refuse_invalid(file, read.counts.invalid + read.value.invalid)
            return ReadSide(False, writer.finish(), items, counts)

    def _spill(self, writer: SpillWriter, blocks: Iterator[list[bytes]]) -> _Spilled:
        writer.undo()  # of an earlier reading of the file
        spilled = _Spilled()
        for lines in blocks:
            added = add_records(writer, self._keys, b"".join(lines), lines)
            spilled.items += added.items
            spilled.invalid += added.invalid
        return spilled

    def _scan(self, unit: ScanUnit, track: Track) -> ReadSide:
        task, limit = self._task, self._limit
        transport: BulkTransport[None] = self._access.transport(task.table)
        reader = SegmentReader(
            task, unit.segment, unit.segments, transport, limit, _Stop(track), work="comparison"
        )
        consumed, throttled, items = limit.consumed, limit.throttled, 0
        try:
            with SpillWriter(task.directory / f"live-{unit.segment}", task.partitions) as writer:
                for page in reader.pages(None):
                    for block in page.blocks:
                        added = add_records(writer, self._keys, block, split_lines(block))
                        items += added.items
                        if added.invalid:
                            raise DataIncomplete(
                                f"{added.invalid} items that a scan of {task.table} returned lack its key",
                                hint="check `aws.endpoint_urls` and proxies: what answers is not DynamoDB",
                            )
                    track(page.size_bytes)
                return ReadSide(
                    True,
                    writer.finish(),
                    items,
                    read_units=limit.consumed - consumed,
                    throttled=limit.throttled - throttled,
                )
        finally:
            transport.close()


@dataclass(slots=True)
class _Spilled:
    items: int = 0
    invalid: int = 0


class _Stop(threading.Event):
    """Set once the run has ended: ``track`` then raises ``Stopped``."""

    def __init__(self, track: Track) -> None:
        super().__init__()
        self._track = track

    def is_set(self) -> bool:
        self._track(0)
        return False


def _refuse_invalid(file: PointFile, count: int) -> None:
    if count:
        raise DataIncomplete(
            f"the data file {file.file.uri} holds {counted(count, 'line')} that DynamoDB could not hold as an item",
            hint="run `ddbbackup verify --level items`, and use another restore point",
        )
