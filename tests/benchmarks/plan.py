"""What is measured, and with how much data: everything, or a quick look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.clients import (
    BATCH_WRITER,
    BATCHES,
    DDBBACKUP,
    DYNAMODUMP,
    EVERYBODY,
    KEEP,
    LIMIT,
    ORIGIN,
)
from tests.benchmarks.data import Export, export, pool
from tests.benchmarks.rounds import Case


@dataclass(frozen=True)
class Scale:
    """``repeat`` is how often the large pool is named again; ``bulk`` the same for each size of the memory run.

    ``scan_pages`` are those of each segment of a scan, ``paginator_pages`` those of boto3's paginator.
    ``compared`` are the numbers of items of the tables that are compared.
    """

    rounds: int
    cases: tuple[Case, ...]
    repeat: int
    sound_files: int
    bulk: tuple[int, ...]
    scan_pages: int
    paginator_pages: int
    compared: tuple[int, ...]


@dataclass(frozen=True)
class Data:
    """``exports`` by size of items, then by share (see ``clients.Client``) or start-up."""

    exports: Mapping[int, Mapping[str, Export]]
    sound: Export
    real: Export
    bulk: tuple[Export, ...]


_FEW = (BATCHES, DDBBACKUP, LIMIT)
_BARE = (DDBBACKUP, LIMIT)
FULL = Scale(
    rounds=3,
    cases=(
        Case(400, 5, False, 1, EVERYBODY),
        Case(400, 0, False, 1, EVERYBODY),
        Case(400, 5, True, 1, (ORIGIN, DYNAMODUMP, BATCH_WRITER, BATCHES, DDBBACKUP, LIMIT)),
        Case(400, 0, True, 1, _FEW),
        Case(2048, 5, False, 1, (ORIGIN, DYNAMODUMP, BATCH_WRITER, BATCHES, DDBBACKUP, LIMIT)),
        Case(2048, 0, False, 1, _FEW),
        Case(2048, 5, True, 1, _FEW),
        Case(2048, 0, True, 1, _FEW),
        Case(400, 5, False, 2, (ORIGIN, DYNAMODUMP, BATCHES, KEEP, DDBBACKUP, LIMIT)),
        Case(400, 0, False, 2, _BARE),
        Case(400, 5, True, 2, _BARE),
        Case(400, 0, True, 2, _BARE),
        Case(2048, 5, False, 2, _BARE),
        Case(2048, 0, False, 2, _BARE),
        Case(2048, 5, True, 2, _BARE),
        Case(2048, 0, True, 2, _BARE),
        Case(400, 25, False, 1, _BARE),
        Case(400, 25, False, 2, _BARE),
    ),
    repeat=2,
    sound_files=2,
    bulk=(4, 78),
    scan_pages=250,
    paginator_pages=60,
    compared=(5_000_000, 20_000_000),
)
QUICK = Scale(
    rounds=1,
    cases=(
        Case(400, 5, False, 1, EVERYBODY),
        Case(400, 0, False, 1, _BARE),
        Case(400, 0, True, 1, _BARE),
        Case(400, 5, False, 2, _BARE),
    ),
    repeat=1,
    sound_files=2,
    bulk=(4,),
    scan_pages=60,
    paginator_pages=15,
    compared=(1_000_000,),
)


def prepare(root: Path, scale: Scale) -> Data:
    """Makes what is not there yet; pools stay for the next run."""
    exports = {}
    # So few items that writing them is nothing, so large that ddbbackup starts two workers for them.
    few = pool(root, item_bytes=390_000, files=2, items_a_file=15)
    for item_bytes, items_a_file in ((400, 62_500), (2048, 8_000)):
        large = pool(root, item_bytes=item_bytes, files=16, items_a_file=items_a_file)
        small = pool(root, item_bytes=item_bytes, files=12, items_a_file=4_000)
        start = pool(root, item_bytes=item_bytes, files=2, items_a_file=1)
        exports[item_bytes] = {
            "start": export(start, f"start-{item_bytes}", [0, 1]),
            "start-2": export(few, "start-2", [0, 1]),
            "small": export(small, f"small-{item_bytes}", [0, 1]),
            "medium": export(small, f"medium-{item_bytes}", range(12)),
            "large": export(large, f"large-{item_bytes}", list(range(16)) * scale.repeat),
        }
        if item_bytes == 400:
            sound = export(large, "sound", range(scale.sound_files))
            real = export(small, "real", range(6))
    bulk = tuple(export(large, f"bulk-{times}", list(range(16)) * times) for times in scale.bulk)
    return Data(exports, sound, real, bulk)
