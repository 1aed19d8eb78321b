"""Splits a job into units of work, and orders them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ddbbackup.bulk.model import DataFile, Unit
from ddbbackup.bulk.sample import choose_lines

MIN_SPLIT_BYTES: Final = (
    16 << 20
)  # compressed; for smaller files, reading them twice costs more than it gains
MIN_BYTES_PER_WORKER: Final = 8 << 20  # compressed; for less, starting a process costs more than it gains
SECTION_BYTES: Final = 8 << 20  # of the inflated stream


def split_into_units(
    files: Sequence[DataFile], workers: int, first_changes: Mapping[str, int] = MappingProxyType({})
) -> tuple[Unit, ...]:
    """The units in the order in which to run them.

    A file is one unit. If there are fewer large files than workers, each of them is split into as many parts as
    there are workers. Large files come first. Otherwise the order is shuffled, with a fixed seed: a file is a key
    range of one partition, and neighbours in the manifest may be neighbours in the same partition.

    ``first_changes``: of the files of windows, by URI, see ``Unit.first_change``. They are never split, because the
    number of a change is known by its place in the file.
    """
    units: list[Unit] = []
    sample = choose_lines(files, seed=len(files))
    large = [file for file in files if (file.size_bytes or 0) >= MIN_SPLIT_BYTES]
    parts_of_large = workers if len(large) < workers else 1
    for file in files:
        first_change = first_changes.get(file.uri)
        can_be_split = first_change is None and (file.size_bytes or 0) >= MIN_SPLIT_BYTES
        parts = parts_of_large if can_be_split else 1
        lines = sample.get(file.uri, ())
        for part in range(parts):
            # A part does not know the numbers of its lines in the file, but it holds about one in ``parts`` of them.
            of_part = tuple(number // parts for number in lines[part::parts])
            units.append(Unit(len(units), file, part, parts, of_part, first_change=first_change))
    random.Random(len(units)).shuffle(units)  # noqa: S311  # spreads load, keeps no secret
    return tuple(sorted(units, key=lambda unit: (unit.file.size_bytes or 0) < MIN_SPLIT_BYTES))


def worker_count(files: Sequence[DataFile], requested: int | None, cores: int) -> int:
    """The number of workers: as requested (default: one per core), but no more than the data is worth."""
    size_bytes = sum(file.size_bytes or 0 for file in files)
    return max(1, min(requested or cores, -(-size_bytes // MIN_BYTES_PER_WORKER)))
