"""The search of many backups for some items: in threads and in processes, by bytes and without."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.bulk import verified_stream, verify_units
from ddbbackup.bulk.item_filter import filter_of_keys, item_filter
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.search_history import (
    SearchedBackup,
    SearchHistory,
    Sighting,
    UnitSightings,
    search_history,
)
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.checksums import md5_base64
from ddbbackup.plan.model import Only
from ddbbackup.ports import KeyAttribute
from tests.support.folder_access import FolderAccess

KEYS = (KeyAttribute("id", "HASH", "S"),)
THREADS = Engine(processes=0, threads=2)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit a file, and no pause before a file is read again."""
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(verify_units, "_UNIT_FILES", 1)


def put(root: Path, name: str, rows: list[dict[str, Any]], *, count: int | None = None) -> DataFile:
    body = gzip.compress(b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows))
    (root / name).write_bytes(body)
    item_count = len(rows) if count is None else count
    return DataFile("vault", name, md5_base64(body), item_count, size_bytes=len(body))


def item(key: str, value: int) -> dict[str, Any]:
    return {"id": {"S": key}, "v": {"N": f"{value}"}}


def change(key: str, at: int, old: int | None, new: int | None) -> dict[str, Any]:
    members = {"OldImage": old, "NewImage": new}
    return {
        "Metadata": {"WriteTimestampMicros": {"N": f"{at}"}},
        "Keys": {"id": {"S": key}},
        **{name: item(key, value) for name, value in members.items() if value is not None},
    }


def backups(root: Path) -> list[SearchedBackup]:
    full = [[{"Item": item(f"k{n}", n)} for n in range(start, 40, 2)] for start in (0, 1)]
    window = [change("k3", 7, 3, 30), change("k4", 8, 4, None), change("k5", 9, None, 50)]
    return [
        SearchedBackup(tuple(put(root, f"full{n}", rows) for n, rows in enumerate(full)), is_window=False),
        SearchedBackup((put(root, "window", window),), is_window=True),
    ]


def search(
    root: Path, found: list[SearchedBackup], task: SearchHistory, engine: Engine = THREADS
) -> UnitSightings:
    return search_history(
        found,
        "orders",
        task,
        access=FolderAccess(root),
        on_progress=lambda progress: None,
        stop=threading.Event(),
        engine=engine,
    )


@pytest.mark.parametrize("engine", [THREADS, Engine(2, 1)], ids=["threads", "processes"])
def test_states_and_changes_of_the_wanted_items(tmp_path: Path, engine: Engine) -> None:
    wanted = item_filter(Only(keys=({"id": "k3"}, {"id": "k4"})), KEYS)
    found = search(tmp_path, backups(tmp_path), SearchHistory(KEYS, wanted, keys_only=False), engine)
    seen = {
        (
            each.backup,
            each.key,
            each.written_at,
            json.loads(each.line)["Item"]["v"]["N"] if each.line else None,
        )
        for each in found.sightings
    }
    assert seen == {(0, b"k3", None, "3"), (0, b"k4", None, "4"), (1, b"k3", 7, "30"), (1, b"k4", 8, None)}
    assert len(found.sightings) == 4


def test_a_condition_finds_keys_by_any_image(tmp_path: Path) -> None:
    """Of the item as it was, and as it became; each key once for a unit."""
    where = Only(where="v IN (:a, :b, :c)", values={":a": {"N": "30"}, ":b": {"N": "4"}, ":c": {"N": "39"}})
    task = SearchHistory(KEYS, item_filter(where, KEYS), keys_only=True)
    found = search(tmp_path, backups(tmp_path), task)
    assert set(found.sightings) == {
        Sighting(0, b"k4", None),
        Sighting(0, b"k30", None),
        Sighting(0, b"k39", None),
        Sighting(1, b"k3", None),
        Sighting(1, b"k4", None),
    }


def test_more_keys_than_a_pattern_can_have(tmp_path: Path) -> None:
    wanted = filter_of_keys(KEYS, {f"k{n}".encode() for n in range(39)})
    assert wanted.required is None
    found = search(tmp_path, backups(tmp_path), SearchHistory(KEYS, wanted, keys_only=False))
    assert sorted(each.key for each in found.sightings if each.backup == 0) == sorted(
        f"k{n}".encode() for n in range(39)
    )
    assert len(found.sightings) == 39 + 3


@pytest.mark.parametrize(
    ("rows", "count", "message"),
    [
        ([change("k3", 7, 3, 30)], 2, "it holds 1 item, but the manifest says 2"),
        ([{"Keys": {"id": {"S": "k3"}}}], 1, "a line is not a change"),
    ],
)
def test_a_window_that_is_damaged(tmp_path: Path, rows: list[Any], count: int, message: str) -> None:
    window = SearchedBackup((put(tmp_path, "window", rows, count=count),), is_window=True)
    task = SearchHistory(KEYS, item_filter(Only(keys=({"id": "k3"},)), KEYS), keys_only=False)
    with pytest.raises(DataIncomplete, match=message):
        search(tmp_path, [window], task)


def test_an_image_that_is_no_item_is_counted(tmp_path: Path) -> None:
    rows = [change("k3", 7, 3, 30)]
    rows[0]["NewImage"]["v"] = 5
    window = SearchedBackup((put(tmp_path, "window", rows),), is_window=True)
    where = Only(where="v < :a", values={":a": {"N": "3"}})
    found = search(tmp_path, [window], SearchHistory(KEYS, item_filter(where, KEYS), keys_only=False))
    assert (found.sightings, found.invalid) == ((), 1)
