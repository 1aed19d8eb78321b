"""The index of changed keys: the same answers in memory and on disk, as a dictionary of all changes gives them."""

from __future__ import annotations

import errno
import random
import stat
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.bulk import changed_keys
from ddbbackup.bulk.changed_keys import (
    MAX_KEY_BYTES,
    ChangedKeysBuilder,
    FinalChanges,
    changed_keys_folder,
    index_keys,
    open_keys,
)
from ddbbackup.errors import StepFailed
from tests.support.peak_memory import peak_memory


@pytest.fixture(params=["in memory", "on disk"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """On disk with sizes so small that a few keys have many partitions, buckets and chunks."""
    if request.param == "on disk":
        for name, value in (
            ("MAX_KEYS_IN_MEMORY", 0),
            ("_KEYS_A_PARTITION", 7),
            ("_BUFFERED_CHANGES", 5),
            ("_KEYS_A_BUCKET", 2),
            ("_FILTER_BITS_A_CHANGE", 8),
        ):
            monkeypatch.setattr(changed_keys, name, value)
    return str(request.param)


KEYS = st.binary(max_size=3) | st.binary(min_size=MAX_KEY_BYTES - 1, max_size=MAX_KEY_BYTES + 2)


@settings(deadline=None, max_examples=60)
@given(
    windows=st.lists(st.lists(KEYS, max_size=12, unique=True), min_size=1, max_size=5),
    order=st.randoms(use_true_random=False),
    failed=st.sets(st.integers(0, 4)),
    others=st.lists(KEYS, max_size=20),
)
@pytest.mark.usefixtures("sizes")
def test_it_answers_like_a_dictionary(
    windows: list[list[bytes]],
    order: random.Random,
    failed: set[int],
    others: list[bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Files are read in any order, and some of them once more, after a reading that failed."""
    with changed_keys_folder(tmp_path_factory.mktemp("index")) as folder:
        builder = ChangedKeysBuilder(folder, sum(map(len, windows)))
        firsts = {}
        numbered = list(enumerate(windows))
        order.shuffle(numbered)
        for window, keys in numbered:
            stored = index_keys(keys)
            if window in failed:
                lost = builder.reserve(len(keys))
                builder.add(window + 1, lost, stored[:2], [9] * len(stored[:2]))
                builder.discard(lost, len(keys))
            firsts[window] = first = builder.reserve(len(keys))
            half = len(keys) // 2
            builder.add(window, first, stored[:half], range(half))
            builder.add(window, first + half, stored[half:], range(half, len(keys)))
        builder.finish()
        last = {key: (window, place) for window, keys in enumerate(windows) for place, key in enumerate(keys)}
        found = open_keys(folder)
        for some in (list(last), list(others), [*last, *others]):
            stored = index_keys(some)
            expected_keys = {key for key, each in zip(stored, some, strict=True) if each in last}
            assert found.intersection(stored) == expected_keys
        finals = FinalChanges(folder)
        for window, keys in enumerate(windows):
            expected = [last[key] == (window, place) for place, key in enumerate(keys)]
            assert list(map(bool, finals.among(firsts[window], len(keys)))) == expected


def test_a_long_key_is_never_taken_for_a_short_one() -> None:
    long = b"x" * (MAX_KEY_BYTES + 1)
    (stored,) = index_keys([long])
    assert len(stored) > MAX_KEY_BYTES
    assert index_keys([stored]) != [stored]
    short = b"x" * MAX_KEY_BYTES
    assert index_keys([short, long]) == [short, stored]


@pytest.mark.usefixtures("sizes")
def test_its_files_are_private_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "changed-keys").mkdir()
    (tmp_path / "changed-keys" / "left by a killed run").touch()
    with changed_keys_folder(tmp_path) as folder:
        builder = ChangedKeysBuilder(folder, 3)
        builder.add(0, builder.reserve(3), [b"a", b"b", b"c"], [1, 2, 3])
        builder.finish()
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("sizes")
def test_a_full_disk_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(FileIO):
        def write(self, content: Any) -> int:
            if self.tell() > 10:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(bytes(content)[:7])

    monkeypatch.setattr(changed_keys, "FileIO", Full)
    with changed_keys_folder(tmp_path) as folder:
        builder = ChangedKeysBuilder(folder, 20)
        with pytest.raises(StepFailed, match=f"in {folder}: no space left on device"):
            build(builder)
    assert list(tmp_path.iterdir()) == []


def build(builder: ChangedKeysBuilder) -> None:
    builder.add(0, builder.reserve(20), [b"%d" % n for n in range(20)], range(20))
    builder.finish()


def test_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with (
        pytest.raises(StepFailed, match="could not keep the changed keys"),
        changed_keys_folder(tmp_path / "state"),
    ):
        raise AssertionError


def test_many_keys_take_little_memory(tmp_path: Path) -> None:
    """Half a million are more than are kept in memory. As a set they would take 50 MB."""
    count = 500_000
    with changed_keys_folder(tmp_path) as folder, peak_memory() as peak:
        builder = ChangedKeysBuilder(folder, count)
        for start in range(0, count, 1000):
            keys = [b"key-%011d" % number for number in range(start, start + 1000)]
            builder.add(0, builder.reserve(1000), keys, range(start, start + 1000))
        builder.finish()
        written = peak()
        keys_on_disk = open_keys(folder)
        some = [b"key-%011d" % number for number in range(0, count, 997)]
        assert keys_on_disk.intersection(some) == set(some)
        assert not keys_on_disk.intersection([b"key-%011d" % n for n in range(count, count + 2000)])
    assert written < 80 << 20
