"""Compares a restore point with a live table: reads both sides in parallel, then one partition after the other."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ddbbackup.bulk.compare.join import JoinTask, read_differences
from ddbbackup.bulk.compare.model import CompareJob, Counts, Difference, Interval
from ddbbackup.bulk.compare.read import ReadSide, ReadTask, ScanUnit
from ddbbackup.bulk.point_lines import LineCounts, OpenPoint, PointUnit, open_point
from ddbbackup.bulk.scan import segment_count
from ddbbackup.bulk.unit_engine import Engine, engine_for, run_units
from ddbbackup.errors import Bug, DataIncomplete, StepFailed
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.os_errors import state_failed
from ddbbackup.ports import BulkAccess

MAX_PARTITIONS: Final = 4096
_ITEMS_A_PARTITION: Final = 100_000
_MIN_BYTES_PER_PROCESS: Final = 8 << 20
_THREADS: Final = 3  # of each process: while some wait for pages and files, another one works
_FOLDER: Final = "comparison-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointComparison:
    """The result, and what is needed to go on with it. ``close`` deletes all of it from the disk."""

    job: CompareJob
    counts: Counts
    interval: Interval
    read_units: float
    throttled: int
    directory: Path
    partitions: int
    point: OpenPoint
    access: BulkAccess
    engine: Engine
    on_progress: OnProgress
    stop: threading.Event
    close: Callable[[], None]

    def differences(self) -> Iterator[Difference]:
        """All of them, in no order. Only until ``close`` is called."""
        for partition in range(self.partitions):
            for found in read_differences(self.directory, partition):
                yield from found


def compare_point(
    job: CompareJob,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
    engine: Engine | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> PointComparison:
    """Only reads. Blocks. Call ``close`` of the result.

    Needs some 60 bytes of disk for each item of either side. Raises what reading the files raises (``point_lines``),
    what a scan raises (``scan.reader``), ``DataIncomplete`` for lines that are not items of the table, for a key that
    is there twice and for counts that do not close, ``Stopped``, and ``StepFailed`` if the disk is full.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(_private_folder(job.directory))
        point = stack.enter_context(
            open_point(job.point, directory, access=access, on_progress=on_progress, stop=stop)
        )
        partitions = min(MAX_PARTITIONS, max(job.point_items, job.live_items) // _ITEMS_A_PARTITION + 1)
        engine = engine or _engine(job, point)
        started_at = now()
        sides = _read_both(job, point, directory, partitions, engine, access, on_progress, stop)
        interval = Interval(started_at, max(started_at, now()))
        counts = _join(sides, directory, partitions, engine, access, stop)
        _check_counts(job, sides, counts)
        return PointComparison(
            job=job,
            counts=counts,
            interval=interval,
            read_units=sum(side.read_units for side in sides),
            throttled=sum(side.throttled for side in sides),
            directory=directory,
            partitions=partitions,
            point=point,
            access=access,
            engine=engine,
            on_progress=on_progress,
            stop=stop,
            close=stack.pop_all().close,
        )


def _engine(job: CompareJob, point: OpenPoint) -> Engine:
    size_bytes = point.size_bytes + job.live_bytes
    engine = engine_for(size_bytes, min_bytes_per_process=_MIN_BYTES_PER_PROCESS, threads=_THREADS)
    if job.processes is None or engine.processes <= job.processes:
        return engine
    return Engine(job.processes if job.processes > 1 else 0, _THREADS)


def _read_both(
    job: CompareJob,
    point: OpenPoint,
    directory: Path,
    partitions: int,
    engine: Engine,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
) -> list[ReadSide]:
    limit = job.read_units_per_second
    task = ReadTask(
        lines=point.lines,
        table=job.table,
        keys=job.keys,
        directory=directory,
        partitions=partitions,
        stall_timeout_seconds=job.stall_timeout_seconds,
        read_units_per_second=None if limit is None else max(1, limit // max(1, engine.processes)),
    )
    segments = segment_count(job.live_bytes)
    units = _interleaved(point.units, [ScanUnit(number, segments) for number in range(segments)])
    progress = _Progress(job.table, point.size_bytes + job.live_bytes, on_progress)
    return list(run_units(task, units, access, engine, on_bytes=progress.add, stop=stop))


def _interleaved(point: Sequence[PointUnit], live: Sequence[ScanUnit]) -> Sequence[PointUnit | ScanUnit]:
    """Both sides from the beginning to the end, so that neither keeps the other from using what it waits for."""
    places = [((number + 1) / len(live), 0, number) for number in range(len(live))]
    places += [((number + 1) / len(point), 1, number) for number in range(len(point))]
    return [point[number] if side else live[number] for _, side, number in sorted(places)]


def _join(
    sides: Sequence[ReadSide],
    directory: Path,
    partitions: int,
    engine: Engine,
    access: BulkAccess,
    stop: threading.Event,
) -> Counts:
    task = JoinTask(
        tuple(side.file for side in sides if not side.live),
        tuple(side.file for side in sides if side.live),
        partitions,
        directory,
    )
    one_each = Engine(
        engine.processes if partitions > 1 else 0, 1
    )  # a partition takes all the memory there is
    found = run_units(task, range(partitions), access, one_each, on_bytes=lambda size_bytes: None, stop=stop)
    counts = sum(found, Counts())
    for side in sides:
        side.file.path.unlink()
    return counts


def _check_counts(job: CompareJob, sides: Sequence[ReadSide], counts: Counts) -> None:
    """Every line of the restore point and every item of the table must have been compared."""
    point = sum(side.items for side in sides if not side.live)
    lines = sum((side.counts for side in sides if not side.live), LineCounts())
    if lines.lines != job.point_items or point != lines.lines - lines.superseded - lines.deletes:
        raise DataIncomplete(
            f"the restore point has {counted(lines.lines, 'line')}, its manifests name {grouped(job.point_items)}",
            hint="run `ddbbackup verify`, and use another restore point",
        )
    if counts.point_items != point:
        raise Bug(f"compared {counts.point_items} of {counted(point, 'item')} of the restore point")
    live = sum(side.items for side in sides if side.live)
    if counts.live_items != live:
        raise StepFailed(
            f"the scan of {job.table} returned {counted(live, 'item')}, but "
            f"{counted(counts.live_items, 'different key')}",
            hint="run the same command again",
        )


class _private_folder:  # noqa: N801  # reads as the function that it is
    """A new folder (mode 0700) that is deleted at the end. Deletes also those of processes that were killed."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent

    def __enter__(self) -> Path:
        try:
            self._parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for other in self._parent.glob(f"{_FOLDER}*"):
                if _is_left_over(other.name):
                    shutil.rmtree(other, ignore_errors=True)
            self._directory = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=self._parent))
        except OSError as error:
            raise state_failed(f"could not make a folder in {self._parent}", self._parent, error) from error
        return self._directory

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def _is_left_over(name: str) -> bool:
    pid = name.removeprefix(_FOLDER).partition("-")[0]
    if not pid.isdecimal():
        return False
    with suppress(PermissionError):
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, OverflowError):
            return True
    return False


class _Progress:
    """In bytes of both sides: those of data files are compressed. The size of the table is an estimate."""

    def __init__(self, table: str, total: int, on_progress: OnProgress) -> None:
        self._table, self._total, self._on_progress = table, total, on_progress
        self._done = 0

    def add(self, size_bytes: int) -> None:
        self._done += size_bytes
        done = max(0, min(self._done, self._total))
        self._on_progress(Progress(self._table, "compare", done, self._total, "bytes"))
