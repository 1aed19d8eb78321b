"""Reads one unit ahead of its writer: a thread fetches and inflates, the writer takes batches of lines."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Final

from ddbbackup.archive.lines import all_items, is_item, items, whole_lines
from ddbbackup.bulk.batch import BATCH_BYTES, Batch
from ddbbackup.bulk.model import Unit
from ddbbackup.bulk.units import SECTION_BYTES
from ddbbackup.bulk.verified_stream import check_count, named, opened
from ddbbackup.ports import Objects

_AHEAD: Final = 1  # blocks of at most BLOCK_BYTES (or one long line) that wait inflated
_LOOK_SECONDS: Final = 0.1


class UnitReader:
    """One unit of work as batches. ``bad_lines`` are what cannot be an item; the writer rejects them.

    ``take`` never blocks. Errors of the reading thread come out of ``take`` once all that was read is taken.
    """

    def __init__(self, unit: Unit, objects: Objects, *, batch_items: int, foreign: tuple[bytes, ...]) -> None:
        self.unit = unit
        self.size_bytes = 0
        self.bad_lines: list[bytes] = []
        self._count = 0
        self._ended = False
        self._batch_items = batch_items
        self._foreign = foreign
        self._lines: list[bytes] = []
        self._next = 0
        self._small = True  # no lines in hand that could make a batch too large
        self._blocks: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(objects,), name="read", daemon=True)
        self._thread.start()

    @property
    def exhausted(self) -> bool:
        """Whether everything was taken."""
        return self._ended and self._next >= len(self._lines)

    def take(self) -> Batch | None:
        """The next batch, or None if there is none yet (or none any more: ``exhausted``)."""
        while len(self._lines) - self._next < self._batch_items and not self._ended:
            if not self._load():
                return None
        start, end = self._next, self._next + self._batch_items
        lines = self._lines[start:end]
        if not lines:
            return None
        if not self._small:
            lines = _at_most(lines)
        self._next = start + len(lines)
        return Batch(self.unit.number, lines)

    def close(self) -> None:
        self._closed.set()

    def _load(self) -> bool:
        try:
            block = self._blocks.get_nowait()
        except queue.Empty:
            return False
        if isinstance(block, BaseException):
            raise block
        if block is None:
            self._end()
            return True
        found = items(block)
        if not all_items(block, found, foreign=self._foreign):
            found = self._sorted_out(found)
        self._count += len(found)
        rest = self._lines[self._next :]
        self._lines, self._next = (rest + found if rest else found), 0
        self._small = len(block) + sum(map(len, rest)) <= BATCH_BYTES
        return True

    def _end(self) -> None:
        self._ended = True
        if self.unit.parts == 1:
            with named(self.unit.file):
                check_count(self.unit.file, self._count)

    def _sorted_out(self, lines: list[bytes]) -> list[bytes]:
        good: list[bytes] = []
        known_bad = len(self.bad_lines)
        for line in lines:
            plain = line.strip()
            if not plain:
                continue
            (good if is_item(plain) else self.bad_lines).append(plain)
        self._count += len(self.bad_lines) - known_bad
        return good

    def _read(self, objects: Objects) -> None:
        try:
            with opened(objects, self.unit.file) as content:
                pieces = content.pieces()
                whole = self.unit.parts == 1
                blocks = whole_lines(pieces) if whole else part_of(pieces, self.unit.part, self.unit.parts)
                for block in blocks:
                    if not self._put(block):
                        return
                self.size_bytes = content.size_bytes if self.unit.part == 0 else 0
            self._put(None)
        except BaseException as error:  # noqa: BLE001  # handed to the writer, which raises it
            self._put(error)

    def _put(self, block: bytes | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._blocks.put(block, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False


def part_of(pieces: Iterable[bytes], part: int, parts: int) -> Iterator[bytes]:
    """The lines that begin in every ``parts``-th section of the stream, from section ``part`` on.

    All parts together are the whole, and no line is in two of them.
    """
    position = 0
    for block in whole_lines(pieces):
        ours: list[bytes] = []
        start = 0
        while start < len(block):
            section, into = divmod(position + start, SECTION_BYTES)
            # The lines of this block that begin in this section end with the line that crosses its border.
            border = start + SECTION_BYTES - into
            end = len(block) if border >= len(block) else block.index(b"\n", border - 1) + 1
            if section % parts == part:
                ours.append(block[start:end])
            start = end
        position += len(block)
        if ours:
            yield b"".join(ours)


def _at_most(lines: list[bytes]) -> list[bytes]:
    """As many of the lines as fit into one request, at least one."""
    size_bytes = 0
    for count, line in enumerate(lines):
        size_bytes += len(line)
        if size_bytes > BATCH_BYTES and count:
            return lines[:count]
    return lines
