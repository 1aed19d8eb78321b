"""The items of a restore point, for those who read them: the final lines of its full backup and its windows.

``open_point`` reads the windows once, into an index in a private folder, and cuts all files into units for
``unit_engine``. A task holds the ``PointLines`` and reads the files of its unit through them::

    with open_point(point, folder, access=access, on_progress=note, stop=stop) as opened:
        for result in run_units(MyTask(opened.lines), opened.units, access, engine, on_bytes=add, stop=stop):
            ...

    @dataclass(frozen=True)
    class MyTask:
        lines: PointLines

        def __call__(self, unit: PointUnit, objects: Objects, track: Track) -> int:
            read = [self.lines.read(file, objects, track, self.count) for file in unit.files]
            return sum(each.value for each in read)

        def count(self, blocks: Iterator[list[bytes]]) -> int:
            return sum(map(len, blocks))
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain as concatenated
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from ddbbackup.archive.lines import are_plain_items, is_item, split_lines, whole_lines
from ddbbackup.bulk.chain_lines import ChainConfig, ChainLines
from ddbbackup.bulk.changed_keys import changed_keys_folder
from ddbbackup.bulk.index_windows import index_windows
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.read_ahead import read_ahead
from ddbbackup.bulk.unit_engine import Track
from ddbbackup.bulk.verified_stream import (
    check_item_count,
    open_data_file,
    read_until_whole,
    tracked_pieces,
)
from ddbbackup.bulk.verify_units import cut_into_units
from ddbbackup.model.progress import OnProgress
from ddbbackup.ports import BulkAccess, KeyAttribute, Objects

T = TypeVar("T")

Select = Callable[[bytes], list[bytes]]
"""Gets a block of whole lines. Returns those of them, in their order, that are worth a closer look."""
Consume = Callable[[Iterator[list[bytes]]], T]
"""Gets the final lines ``{"Item":{…}}`` of one file, with newlines, in blocks of bounded size.

Called again, with the lines from the start, if the file arrived damaged: only its last result counts.
"""
_NO_CHANGES: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PointData:
    """The data files of a restore point of ``table``: those of a full backup, and of the windows that follow it."""

    files: tuple[DataFile, ...]
    keys: tuple[KeyAttribute, ...]
    table: str
    windows: tuple[tuple[DataFile, ...], ...] = ()

    @property
    def all_files(self) -> tuple[DataFile, ...]:
        return (*self.files, *concatenated.from_iterable(self.windows))


@dataclass(frozen=True, slots=True)
class PointFile:
    """A data file. ``first_change``: of a window, see ``Unit.first_change``."""

    file: DataFile
    first_change: int | None = None


@dataclass(frozen=True, slots=True)
class PointUnit:
    """Some files of a restore point. ``number`` counts the units from 0."""

    number: int
    files: tuple[PointFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(each.file.size_bytes or 0 for each in self.files)


@dataclass(frozen=True, slots=True)
class LineCounts:
    """The lines of a file: all of them, and those that were not handed out.

    ``superseded``: a later change replaces them. ``deletes``: the last change of their item is a delete. ``invalid``:
    they are no items of the table; a restore rejects them. With a ``Select``, the last three count only among the
    lines that it returned, but in a window ``superseded`` and ``deletes`` count all lines.
    """

    lines: int = 0
    superseded: int = 0
    deletes: int = 0
    invalid: int = 0

    def __add__(self, other: LineCounts) -> LineCounts:
        return LineCounts(
            self.lines + other.lines,
            self.superseded + other.superseded,
            self.deletes + other.deletes,
            self.invalid + other.invalid,
        )


@dataclass(frozen=True, slots=True)
class ReadFile(Generic[T]):
    """What ``Consume`` made of a file, and the counts of its lines."""

    value: T
    counts: LineCounts


class PointLines:
    """Reads the files of one restore point. Thread-safe, picklable; each process opens the index once."""

    def __init__(self, keys: tuple[KeyAttribute, ...], index: Path | None) -> None:
        self._keys, self._index = keys, index
        self._lock = threading.Lock()
        self._opened: ChainLines | None = None

    def __reduce__(self) -> tuple[type[PointLines], tuple[tuple[KeyAttribute, ...], Path | None]]:
        return PointLines, (self._keys, self._index)

    def read(
        self,
        file: PointFile,
        objects: Objects,
        track: Track,
        consume: Consume[T],
        select: Select | None = None,
    ) -> ReadFile[T]:
        """Reads a file to its end. A file that looks damaged is read again, up to three times.

        Lines that ``select`` leaves out are not looked at any further. Raises ``DataIncomplete`` if the file does not
        match its manifest, and what ``objects``, ``track`` and ``consume`` raise.
        """
        return read_until_whole(lambda: self._read(file, objects, track, consume, select), time.sleep)

    def _read(
        self,
        file: PointFile,
        objects: Objects,
        track: Track,
        consume: Consume[T],
        select: Select | None,
    ) -> ReadFile[T]:
        lines = _FinalLines(file, self._chain(), select)
        with (
            open_data_file(objects, file.file) as stream,
            read_ahead(whole_lines(tracked_pieces(stream, track))) as blocks,
        ):
            final = lines.of(blocks)
            value = consume(final)
            for _ in (
                final
            ):  # to the end, also if ``consume`` has enough: the counts and the MD5 are of whole files
                pass
        return ReadFile(value, lines.counts())

    def _chain(self) -> ChainLines | None:
        if self._index is None:
            return None
        with self._lock:
            if self._opened is None:
                self._opened = ChainLines(ChainConfig(self._index, deletes=False), self._keys)
            return self._opened


class _FinalLines:
    """One reading of one file."""

    def __init__(self, file: PointFile, chain: ChainLines | None, select: Select | None) -> None:
        self._file, self._chain, self._select = file, chain, select
        self._lines = self._superseded = self._deletes = self._invalid = 0

    def of(self, blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
        """Raises ``DataIncomplete`` for another number of lines than the manifest says."""
        file = self._file.file
        take = self._of_full_backup if self._file.first_change is None else self._of_window
        for block in blocks:
            if final := take(block):
                yield final
        check_item_count(file, self._lines)

    def counts(self) -> LineCounts:
        return LineCounts(self._lines, self._superseded, self._deletes, self._invalid)

    def _of_full_backup(self, block: bytes) -> list[bytes]:
        if self._select is None:
            lines = split_lines(block)
            self._lines += len(lines) - lines.count(b"\n")
        else:
            self._lines += count_lines(block)
            lines = self._select(block)
            block = b"".join(lines)
        lines = self._valid(block, lines)
        if self._chain is None or not lines:
            return lines
        final, invalid = self._chain.of_full_backup(b"".join(lines), lines)
        self._invalid += len(invalid)
        self._superseded += len(lines) - len(final) - len(invalid)
        return final

    def _valid(self, block: bytes, lines: list[bytes]) -> list[bytes]:
        if not lines or are_plain_items(block, lines, forbidden_tokens=()):
            return lines
        stripped = [line.strip() for line in lines if line != b"\n"]
        valid = [line + b"\n" for line in stripped if is_item(line)]
        self._invalid += len(stripped) - len(valid)
        return valid

    def _of_window(self, block: bytes) -> list[bytes]:
        chain, first = self._chain, self._file.first_change
        if chain is None or first is None:
            return []
        changes = [line for line in split_lines(block) if not line.isspace()]
        if self._lines + len(changes) > self._file.file.item_count:
            check_item_count(self._file.file, self._lines + len(changes))
        puts, deletes = chain.of_window(block, changes, first + self._lines)
        self._lines += len(changes)
        self._superseded += len(changes) - len(puts) - len(deletes)
        self._deletes += len(deletes)
        return puts if self._select is None or not puts else self._select(b"".join(puts))


def count_lines(block: bytes) -> int:
    """Those that are not empty. Splitting takes a tenth of the time of looking for empty lines in the block."""
    lines = split_lines(block)
    return len(lines) - lines.count(b"\n")


@dataclass(frozen=True, slots=True)
class OpenPoint:
    units: tuple[PointUnit, ...]
    lines: PointLines

    @property
    def size_bytes(self) -> int:
        """Of all files, compressed."""
        return sum(unit.size_bytes for unit in self.units)


@contextmanager
def open_point(
    point: PointData,
    directory: Path,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
) -> Iterator[OpenPoint]:
    """The units of a restore point, and what reads them, within the ``with`` block. Blocks while windows are indexed.

    The index takes up to 32 bytes for each change and its key, in a new folder of ``directory`` (mode 0700) that is
    deleted at the end. Raises what ``index_windows`` raises.
    """
    with ExitStack() as stack:
        index, first_changes = None, _NO_CHANGES
        if any(point.windows):
            index = stack.enter_context(changed_keys_folder(directory))
            first_changes = index_windows(
                point.windows,
                access.objects(),
                index,
                keys=point.keys,
                table=point.table,
                on_progress=on_progress,
                stop=stop,
            )
        units = tuple(
            PointUnit(unit.number, tuple(PointFile(file, first_changes.get(file.uri)) for file in unit.files))
            for unit in cut_into_units(_in_order(point))
        )
        yield OpenPoint(units, PointLines(point.keys, index))


def _in_order(point: PointData) -> Sequence[DataFile]:
    """Large files first, so that no process is left alone with one at the end."""
    return sorted(point.all_files, key=lambda file: -(file.size_bytes or 0))
