"""Reads one unit ahead of its sender: a thread fetches and inflates, the worker takes batches of lines."""

from __future__ import annotations

import queue
import random
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ddbbackup.archive.item_edits import ItemEditor
from ddbbackup.archive.lines import are_plain_items, is_item, split_lines, whole_lines
from ddbbackup.bulk.batch import MAX_BATCH_BYTES, Batch
from ddbbackup.bulk.chain_lines import ChainLines
from ddbbackup.bulk.item_filter import ItemMatcher
from ddbbackup.bulk.model import SampledItem, Unit
from ddbbackup.bulk.request_format import RequestFormat
from ddbbackup.bulk.sample import MAX_ITEMS_PER_FILE, sampled_item
from ddbbackup.bulk.units import SECTION_BYTES
from ddbbackup.bulk.verified_stream import check_item_count, name_file_in_errors, open_data_file
from ddbbackup.errors import Bug
from ddbbackup.model.checksums import crc32
from ddbbackup.ports import KeyAttribute, Objects

HELD_BYTES: Final = 1 << 20  # a file that inflates to no more is verified before its first item is put
_READ_AHEAD_BLOCKS: Final = 1  # inflated blocks of at most archive.lines.BLOCK_BYTES, or one long line
_CLOSED_CHECK_SECONDS: Final = 0.1


class Prefix(NamedTuple):
    """The beginning of the content of a unit: what a reading has handed out."""

    size_bytes: int
    crc: int


class UnitReader:
    """One unit as batches, which carry ``number``.

    ``next_batch`` never blocks. An error of the reading thread is raised by ``next_batch``, after all that was
    read before it. ``invalid_lines`` collects the lines that are not items; the worker rejects them.

    ``chain``: only the final lines of a full backup and its windows are handed out. ``superseded`` and
    ``left_out_deletes`` count the others: of items that change later, and deletes that are not to be carried out.

    ``editor`` changes the lines that are handed out; ``changed`` counts those that differ.

    ``only``: lines that do not match it are counted as ``left_out``.

    ``earlier``: what readings of this unit that failed have handed out. ``suspect``, once all is read: whether that
    differs from the content, so that lines were put that no file holds.
    """

    def __init__(
        self,
        unit: Unit,
        objects: Objects,
        request_format: RequestFormat,
        keys: Sequence[KeyAttribute],
        *,
        number: int,
        earlier: Sequence[Prefix] = (),
        chain: ChainLines | None = None,
        editor: ItemEditor | None = None,
        only: ItemMatcher | None = None,
    ) -> None:
        self.unit = unit
        self.size_bytes = 0
        self.invalid_lines: list[bytes] = []
        self.sample: list[SampledItem] = []
        self.handed_out = Prefix(0, 0)
        self.suspect = False
        self.superseded = 0
        self.left_out_deletes = 0
        self.changed = 0
        self._editor = editor
        self.left_out = 0
        self._number = number
        self._chain = chain
        self._only = only
        self._choose = random.Random(unit.number)  # noqa: S311  # spreads the sample, keeps no secret
        self._deletes: list[bytes] = []
        self._handed_over = 0  # lines to put
        self._keys = keys
        self._earlier = earlier
        self._may_be_written = unit.repeated or bool(earlier)
        self._samples_left = sorted(unit.sample, reverse=True)
        self._item_count = 0
        self._ended = False
        self._max_items = request_format.max_items
        self._forbidden_tokens = request_format.forbidden_tokens
        self._lines: list[bytes] = []
        self._position = 0
        self._fits = True  # no batch of the current lines can exceed MAX_BATCH_BYTES
        self._blocks: queue.Queue[bytes | BaseException | None] = queue.Queue(_READ_AHEAD_BLOCKS)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(objects,), name="read", daemon=True)
        self._thread.start()

    @property
    def exhausted(self) -> bool:
        """Whether ``next_batch`` has returned everything."""
        return self._ended and self._position >= len(self._lines) and not self._deletes

    def next_batch(self) -> Batch | None:
        """The next batch, or None if there is none yet, or none any more (``exhausted``)."""
        while (
            len(self._lines) - self._position < self._max_items
            and len(self._deletes) < self._max_items
            and not self._ended
        ):
            if not self._load_block():
                return None
        if len(self._deletes) >= self._max_items or (self._ended and self._deletes):
            deletes, self._deletes = self._deletes[: self._max_items], self._deletes[self._max_items :]
            return Batch(self._number, deletes, deletes=True)
        start, end = self._position, self._position + self._max_items
        lines = self._lines[start:end]
        if not lines:
            return None
        if not self._fits:
            lines = _limit_size(lines)
        self._position = start + len(lines)
        return Batch(self._number, lines, may_be_written=self._may_be_written)

    def close(self) -> None:
        self._closed.set()

    def _load_block(self) -> bool:
        try:
            block = self._blocks.get_nowait()
        except queue.Empty:
            return False
        if isinstance(block, BaseException):
            raise block
        if block is None:
            self._end()
            return True
        lines = split_lines(block)
        if self.unit.first_change is not None:
            puts = self._take_final_changes(block, lines)
            lines = self._take_valid(b"".join(puts), puts)
        else:
            invalid_before = len(self.invalid_lines)
            lines = self._take_valid(block, lines)
            self._item_count += len(lines) + len(self.invalid_lines) - invalid_before
            if self._only is not None:
                lines = self._take_matching(lines)
                block = b"".join(lines)
            lines = self._take_final_items(block, lines)
        if self._editor is not None:
            lines = self._edit(self._editor, lines)
            block = b"".join(lines)
        self._take_sample(lines)
        self._handed_over += len(lines)
        rest = self._lines[self._position :]
        self._lines, self._position = (rest + lines if rest else lines), 0
        self._fits = len(block) + sum(map(len, rest)) <= MAX_BATCH_BYTES
        return True

    def _end(self) -> None:
        self._ended = True
        if self.unit.parts == 1:
            with name_file_in_errors(self.unit.file):
                check_item_count(self.unit.file, self._item_count)

    def _take_valid(self, block: bytes, lines: list[bytes]) -> list[bytes]:
        """The lines that are items; ``block`` is what they were read from. Adds the others to ``invalid_lines``."""
        if not lines or are_plain_items(block, lines, forbidden_tokens=self._forbidden_tokens):
            return lines
        stripped = [line.strip() for line in lines if not line.isspace()]
        valid = [line for line in stripped if is_item(line)]
        if len(valid) < len(stripped):
            self.invalid_lines += [line for line in stripped if not is_item(line)]
        return valid

    def _take_matching(self, lines: list[bytes]) -> list[bytes]:
        """Counts the others as left out; adds lines that are no items to ``invalid_lines``."""
        if self._only is None:
            return lines
        found, invalid = self._only.matching(lines)
        self.invalid_lines += invalid
        self.left_out += len(lines) - len(found) - len(invalid)
        return found

    def _take_matching_deletes(self, deletes: list[bytes]) -> list[bytes]:
        if self._only is None:
            return deletes
        found = [line for line in deletes if self._only.matches_key(line)]
        self.left_out += len(deletes) - len(found)
        return found

    def _take_final_items(self, block: bytes, lines: list[bytes]) -> list[bytes]:
        """Of the lines of a full backup those that no window changes."""
        if self._chain is None:
            return lines
        final, invalid = self._chain.of_full_backup(block, lines)
        self.invalid_lines += invalid
        self.superseded += len(lines) - len(final) - len(invalid)
        return final

    def _take_final_changes(self, block: bytes, lines: list[bytes]) -> list[bytes]:
        """Of the lines of a window those that put items in their final state; keeps the deletes."""
        if self._chain is None or self.unit.first_change is None:
            raise Bug("a unit belongs to a window, but its job has none")
        changes = [line for line in lines if not line.isspace()]
        with name_file_in_errors(self.unit.file):
            if self._item_count + len(changes) > self.unit.file.item_count:
                check_item_count(self.unit.file, self._item_count + len(changes))
            first = self.unit.first_change + self._item_count
            puts, deletes = self._chain.of_window(block, changes, first)
        self._item_count += len(changes)
        self.superseded += len(changes) - len(puts) - len(deletes)
        puts, deletes = self._take_matching(puts), self._take_matching_deletes(deletes)
        if self._chain.deletes:
            self._deletes += self._editor.edit(deletes).lines if self._editor is not None else deletes
        else:
            self.left_out_deletes += len(deletes)
        return puts

    def _edit(self, editor: ItemEditor, lines: list[bytes]) -> list[bytes]:
        """The changed lines; what the plan puts into them may be a forbidden token."""
        edited = editor.edit(lines)
        self.changed += edited.changed
        self.invalid_lines += edited.invalid
        return self._take_valid(b"".join(edited.lines), edited.lines)

    def _take_sample(self, lines: Sequence[bytes]) -> None:
        if self._only is not None:
            self._take_sample_of_matching(lines)
            return
        first = self._handed_over
        while self._samples_left and self._samples_left[-1] < first + len(lines):
            index = max(0, self._samples_left.pop() - first)
            item = sampled_item(lines[index], self._keys) if index < len(lines) else None
            if item is not None:
                self.sample.append(item)

    def _take_sample_of_matching(self, lines: Sequence[bytes]) -> None:
        """How many will match is not known, so each of them has the same chance: algorithm R."""
        for number, line in enumerate(lines, self._handed_over):
            place = number if number < MAX_ITEMS_PER_FILE else self._choose.randrange(number + 1)
            if place >= MAX_ITEMS_PER_FILE:
                continue
            item = sampled_item(line, self._keys)
            if item is not None:
                self.sample[place : place + 1] = [item]

    # ---- the reading thread

    def _read(self, objects: Objects) -> None:
        try:
            with open_data_file(objects, self.unit.file) as stream:
                pieces = stream.pieces()
                if self.unit.parts == 1:
                    blocks = whole_lines(pieces)
                else:
                    blocks = select_part(pieces, self.unit.part, self.unit.parts)
                for block in hold_back(blocks, HELD_BYTES):
                    self._compare_with_earlier(block)
                    if not self._put(block):
                        return
                self.size_bytes = stream.size_bytes if self.unit.part == 0 else 0
            self.suspect |= any(each.size_bytes > self.handed_out.size_bytes for each in self._earlier)
            self._put(None)
        except BaseException as error:  # noqa: BLE001  # next_batch raises it in the worker's thread
            self._put(error)

    def _compare_with_earlier(self, block: bytes) -> None:
        start, crc = self.handed_out
        end = start + len(block)
        for earlier in self._earlier:
            if start < earlier.size_bytes <= end:
                crc_there = crc32(memoryview(block)[: earlier.size_bytes - start], crc)
                self.suspect |= crc_there != earlier.crc
        self.handed_out = Prefix(end, crc32(block, crc))

    def _put(self, block: bytes | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._blocks.put(block, timeout=_CLOSED_CHECK_SECONDS)
            except queue.Full:
                continue
            return True
        return False


def hold_back(blocks: Iterable[bytes], size_bytes: int) -> Iterator[bytes]:
    """The same blocks; the first one only after more than ``size_bytes`` of them were read, or all of them.

    An error while that much is read means that none of it was handed out.
    """
    held: deque[bytes] = deque()
    held_bytes = 0
    iterator = iter(blocks)
    for block in iterator:
        held.append(block)
        held_bytes += len(block)
        if held_bytes > size_bytes:
            break
    while held:
        yield held.popleft()
    yield from iterator


def select_part(pieces: Iterable[bytes], part: int, parts: int) -> Iterator[bytes]:
    """The lines that begin in every ``parts``-th section of the stream, starting with section ``part``.

    Every line belongs to exactly one part.
    """
    position = 0
    for block in whole_lines(pieces):
        selected: list[bytes] = []
        start = 0
        while start < len(block):
            section, offset = divmod(position + start, SECTION_BYTES)
            # The lines of this block that begin in this section end with the line that crosses its border.
            border = start + SECTION_BYTES - offset
            end = len(block) if border >= len(block) else block.index(b"\n", border - 1) + 1
            if section % parts == part:
                selected.append(block[start:end])
            start = end
        position += len(block)
        if selected:
            yield b"".join(selected)


def _limit_size(lines: list[bytes]) -> list[bytes]:
    """As many of the first lines as fit into one request, at least one."""
    size_bytes = 0
    for count, line in enumerate(lines):
        size_bytes += len(line)
        if size_bytes > MAX_BATCH_BYTES and count:
            return lines[:count]
    return lines
