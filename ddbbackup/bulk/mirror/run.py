"""Writes the differences that a comparison found: first what the table lacks or has changed, then the deletes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from ddbbackup.archive.item_keys import ItemKeys, wire_key
from ddbbackup.archive.lines import split_lines
from ddbbackup.bulk.compare import PointComparison
from ddbbackup.bulk.mirror.driver import ItemDriver, UnitLimit
from ddbbackup.bulk.mirror.index import DifferenceIndex, OpenIndex
from ddbbackup.bulk.mirror.item import digest_of_line, mirror_item
from ddbbackup.bulk.mirror.model import MirrorCounts
from ddbbackup.bulk.point_lines import PointFile, PointLines, PointUnit
from ddbbackup.bulk.unit_engine import Engine, Track, run_units
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.model.progress import Progress
from ddbbackup.ports import BulkAccess, KeyAttribute, Objects

_FEW_DELETES: Final = 2_000  # not worth starting processes for
_NONE: Final = MirrorCounts()


def mirror_point(comparison: PointComparison, *, write_units_per_second: int | None = None) -> MirrorCounts:
    """Makes the table of the comparison equal to its restore point, except for items that others have changed since.

    Blocks. Each difference is written once, by a conditional PutItem or DeleteItem; nothing else is. An item with so
    many attributes that one condition cannot name all of them (more than 150) is compared with what the write
    replaced, and put back if it was another one. Running again after an interruption needs a new comparison.

    Raises what reading the files raises (``point_lines``), ``DataIncomplete`` unless every difference is accounted
    for, ``AccessDenied``, ``TableMissing``, ``Refused`` if the table rejects an item, ``Throttled`` and
    ``Unreachable`` without progress, ``Stopped``, and ``StepFailed`` if the disk is full.
    """
    counts = comparison.counts
    index = DifferenceIndex(comparison.directory, comparison.partitions)
    index.build(comparison)
    puts = counts.missing + counts.changed
    progress = _Progress(comparison)
    engine = comparison.engine
    written = MirrorCounts()
    if puts:
        task = _task(comparison, index, engine, write_units_per_second)
        written = progress.sum(_run(task, comparison.point.units, comparison, engine))
    if written.items != puts:
        raise DataIncomplete(
            f"the restore point holds {grouped(written.items)} of {counted(puts, 'item')} to write",
            hint="run `ddbbackup verify`, then run the same command again",
        )
    if counts.extra:
        if counts.extra <= _FEW_DELETES:
            engine = Engine(0, engine.threads)
        task = _task(comparison, index, engine, write_units_per_second)
        written += progress.sum(_run(task, range(comparison.partitions), comparison, engine))
    if written.items != counts.different:
        raise DataIncomplete(
            f"only {grouped(written.items)} of {counted(counts.different, 'difference')} could be accounted for",
            hint="run the same command again",
        )
    return written


def _task(
    comparison: PointComparison, index: DifferenceIndex, engine: Engine, units_per_second: int | None
) -> MirrorTask:
    job = comparison.job
    return MirrorTask(
        lines=comparison.point.lines,
        index=index,
        table=job.table,
        keys=job.keys,
        write_units_per_second=None
        if units_per_second is None
        else units_per_second / max(1, engine.processes),
        stall_timeout_seconds=job.stall_timeout_seconds,
    )


def _run(
    task: MirrorTask, units: Sequence[PointUnit | int], comparison: PointComparison, engine: Engine
) -> Iterator[MirrorCounts]:
    return run_units(
        task, units, comparison.access, engine, on_bytes=lambda size_bytes: None, stop=comparison.stop
    )


@dataclass(frozen=True, slots=True)
class MirrorTask:
    """``unit_engine.TableTask``: a unit is some files of the restore point, or a partition whose extra items go.

    ``write_units_per_second`` is the share of one process.
    """

    lines: PointLines
    index: DifferenceIndex
    table: str
    keys: tuple[KeyAttribute, ...]
    write_units_per_second: float | None
    stall_timeout_seconds: float

    def opened(self, access: BulkAccess) -> OpenedMirrorTask:
        return OpenedMirrorTask(self, access)


class OpenedMirrorTask:
    """In one process. Its threads share the limit."""

    def __init__(self, task: MirrorTask, access: BulkAccess) -> None:
        self._task, self._access = task, access
        self._limit = UnitLimit(task.write_units_per_second)
        self._filter = task.index.open_filter()
        self._keys = ItemKeys(task.keys)

    def __call__(self, unit: PointUnit | int, objects: Objects, track: Track) -> MirrorCounts:
        with self._task.index.open() as index, closing(_Items(self, track)) as items:
            if isinstance(unit, PointUnit):
                return sum((self._write(file, index, items, objects, track) for file in unit.files), _NONE)
            return self._delete(unit, index, items)

    def _write(
        self, file: PointFile, index: OpenIndex, items: _Items, objects: Objects, track: Track
    ) -> MirrorCounts:
        def write(blocks: Iterator[list[bytes]]) -> MirrorCounts:
            """Again from the start if the file arrives damaged: what was written then is found to be equal."""
            items.forget()
            for lines in blocks:
                candidates = self._candidates(b"".join(lines), lines)
                differences = index.find([key for key, _ in candidates])
                for key, line in candidates:
                    difference = differences.get(key)
                    if difference is None:
                        continue
                    if digest_of_line(line) != difference.point:
                        raise DataIncomplete(
                            f"the data file {file.file.uri} has changed since it was compared",
                            hint="run `ddbbackup verify`, and use another restore point",
                        )
                    wanted = json.loads(line)["Item"]
                    key_of_item = wire_key(key, self._task.keys)
                    items.driver.add(key, mirror_item(difference, key_of_item, wanted), len(line))
            return items.finish()

        return self._task.lines.read(file, objects, track, write, self._select).value

    def _delete(self, partition: int, index: OpenIndex, items: _Items) -> MirrorCounts:
        for difference in index.only_live(partition):
            key = wire_key(difference.key, self._task.keys)
            items.driver.add(difference.key, mirror_item(difference, key, None), 0)
        return items.finish()

    def _select(self, block: bytes) -> list[bytes]:
        return [line for _, line in self._candidates(block, split_lines(block))]

    def _candidates(self, block: bytes, lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        return self._filter.candidates(self._keys.of_block(block, lines), lines) if lines else []

    def new_driver(self, track: Track) -> ItemDriver:
        task = self._task
        return ItemDriver(
            self._access, task.table, task.keys, self._limit, lambda: track(0), task.stall_timeout_seconds
        )


class _Items:
    """The driver of a unit. It is made only if there is an item for it: most units may have none."""

    def __init__(self, task: OpenedMirrorTask, track: Track) -> None:
        self._task, self._track = task, track
        self._driver: ItemDriver | None = None

    @property
    def driver(self) -> ItemDriver:
        if self._driver is None:
            self._driver = self._task.new_driver(self._track)
        return self._driver

    def finish(self) -> MirrorCounts:
        """The counts since the last call, once all items have arrived."""
        return _NONE if self._driver is None else self._driver.finish()

    def forget(self) -> None:
        """Gives up the items on their way, of a file that is read again."""
        if self._driver is not None and not self._driver.idle:
            self.close()
            self._driver = None

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()


class _Progress:
    """In differences, as units end."""

    def __init__(self, comparison: PointComparison) -> None:
        self._comparison = comparison
        self._done = 0

    def sum(self, results: Iterator[MirrorCounts]) -> MirrorCounts:
        total = MirrorCounts()
        for each in results:
            total += each
            self._done += each.items
            table, different = self._comparison.job.table, self._comparison.counts.different
            self._comparison.on_progress(Progress(table, "write", self._done, different))
        return total
