"""Finding data files: each with what S3 says about it, by as few requests as the folder allows."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.find_files import FEW, find_files
from ddbbackup.bulk.model import DataFile, Stopped
from ddbbackup.errors import Unreachable
from ddbbackup.ports import ObjectFacts
from tests.support.simulated_store import SimulatedStore

FOLDER = "p/AWSDynamoDB/data/"
NAME = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=1, max_size=3)


def key(name: str) -> str:
    return f"{FOLDER}{name}.json.gz"


def facts(name: str) -> ObjectFacts:
    return ObjectFacts(key(name), len(name), f'"{name}"')


def file(name: str) -> DataFile:
    return DataFile("vault", key(name), "FjvgqIxwymKf1RbbqtrZag==", 0)


def find(store: SimulatedStore, files: list[DataFile]) -> dict[str, ObjectFacts | None]:
    found = list(find_files(files, store, stop=threading.Event()))
    assert [each.key for each, _ in found] == sorted(each.key for each in files)
    return {each.key: metadata for each, metadata in found}


def numbered(count: int, step: int = 1) -> list[str]:
    return [f"{number:026d}" for number in range(0, count * step, step)]


@given(
    own=st.sets(NAME, max_size=60),
    foreign=st.sets(NAME, max_size=60),
    missing=st.sets(NAME, max_size=10),
    seed=st.integers(0, 9),
)
def test_every_file_is_found_or_missing(
    own: set[str], foreign: set[str], missing: set[str], seed: int
) -> None:
    """Whatever lies between the files, and in whatever order the manifest names them."""
    there = sorted((own | foreign) - missing, key=key)
    store = SimulatedStore([facts(name) for name in there])
    files = [file(name) for name in own]
    random.Random(seed).shuffle(files)
    assert find(store, files) == {key(name): facts(name) if name in there else None for name in own}


def test_a_full_export_is_listed_in_pages() -> None:
    """All of its folder is its own."""
    names = numbered(25_000)
    store = SimulatedStore([facts(name) for name in names])
    found = find(store, [file(name) for name in names])
    assert None not in found.values()
    assert (store.pages, store.heads) == (25, 0)


@pytest.mark.parametrize("step", [2, 10, 50, 500])
def test_a_shared_folder_costs_no_more_than_a_request_per_file_or_all_pages(step: int) -> None:
    """And a few for the ends of ranges, however thin the files are among others."""
    names = numbered(2_000, step)
    wanted = set(names)
    every = (
        [facts(name) for name in numbered(2_000 * step)]
        if step <= 50
        else [
            each
            for name in names
            for each in (facts(name), *(facts(f"{name}{number:03d}") for number in range(500)))
        ]
    )
    store = SimulatedStore(sorted(every, key=lambda each: each.key))
    found = find(store, [file(name) for name in wanted])
    assert None not in found.values()
    pages_of_all = len(every) // 1000 + 1
    assert store.requests <= min(len(names) + 1, pages_of_all * 2)


def test_few_files_are_asked_for_one_by_one() -> None:
    """For them, the metadata of an object costs less than a page of a listing."""
    store = SimulatedStore([facts(name) for name in numbered(5_000)])
    found = find(store, [file(name) for name in numbered(FEW, 300)])
    assert None not in found.values()
    assert (store.pages, store.heads) == (0, FEW)


def test_files_at_the_end_of_a_clump_of_others_are_found() -> None:
    """More than a page of keys sorts between a key and the last key that surely sorts before it."""
    clump = [f"{FOLDER}a.json.g{letter}{number:04d}" for letter in "xy" for number in range(1500)]
    every = sorted([*clump, *(key(name) for name in ("a", *numbered(40)))])
    store = SimulatedStore([ObjectFacts(each, 1, '""') for each in every])
    found = find(store, [file(name) for name in ("a", *numbered(40))])
    assert None not in found.values()


def test_a_listing_that_begins_again_is_no_listing() -> None:
    """A server that ignores where to start would keep us for ever."""

    class FromTheStart(SimulatedStore):
        def keys(self, bucket: str, prefix: str, **_: object) -> Iterator[ObjectFacts]:
            return super().keys(bucket, prefix)

    store = FromTheStart([facts(name) for name in numbered(3_000)])
    with pytest.raises(Unreachable, match="does not go on"):
        find(store, [file(name) for name in numbered(3_000)[1500:]])


def test_a_search_ends_when_it_is_told_to() -> None:
    """Between two requests."""
    store = SimulatedStore([facts(name) for name in numbered(5_000)])
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        list(find_files([file(name) for name in numbered(5_000)], store, stop=stop))
