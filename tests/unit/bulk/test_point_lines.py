"""Reading the items of a restore point: exactly its final state, every line counted, damage never handed on."""

from __future__ import annotations

import gzip
import json
import pickle
import stat
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item, comparable_key
from ddbbackup.archive.lines import split_lines
from ddbbackup.bulk import changed_keys, verified_stream, verify_units
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.point_lines import LineCounts, PointData, PointLines, PointUnit, Select, open_point
from ddbbackup.bulk.unit_engine import Engine, Track, run_units
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.progress import Progress
from ddbbackup.ports import Objects
from tests.support.chains import History, View, histories, replay
from tests.support.folder_access import FolderAccess
from tests.support.items import scalars
from tests.support.memory_table import KEYS

IDS = st.sampled_from(["a", "b", "é", '"', "\\u0041", ',"NewImage":{"', "\u001f", "c", "\u2028", "1", "1.0"])
ITEMS = st.builds(lambda identity, value: {"id": {"S": identity}, "v": value}, IDS, scalars)
SECRET = "s3cr3t"
IN_THREADS = Engine(processes=0, threads=3)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units of two files, and no pause before a file is read again."""
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(verify_units, "_UNIT_FILES", 2)


@dataclass(frozen=True)
class Found:
    lines: list[bytes]
    counts: LineCounts


def keep(blocks: Iterator[list[bytes]]) -> list[bytes]:
    return [line for block in blocks for line in block]


@dataclass(frozen=True)
class Collect:
    """The task of these tests. ``wanted``: only lines with these bytes."""

    lines: PointLines
    wanted: bytes | None = None

    def __call__(self, unit: PointUnit, objects: Objects, track: Track) -> Found:
        found, counts = list[bytes](), LineCounts()
        select: Select | None = None if self.wanted is None else self.select
        for file in unit.files:
            read = self.lines.read(file, objects, track, keep, select)
            found += read.value
            counts += read.counts
        return Found(found, counts)

    def select(self, block: bytes) -> list[bytes]:
        assert self.wanted is not None
        return [line for line in split_lines(block) if self.wanted in line]


def put(root: Path, name: str, lines: Sequence[bytes], ending: bytes = b"\n") -> DataFile:
    body = gzip.compress(ending.join(lines) + ending, mtime=0)
    (root / name).write_bytes(body)
    return DataFile("vault", name, md5_base64(body), len(lines), size_bytes=len(body))


def point_of(root: Path, history: History, view: View = "NEW_AND_OLD_IMAGES", files: int = 3) -> PointData:
    """Every backup of the history, as data files in a folder."""

    def spread(name: str, lines: Sequence[bytes]) -> tuple[DataFile, ...]:
        return tuple(put(root, f"{name}-{n}", lines[n::files]) for n in range(files))

    base = [json.dumps({"Item": each}, separators=(",", ":")).encode() for each in history.base]
    windows = tuple(spread(f"window{n}", lines) for n, lines in enumerate(history.lines(view)))
    return PointData(spread("base", base), KEYS, "orders", windows)


def read(
    point: PointData,
    root: Path,
    *,
    wanted: bytes | None = None,
    engine: Engine = IN_THREADS,
    access: FolderAccess | None = None,
    notes: list[int] | None = None,
) -> Found:
    noted: list[int] = [] if notes is None else notes
    used = access or FolderAccess(root)

    def ignore(progress: Progress) -> None:
        """Progress of indexing is a matter of index_windows."""

    stop = threading.Event()
    with open_point(point, root / "state", access=used, on_progress=ignore, stop=stop) as opened:
        task = Collect(opened.lines, wanted)
        found = list(run_units(task, opened.units, used, engine, on_bytes=noted.append, stop=stop))
        assert sum(noted) == opened.size_bytes
    assert not any((root / "state").glob("*"))
    lines = [line for each in found for line in each.lines]
    return Found(lines, sum((each.counts for each in found), LineCounts()))


def items(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    assert all(line.endswith(b"}\n") for line in lines)
    return [json.loads(line)["Item"] for line in lines]


@settings(max_examples=60, deadline=None)
@given(histories(ITEMS), st.sampled_from(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]))
def test_the_lines_are_the_state_at_the_end(
    tmp_path_factory: pytest.TempPathFactory, history: History, view: View
) -> None:
    root = tmp_path_factory.mktemp("point")
    point = point_of(root, history, view)
    found = read(point, root)
    assert sorted(map(comparable_item, items(found.lines))) == sorted(map(comparable_item, history.end))
    counts = found.counts
    assert counts.lines == sum(file.item_count for file in point.all_files)
    assert counts.invalid == 0
    assert counts.lines == len(found.lines) + counts.superseded + counts.deletes
    changed = {comparable_key(each["Keys"], ["id"]) for window in history.windows for each in window}
    assert counts.deletes == len(changed - history.states[-1].keys())


@settings(max_examples=40, deadline=None)
@given(histories(ITEMS), st.sampled_from([b'"a"', b"b", b"v", b"no line has it"]))
def test_what_is_not_selected_is_counted_but_not_handed_out(
    tmp_path_factory: pytest.TempPathFactory, history: History, wanted: bytes
) -> None:
    """Old images and superseded lines may hold the bytes as well; they are not in the result."""
    root = tmp_path_factory.mktemp("point")
    point = point_of(root, history)
    every, some = read(point, root), read(point, root, wanted=wanted)
    assert sorted(some.lines) == sorted(line for line in every.lines if wanted in line)
    assert some.counts.lines == every.counts.lines


def long_history() -> History:
    def item(number: int, version: int) -> dict[str, Any]:
        return {"id": {"S": f"k{number:04}"}, "v": {"N": str(version)}}

    base = [item(number, 0) for number in range(300)]
    return replay(base, [[(item(n, w), n % 3 == 0) for n in range(w * 50, w * 90)] for w in (1, 2)], ["id"])


@pytest.mark.parametrize("in_memory", [True, False])
def test_processes_read_the_same_as_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    """Also if the changed keys are looked up on disk, by several threads of a process."""
    if not in_memory:
        monkeypatch.setattr(changed_keys, "MAX_KEYS_IN_MEMORY", 10)
    history = long_history()
    point = point_of(tmp_path, history, files=5)
    in_threads = read(point, tmp_path)
    in_processes = read(point, tmp_path, engine=Engine(2, 2))
    assert sorted(in_threads.lines) == sorted(in_processes.lines)
    assert in_threads.counts == in_processes.counts
    assert sorted(map(comparable_item, items(in_threads.lines))) == sorted(map(comparable_item, history.end))


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    point = point_of(tmp_path, long_history())
    deadly = FolderAccess(tmp_path, deadly="base-1")
    notes: list[int] = []
    stop = threading.Event()
    with open_point(
        point, tmp_path / "state", access=deadly, on_progress=lambda progress: None, stop=stop
    ) as opened:
        task = Collect(opened.lines)
        found = list(run_units(task, opened.units, deadly, Engine(2, 1), on_bytes=notes.append, stop=stop))
    assert sorted(line for each in found for line in each.lines) == sorted(read(point, tmp_path).lines)
    assert (tmp_path / "deaths").read_text() == "xx"  # opened twice, and the first time was its death


def test_the_index_is_private(tmp_path: Path) -> None:
    """It holds keys of items."""
    point = point_of(tmp_path, long_history())
    with open_point(
        point,
        tmp_path / "state",
        access=FolderAccess(tmp_path),
        on_progress=lambda progress: None,
        stop=threading.Event(),
    ) as opened:
        (folder,) = (tmp_path / "state").iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
        assert pickle.dumps(opened.lines)


def test_a_reader_that_has_enough_still_proves_the_whole_file(tmp_path: Path) -> None:
    """The first lines of a damaged file prove nothing."""
    lines = [b'{"Item":{"id":{"S":"%d"}}}' % n for n in range(3)]
    file = replace(put(tmp_path, "data", lines), item_count=4)
    point = PointData((file,), KEYS, "orders")
    with open_point(
        point,
        tmp_path / "state",
        access=FolderAccess(tmp_path),
        on_progress=lambda progress: None,
        stop=threading.Event(),
    ) as opened:
        (unit,) = opened.units
        with pytest.raises(DataIncomplete, match="s3://vault/data is damaged: it holds 3 items"):
            opened.lines.read(unit.files[0], FolderAccess(tmp_path).objects(), lambda size_bytes: None, next)


def test_lines_that_are_no_items_are_counted_not_handed_out(tmp_path: Path) -> None:
    """Empty lines are none. What is no item has no place in a result; a restore rejects it as well."""
    valid = b'{"Item":{"id":{"S":"1"}}}'
    lines = [valid, SECRET.encode(), b"", b'{"Item":{}} {}', valid.replace(b"1", b"2")]
    file = replace(put(tmp_path, "data", lines), item_count=4)
    found = read(PointData((file,), KEYS, "orders"), tmp_path)
    assert items(found.lines) == [{"id": {"S": "1"}}, {"id": {"S": "2"}}]
    assert found.counts == LineCounts(lines=4, invalid=2)
    some = read(PointData((file,), KEYS, "orders"), tmp_path, wanted=b"2")
    assert items(some.lines) == [{"id": {"S": "2"}}]
    assert some.counts == LineCounts(lines=4)


@pytest.mark.parametrize("name", ["base-1", "window0-1"])
def test_damage_ends_the_reading_without_item_data(tmp_path: Path, name: str) -> None:
    history = long_history()
    point = point_of(tmp_path, history)
    (tmp_path / name).write_bytes(gzip.compress(SECRET.encode()))
    with pytest.raises(DataIncomplete) as raised:
        read(point, tmp_path)
    assert raised.value.message.startswith(f"the data file s3://vault/{name} is damaged: ")
    assert SECRET not in raised.value.message
