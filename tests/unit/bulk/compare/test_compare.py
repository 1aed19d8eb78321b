"""Comparing a restore point with a table: exactly the differences by value, in little memory, nothing left behind."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item
from ddbbackup.bulk import verified_stream
from ddbbackup.bulk.compare import CompareJob, Counts, PointComparison, compare_point, join, run, spill
from ddbbackup.bulk.compare.spill import SpillWriter, partition_of
from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.errors import DataIncomplete, StepFailed
from ddbbackup.ports import BulkOperation
from tests.support.chains import History, histories
from tests.support.comparisons import FEW_ITEMS, point_of, sides
from tests.support.memory import MemoryObjects
from tests.support.memory_table import KEYS, TABLE, MemoryAccess, MemoryTable, data_file

Item = dict[str, Any]
SECRET = "s3cr3t"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several partitions and segments, each written in several pieces and compared in several passes."""
    monkeypatch.setattr(run, "_ITEMS_A_PARTITION", 7)
    monkeypatch.setattr(spill, "_HELD_RECORDS", 5)
    monkeypatch.setattr(join, "_BYTES_AT_ONCE", 200)
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))


def compare(
    objects: MemoryObjects,
    point: PointData,
    table: MemoryTable,
    directory: Path,
    *,
    access: MemoryAccess | None = None,
    stop: threading.Event | None = None,
) -> PointComparison:
    job = CompareJob(point=point, table=TABLE, keys=KEYS, directory=directory, live_items=len(table.items))
    return compare_point(
        job,
        access=access or MemoryAccess(objects, table.respond),
        on_progress=lambda progress: None,
        stop=stop or threading.Event(),
        engine=Engine(0, 2),
    )


def outcome(
    tmp: Path, point: list[Item], live: list[Item], files: int = 2
) -> tuple[Counts, set[tuple[str, bytes]]]:
    objects = MemoryObjects()
    comparison = compare(objects, point_of(objects, point, files), MemoryTable(live), tmp)
    try:
        found = [(each.kind, each.key) for each in comparison.differences()]
    finally:
        comparison.close()
    assert len(found) == len(set(found)) == comparison.counts.different
    return comparison.counts, set(found)


def expected(point: list[Item], live: list[Item]) -> set[tuple[str, bytes]]:
    """By the equality of ``attribute_values``, which has no lines, digests or partitions."""
    ours = {item["id"]["S"].encode(): comparable_item(item) for item in point}
    theirs = {item["id"]["S"].encode(): comparable_item(item) for item in live}
    return (
        {("missing", key) for key in ours.keys() - theirs.keys()}
        | {("extra", key) for key in theirs.keys() - ours.keys()}
        | {("changed", key) for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]}
    )


@given(both=sides())
@settings(deadline=None)
def test_exactly_what_differs_by_value_is_found(
    both: tuple[list[Item], list[Item]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    point, live = both
    counts, found = outcome(tmp_path_factory.getbasetemp() / "all", point, live)
    assert found == expected(point, live)
    assert counts.point_items == len(point)
    assert counts.live_items == len(live)


@given(history=histories(FEW_ITEMS, ["id"]), live=st.lists(FEW_ITEMS, unique_by=lambda item: item["id"]["S"]))
@settings(deadline=None, max_examples=50)
def test_a_chain_compares_as_the_state_that_its_last_window_left(
    history: History, live: list[Item], tmp_path_factory: pytest.TempPathFactory
) -> None:
    objects = MemoryObjects()
    windows = tuple(
        (data_file(objects, f"window{n}", lines),) for n, lines in enumerate(history.lines("NEW_IMAGE"))
    )
    base = point_of(objects, [dict(item) for item in history.base])
    comparison = compare(
        objects,
        replace(base, windows=windows),
        MemoryTable(live),
        tmp_path_factory.getbasetemp() / "chains",
    )
    found = {(each.kind, each.key) for each in comparison.differences()}
    comparison.close()
    assert found == expected([dict(item) for item in history.end], live)


def test_one_spelling_is_as_good_as_another(tmp_path: Path) -> None:
    point = [
        {
            "id": {"S": "a"},
            "n": {"N": "1"},
            "s": {"SS": ["x", "y"]},
            "m": {"M": {"a": {"S": "é"}, "b": {"NS": ["1", "20"]}}},
        }
    ]
    live = [
        {
            "m": {"M": {"b": {"NS": ["2e1", "1.0"]}, "a": {"S": "é"}}},
            "s": {"SS": ["y", "x"]},
            "n": {"N": "1.00"},
            "id": {"S": "a"},
        }
    ]
    assert outcome(tmp_path, point, live) == (Counts(equal=1), set())


def test_nothing_stays_on_the_disk(tmp_path: Path) -> None:
    """Also if the comparison fails, or an earlier one was killed. What is there meanwhile is private."""
    objects = MemoryObjects()
    table = MemoryTable([{"id": {"S": "a"}}])
    point = point_of(objects, [{"id": {"S": f"k{n}"}} for n in range(30)])
    left = tmp_path / "comparison-999999999-abc"
    left.mkdir()
    comparison = compare(objects, point, table, tmp_path)
    (folder,) = tmp_path.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = list(folder.iterdir())
    assert kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    other = compare(objects, point, table, tmp_path)
    assert folder.exists()
    comparison.close()
    other.close()
    objects.bodies["data/1"] = b"damaged"
    with pytest.raises(DataIncomplete):
        compare(objects, point, table, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_key_that_is_in_the_restore_point_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataIncomplete, match="holds a key more than once"):
        outcome(tmp_path, [{"id": {"S": "a"}, "v": {"N": "1"}}, {"id": {"S": "a"}, "v": {"N": "2"}}], [])


def test_a_line_that_is_no_item_of_the_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataIncomplete, match="the data file s3://vault/data/0 holds 1 line that") as raised:
        outcome(tmp_path, [{"other": {"S": SECRET}}], [])
    assert SECRET not in raised.value.message


def test_a_table_that_returns_a_key_twice_is_an_error(tmp_path: Path) -> None:
    """Then the counts do not close."""
    objects = MemoryObjects()
    table = MemoryTable([{"id": {"S": "a"}}])

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        return table.respond(
            operation, json.dumps(json.loads(body) | {"Segment": 0, "TotalSegments": 1}).encode()
        )

    with pytest.raises(StepFailed, match="returned 4 items, but 1 different key"):
        compare(objects, point_of(objects, []), table, tmp_path, access=MemoryAccess(objects, respond))


def test_it_stops(tmp_path: Path) -> None:
    objects, stop = MemoryObjects(), threading.Event()
    table = MemoryTable([{"id": {"S": f"k{n}"}} for n in range(100)])

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        stop.set()
        return table.respond(operation, body)

    with pytest.raises(Stopped):
        compare(
            objects, point_of(objects, []), table, tmp_path, access=MemoryAccess(objects, respond), stop=stop
        )
    assert not list(tmp_path.iterdir())


@given(data=st.data())
@settings(deadline=None)
def test_what_is_undone_leaves_no_record(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever was written between the marks: a file that arrives damaged is read again."""
    path = tmp_path_factory.getbasetemp() / "spilled"
    partitions = 3
    kept: list[bytes] = []
    with SpillWriter(path, partitions) as writer:
        for number in range(data.draw(st.integers(1, 5))):
            records = [b"%d-%d" % (number, n) for n in range(data.draw(st.integers(0, 12)))]
            for record in records:
                writer.buckets[partition_of(record, partitions)].append(record)
                writer.added(1)
            if data.draw(st.booleans()):
                kept += records
                writer.mark()
            else:
                writer.undo()
        file = writer.finish()
    found = [
        [record for some in file.records(partition, partitions) for record in some]
        for partition in range(partitions)
    ]
    assert sorted(record for some in found for record in some) == sorted(kept)
    assert all(partition_of(record, partitions) == n for n, some in enumerate(found) for record in some)
