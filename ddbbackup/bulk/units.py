"""Cutting a job into units of work, and their order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from ddbbackup.bulk.model import DataFile, Unit

SPLIT_BYTES: Final = 16 << 20  # compressed; below, reading a file twice costs more than it wins
BYTES_A_WORKER: Final = 8 << 20  # compressed; below, starting another process costs more than it wins
SECTION_BYTES: Final = 8 << 20  # of the inflated stream


def cut(files: Sequence[DataFile], workers: int) -> tuple[Unit, ...]:
    """Units in the order in which they are best done; their numbers are stable for the same files.

    A file is a unit. Where there are fewer large files than workers, each is cut into as many parts as there
    are workers. The order is shuffled (repeatably): a file is one partition's range of keys, and neighbours
    in the manifest may be neighbours in the table, which would meet in one partition.
    """
    units: list[Unit] = []
    large = [file for file in files if (file.size_bytes or 0) >= SPLIT_BYTES]
    parts_of_large = workers if len(large) < workers else 1
    for file in files:
        parts = parts_of_large if file in large else 1
        units += [Unit(len(units) + part, file, part, parts) for part in range(parts)]
    random.Random(len(units)).shuffle(units)  # noqa: S311  # spreads load, keeps no secret
    return tuple(
        sorted(units, key=lambda unit: not unit.file.size_bytes or unit.file.size_bytes < SPLIT_BYTES)
    )


def sensible_workers(files: Sequence[DataFile], wanted: int | None, cores: int) -> int:
    """At most what was wanted (else one a core), and no more than the amount of data is worth."""
    size_bytes = sum(file.size_bytes or 0 for file in files)
    return max(1, min(wanted or cores, -(-size_bytes // BYTES_A_WORKER)))
