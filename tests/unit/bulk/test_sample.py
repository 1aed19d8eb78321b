"""A sample of the items of data files: spread, bounded, and the same for the same seed."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import item_digest
from ddbbackup.bulk import sample_items, verified_stream
from ddbbackup.bulk.model import DataFile, SampledItem, Stopped
from ddbbackup.bulk.sample import MAX_ITEMS, MAX_ITEMS_PER_FILE, choose_lines
from ddbbackup.bulk.units import split_into_units
from ddbbackup.errors import DataIncomplete
from tests.support.aws import line
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.memory_table import KEYS, data_file

MD5 = "FjvgqIxwymKf1RbbqtrZag=="


def item(number: int) -> dict[str, Any]:
    return {"id": {"S": f"k{number}"}, "n": {"N": f"{number}"}}


def ids(sample: Sequence[SampledItem]) -> list[int]:
    return [int(json.loads(each.key)["id"]["S"][1:]) for each in sample]


@given(counts=st.lists(st.integers(0, 100_000), max_size=60), seed=st.integers(0, 9))
def test_every_file_has_its_share(counts: list[int], seed: int) -> None:
    """Spread over its lines, bounded for each file and in all."""
    files = [DataFile("vault", f"data/{n}", MD5, count) for n, count in enumerate(counts)]
    lines = choose_lines(files, seed=seed)
    assert lines == choose_lines(files, seed=seed)
    assert lines.keys() == {file.uri for file in files if file.item_count}
    assert sum(map(len, lines.values())) <= MAX_ITEMS
    for file in files:
        chosen = lines.get(file.uri, ())
        assert list(chosen) == sorted(set(chosen))
        assert len(chosen) <= MAX_ITEMS_PER_FILE
        if chosen:
            section = -(-file.item_count // len(chosen))
            assert chosen[0] < section
            assert file.item_count - section <= chosen[-1] < file.item_count


def test_of_many_files_some_are_chosen() -> None:
    """By the seed."""
    files = [DataFile("vault", f"data/{n}", MD5, 100) for n in range(MAX_ITEMS + 1000)]
    one, other = choose_lines(files, seed=1), choose_lines(files, seed=2)
    assert len(one) == len(other) == MAX_ITEMS
    assert one.keys() != other.keys()


def test_items_are_sampled_from_data_files() -> None:
    """Their key, and a digest of all that they hold."""
    objects = MemoryObjects()
    items = [item(number) for number in range(3000)]
    files = [data_file(objects, f"data/{n}", map(line, items[n::3])) for n in range(3)]
    sample = sample_items(files, objects, KEYS)
    assert sample == sample_items(files, objects, KEYS)
    assert len(sample) == 3 * MAX_ITEMS_PER_FILE
    assert all(
        each.digest == item_digest(item(number)) for each, number in zip(sample, ids(sample), strict=True)
    )
    assert sample != sample_items(files, objects, KEYS, seed=1)


def test_files_too_large_to_read_are_sampled_at_their_beginning() -> None:
    """Gzip can be read only from its start."""
    objects = MemoryObjects()
    files = [
        data_file(
            objects, f"data/{n}", (line(item(number)) for number in range(n * 20_000, (n + 1) * 20_000))
        )
        for n in range(4)
    ]
    whole = sum(file.size_bytes or 0 for file in files)
    numbers = ids(sample_items(files, objects, KEYS, read_bytes=whole // 2))
    deepest = [max(number - n * 20_000 for number in numbers if number // 20_000 == n) for n in range(4)]
    assert sorted(depth > 19_000 for depth in deepest) == [False, False, False, True]
    assert all(depth > 500 for depth in deepest)


def test_lines_that_are_no_items_are_not_sampled() -> None:
    """They are rejected, so the table cannot hold them; blank ones count as nothing."""
    objects = MemoryObjects()
    lines = [b'{"Item":{"no":{"S":"key"}}}', b"not JSON", b"", line(item(1))]
    file = data_file(objects, "data/0", lines)
    assert ids(sample_items([file], objects, KEYS)) == [1]


def test_a_file_is_damaged_only_after_three_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in all other readings."""
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    objects = MemoryObjects()
    file = data_file(objects, "data/0", [line(item(1))])
    bad = MemoryStream(b"<html>")
    objects.answers = {"data/0": [bad, bad]}
    assert ids(sample_items([file], objects, KEYS)) == [1]
    objects.answers = {"data/0": [bad, bad, bad]}
    with pytest.raises(DataIncomplete, match="data/0 is damaged"):
        sample_items([file], objects, KEYS)


def test_sampling_can_be_stopped() -> None:
    """As any long reading."""
    objects, stop = MemoryObjects(), threading.Event()
    file = data_file(objects, "data/0", [line(item(1))])
    stop.set()
    with pytest.raises(Stopped):
        sample_items([file], objects, KEYS, stop=stop)


def test_the_units_of_a_job_carry_the_sample() -> None:
    """A file in parts has about the same lines sampled as one in a single part."""
    large = DataFile("vault", "data/0", MD5, 10_000, size_bytes=64 << 20)
    (whole,) = split_into_units([large], 1)
    parts = split_into_units([large], 2)
    assert len(whole.sample) == sum(len(part.sample) for part in parts) == MAX_ITEMS_PER_FILE
    assert all(max(part.sample) < 5_000 for part in parts)
