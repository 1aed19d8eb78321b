"""Reads the items of a restore point, all or those that match, in as many processes as are worth it.

What a unit finds is kept until all of its files are read to their end, in memory or in a private file: nothing is
handed out of a file that turns out to be damaged.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, Literal

from ddbbackup.archive.plain_json import plain_item
from ddbbackup.bulk.item_filter import INVALID_ITEM, ItemFilter, ItemMatcher, item_of
from ddbbackup.bulk.point_lines import LineCounts, PointData, PointFile, PointLines, PointUnit, open_point
from ddbbackup.bulk.unit_engine import Engine, Track, engine_for, run_units
from ddbbackup.errors import StepFailed
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.os_errors import state_failed
from ddbbackup.ports import BulkAccess, Objects

ItemFormat = Literal["dynamodb-json", "json"]
"""``dynamodb-json``: lines ``{"Item":{…}}`` as AWS writes them. ``json``: see ``archive.plain_json``."""
Emit = Callable[[bytes], None]
"""Gets lines with newlines, cut anywhere between two calls. What it raises ends the reading."""

# Compressed; for less, starting processes takes longer than they gain.
# True: most lines are left out by their bytes.
_MIN_BYTES_PER_PROCESS: Final = {True: 256 << 20, False: 32 << 20}
_THREADS: Final = {True: 3, False: 2}  # of each process: hashing and inflating release the interpreter's lock
_THREADS_ALONE: Final = 3
_HELD_BYTES: Final = 4 << 20  # of a unit, in memory
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ReadJob:
    """``state_dir``: in a new private folder of it are the index of changed keys and what units have found.

    ``only`` None: all items.
    """

    point: PointData
    state_dir: Path
    only: ItemFilter | None = None
    format: ItemFormat = "dynamodb-json"


@dataclass(frozen=True, slots=True)
class ReadResult:
    """``items`` were handed out. ``counts`` are those of ``LineCounts``, with a ``Select`` if ``only`` was set."""

    items: int
    counts: LineCounts
    size_bytes: int = 0  # compressed


@dataclass(frozen=True, slots=True)
class UnitItems:
    """What a unit found: in ``content``, or if that is much, in the file ``path``."""

    items: int
    counts: LineCounts
    content: bytes = field(default=b"", repr=False)
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class ReadItems:
    """The task of a unit. Picklable."""

    lines: PointLines
    only: ItemFilter | None
    format: ItemFormat
    directory: Path

    def __call__(self, unit: PointUnit, objects: Objects, track: Track) -> UnitItems:
        matcher = self.only.open() if self.only is not None else None
        path = self.directory / f"{unit.number:08d}.lines"
        items, counts = 0, LineCounts()
        with _Held(path) as held:
            for file in unit.files:
                found, more = self._read(file, objects, track, matcher, held)
                items += found
                counts += more
            return UnitItems(items, counts, *held.result())

    def _read(
        self, file: PointFile, objects: Objects, track: Track, matcher: ItemMatcher | None, held: _Held
    ) -> tuple[int, LineCounts]:
        start = held.size_bytes
        invalid = 0

        def consume(blocks: Iterator[list[bytes]]) -> int:
            nonlocal invalid
            invalid = 0
            held.undo(start)  # of an earlier reading of the file
            items = 0
            for lines in blocks:
                found = lines
                if matcher is not None:
                    found, bad = matcher.matching(lines)
                    invalid += len(bad)
                formatted = self._formatted(found)
                invalid += len(found) - len(formatted)
                items += len(formatted)
                held.write(b"".join(formatted))
            return items

        select = matcher.select if matcher is not None else None
        read = self.lines.read(file, objects, track, consume, select)
        return read.value, read.counts + LineCounts(invalid=invalid)

    def _formatted(self, lines: list[bytes]) -> list[bytes]:
        """Without those that are no items."""
        if self.format == "dynamodb-json":
            return lines
        plain = []
        for line in lines:
            try:
                plain.append(plain_item(item_of(line)).encode("utf-8", "surrogatepass") + b"\n")
            except INVALID_ITEM:
                continue
        return plain


class _Held:
    """Bytes in memory, and in a private file if they are many."""

    def __init__(self, path: Path) -> None:
        self.size_bytes = 0
        self._path = path
        self._memory = BytesIO()
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Held:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, content: bytes) -> None:
        """Raises ``StepFailed`` if the disk is full."""
        self.size_bytes += len(content)
        try:
            if self._file is None and self.size_bytes > _HELD_BYTES:
                self._file = open_private(self._path)
                self._file.write(self._memory.getbuffer())
                self._memory = BytesIO()
            (self._file or self._memory).write(content)
        except OSError as error:
            raise _disk_error(self._path, error) from error

    def undo(self, size_bytes: int) -> None:
        """Forgets what was written behind the first ``size_bytes``."""
        target = self._file or self._memory
        target.seek(size_bytes)
        target.truncate()
        self.size_bytes = size_bytes

    def result(self) -> tuple[bytes, Path | None]:
        if self._file is None:
            return self._memory.getvalue(), None
        try:
            self._file.flush()
        except OSError as error:
            raise _disk_error(self._path, error) from error
        return b"", self._path


def read_items(
    job: ReadJob,
    emit: Emit,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
    engine: Engine | None = None,
) -> ReadResult:
    """Calls ``emit`` in this thread with the items, in no certain order. Blocks.

    Raises ``DataIncomplete`` if a file does not match its manifest; what was emitted before is of other files, which
    do. ``Stopped``, ``StepFailed`` if the disk is full, and what ``emit`` and ``access`` raise.
    """
    done = items = 0
    counts = LineCounts()
    with (
        private_folder(job.state_dir) as directory,
        open_point(job.point, directory, access=access, on_progress=on_progress, stop=stop) as opened,
    ):

        def add(size_bytes: int) -> None:
            nonlocal done
            done = max(0, min(done + size_bytes, opened.size_bytes))
            on_progress(Progress(job.point.table, "read", done, opened.size_bytes, "bytes"))

        task = ReadItems(opened.lines, job.only, job.format, directory)
        by_bytes = job.only is not None and job.only.required is not None
        chosen = engine or engine_to_read(opened.size_bytes, by_bytes=by_bytes)
        for found in run_units(task, opened.units, access, chosen, on_bytes=add, stop=stop):
            items += found.items
            counts += found.counts
            _hand_out(found, emit)
        return ReadResult(items, counts, opened.size_bytes)


def engine_to_read(size_bytes: int, *, by_bytes: bool) -> Engine:
    """``size_bytes`` are compressed. ``by_bytes``: most lines are left out by their bytes."""
    engine = engine_for(
        size_bytes, min_bytes_per_process=_MIN_BYTES_PER_PROCESS[by_bytes], threads=_THREADS[by_bytes]
    )
    return engine if engine.processes else Engine(0, _THREADS_ALONE)


def _hand_out(found: UnitItems, emit: Emit) -> None:
    if found.path is None:
        if found.content:
            emit(found.content)
        return
    with found.path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            emit(chunk)
    found.path.unlink()


@contextmanager
def private_folder(state_dir: Path) -> Iterator[Path]:
    """A new folder (mode 0700) that is deleted at the end. Raises ``StepFailed``."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = TemporaryDirectory(prefix="read-", dir=state_dir, ignore_cleanup_errors=True)
    except OSError as error:
        raise _disk_error(state_dir, error) from error
    with folder as path:
        try:
            yield Path(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)


def open_private(path: Path) -> BinaryIO:
    """A new file (mode 0600), also for reading. Raises ``OSError``."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
    return os.fdopen(os.open(path, flags, 0o600), "w+b")


def _disk_error(path: Path, error: OSError) -> StepFailed:
    return state_failed(f"could not keep items in {path}", path.parent, error)
