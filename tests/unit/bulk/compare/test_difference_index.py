"""The differences of a comparison, looked up by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddbbackup.bulk.compare.model import Counts, Difference
from ddbbackup.bulk.mirror.index import DifferenceIndex

PARTITIONS = 7
CHANGED = [Difference("changed", b"key-%05d" % number, b"p" * 16, b"l" * 16) for number in range(5_000)]
_COUNTS = Counts(changed=len(CHANGED))


@dataclass(frozen=True)
class Found:
    """As much of a ``PointComparison`` as an index needs."""

    counts: Counts = _COUNTS

    def differences(self) -> Iterator[Difference]:
        return iter(CHANGED)


def index_of(directory: Path, comparison: Any) -> DifferenceIndex:
    index = DifferenceIndex(directory, PARTITIONS)
    index.build(comparison)
    return index


def test_many_keys_are_found_at_once_and_others_are_not(tmp_path: Path) -> None:
    wanted = [each.key for each in CHANGED[::7]]

    with index_of(tmp_path, Found()).open() as index:
        found = index.find([*wanted, b"unknown", b""])

    assert found == {each.key: each for each in CHANGED[::7]}
    assert len(wanted) > 500, "several queries"


def test_a_lookup_does_not_read_the_whole_table(tmp_path: Path) -> None:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with index_of(tmp_path, Found()).open() as index:
        index._database.set_progress_handler(count, 1)
        index.find([CHANGED[1].key, CHANGED[-1].key])

    assert 0 < steps < 500, "instructions of SQLite; reading 5,000 rows takes more than 10,000"
