"""The work of verifying data files, cut into units, and what one unit of it does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from ddbbackup.archive.line_check import LineChecker, View
from ddbbackup.archive.lines import count_items, split_lines, whole_lines
from ddbbackup.bulk.key_digests import DigestWriter, digest_of
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.read_ahead import read_ahead
from ddbbackup.bulk.unit_engine import Track
from ddbbackup.bulk.verified_stream import (
    VerifiedStream,
    check_item_count,
    open_data_file,
    read_until_whole,
    tracked_pieces,
)
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import KeyAttribute, Objects

_UNIT_BYTES: Final = 32 << 20  # compressed
_UNIT_FILES: Final = 200
_MAX_URIS: Final = 3

FoundKey = tuple[bytes, int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class VerifyUnit:
    """Some data files. ``number`` names it among the units of its backup."""

    number: int
    files: tuple[DataFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes or 0 for file in self.files)


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """``reason`` is a sentence that names the file, without item data."""

    uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnitFindings:
    """What was found in a unit.

    ``defects`` counts, by URI of the file and reason, the lines that are no valid items of the table.
    """

    number: int
    item_count: int
    size_bytes: int
    damaged: tuple[DamagedFile, ...] = ()
    defects: tuple[tuple[str, str, int], ...] = ()


def cut_into_units(files: Sequence[DataFile]) -> tuple[VerifyUnit, ...]:
    """The same units for the same files."""
    units: list[VerifyUnit] = []
    unit: list[DataFile] = []
    size_bytes = 0
    for file in files:
        unit.append(file)
        size_bytes += file.size_bytes or 0
        if size_bytes >= _UNIT_BYTES or len(unit) >= _UNIT_FILES:
            units.append(VerifyUnit(len(units), tuple(unit)))
            unit, size_bytes = [], 0
    if unit:
        units.append(VerifyUnit(len(units), tuple(unit)))
    return tuple(units)


@dataclass(frozen=True, slots=True)
class VerifyChecksums:
    """Reads every file once and compares its size, MD5 and number of items with the manifest."""

    def __call__(self, unit: VerifyUnit, objects: Objects, track: Track) -> UnitFindings:
        return _verify_each(unit, partial(self._read, objects, track))

    def _read(self, objects: Objects, track: Track, file: DataFile) -> _FileFindings:
        with open_data_file(objects, file) as stream:
            count = count_items(tracked_pieces(stream, track))
            return _FileFindings(count, _checked_size(stream, count))


@dataclass(frozen=True, slots=True)
class VerifyItems:
    """The same, and checks every line. The digests of all keys go to ``digests_path`` of the unit."""

    keys: tuple[KeyAttribute, ...]
    view: View | None
    directory: Path

    def __call__(self, unit: VerifyUnit, objects: Objects, track: Track) -> UnitFindings:
        checker = LineChecker(self.keys, view=self.view)
        with DigestWriter(digests_path(self.directory, unit)) as digests:
            findings = _verify_each(unit, partial(self._read, objects, track, checker, digests))
            digests.undo()  # of a file that is damaged
            digests.finish()
        return findings

    def _read(
        self, objects: Objects, track: Track, checker: LineChecker, digests: DigestWriter, file: DataFile
    ) -> _FileFindings:
        digests.undo()  # of an earlier reading of the file
        count, defects = 0, Counter[str]()
        with (
            open_data_file(objects, file) as stream,
            read_ahead(whole_lines(tracked_pieces(stream, track))) as blocks,
        ):
            for block in blocks:
                checked = checker.check(block, split_lines(block))
                digests.add(checked.keys)
                count += len(checked.keys) + checked.defects.total()
                defects += checked.defects
            size_bytes = _checked_size(stream, count)
        digests.mark()
        return _FileFindings(count, size_bytes, defects)


@dataclass(frozen=True, slots=True)
class FindKeys:
    """Finds the keys behind digests that repeat. Reads all files once more."""

    keys: tuple[KeyAttribute, ...]
    view: View | None
    digests: frozenset[bytes]

    def __call__(self, unit: VerifyUnit, objects: Objects, track: Track) -> tuple[FoundKey, ...]:
        """The keys, how often they are there, and URIs of files with them. They must not leave this program."""
        checker = LineChecker(self.keys, view=self.view)
        counts = Counter[bytes]()
        uris: dict[bytes, list[str]] = {}
        for file in unit.files:
            in_file = read_until_whole(partial(self._find, file, objects, track, checker), time.sleep)
            counts += in_file
            for key in in_file:
                known = uris.setdefault(key, [])
                if len(known) < _MAX_URIS:
                    known.append(file.uri)
        return tuple((key, count, tuple(uris[key])) for key, count in counts.items())

    def _find(self, file: DataFile, objects: Objects, track: Track, checker: LineChecker) -> Counter[bytes]:
        found = Counter[bytes]()
        with (
            open_data_file(objects, file) as stream,
            read_ahead(whole_lines(tracked_pieces(stream, track))) as blocks,
        ):
            for block in blocks:
                keys = checker.check(block, split_lines(block)).keys
                found.update(key for key in keys if digest_of(key) in self.digests)
        return found


def digests_path(directory: Path, unit: VerifyUnit) -> Path:
    return directory / f"{unit.number:08d}.keys"


@dataclass(frozen=True, slots=True)
class _FileFindings:
    item_count: int
    size_bytes: int
    defects: Mapping[str, int] = field(default_factory=dict)


def _verify_each(unit: VerifyUnit, read: Callable[[DataFile], _FileFindings]) -> UnitFindings:
    """A file that looks damaged is read again, up to three times, before it is called damaged."""
    item_count = size_bytes = 0
    damaged: list[DamagedFile] = []
    defects: list[tuple[str, str, int]] = []
    for file in unit.files:
        try:
            found = read_until_whole(partial(read, file), time.sleep)
        except DataIncomplete as error:
            damaged.append(DamagedFile(file.uri, error.message))
            continue
        item_count += found.item_count
        size_bytes += found.size_bytes
        defects += ((file.uri, reason, count) for reason, count in sorted(found.defects.items()))
    return UnitFindings(unit.number, item_count, size_bytes, tuple(damaged), tuple(defects))


def _checked_size(stream: VerifiedStream, count: int) -> int:
    """The size of the object. Raises ``DataIncomplete`` if it, or ``count``, is not what it has to be."""
    file = stream.file
    check_item_count(file, count)
    if file.size_bytes is not None and file.size_bytes != stream.size_bytes:
        raise DataIncomplete(
            f"its size changed from {file.size_bytes} to {stream.size_bytes} bytes during the verification",
            hint="check what writes to the bucket, then verify the backup again",
        )
    return stream.size_bytes
