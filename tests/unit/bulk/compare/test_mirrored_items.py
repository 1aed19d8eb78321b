"""A mirror: the table equals the restore point, nothing else is written, and other writers lose nothing."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item
from ddbbackup.bulk import verified_stream
from ddbbackup.bulk.compare import CompareJob, compare_point, run, spill
from ddbbackup.bulk.compare.model import Difference, Kind
from ddbbackup.bulk.mirror import MirrorCounts, driver, mirror_point
from ddbbackup.bulk.mirror.item import Answer, Read, Write, digest_of_item, mirror_item
from ddbbackup.bulk.mirror.requests import write_body
from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.errors import AccessDenied, DataIncomplete, Refused
from ddbbackup.ports import BulkOperation
from tests.support.chains import History, histories
from tests.support.comparisons import FEW_ITEMS, line, point_of, sides
from tests.support.fake_transport import Respond
from tests.support.memory import MemoryObjects
from tests.support.memory_table import KEYS, TABLE, MemoryAccess, MemoryTable, data_file

Item = Mapping[str, Any]
WRITES = ("PutItem", "DeleteItem", "BatchWriteItem", "UpdateItem")
THROTTLED = (400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}')
DENIED = (400, b'{"__type":"com.amazon.coral.service#AccessDeniedException","message":"no"}')
INVALID = (400, b'{"__type":"com.amazon.coral.validate#ValidationException","message":"bad s3cr3t"}')


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several partitions, few items at a time, and no pauses."""
    monkeypatch.setattr(run, "_ITEMS_A_PARTITION", 7)
    monkeypatch.setattr(spill, "_HELD_RECORDS", 5)
    monkeypatch.setattr(driver, "_MAX_ITEMS", 4)
    monkeypatch.setattr(driver, "_MAX_KEYS", 3)
    monkeypatch.setattr(driver, "backoff_seconds", lambda attempt: 0.0)
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))


def mirror(
    objects: MemoryObjects,
    point: PointData,
    table: MemoryTable,
    directory: Path,
    *,
    between: Callable[[], None] = lambda: None,
    respond: Respond | None = None,
    write_units_per_second: int | None = None,
) -> tuple[MirrorCounts, MemoryAccess]:
    """Compares, lets somebody change the table, then writes. ``respond`` answers from then on."""
    answer: Respond = table.respond

    def current(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        return answer(operation, body)

    access = MemoryAccess(objects, current)
    job = CompareJob(point=point, table=TABLE, keys=KEYS, directory=directory, live_items=len(table.items))
    comparison = compare_point(
        job,
        access=access,
        on_progress=lambda progress: None,
        stop=threading.Event(),
        engine=Engine(0, 2),
    )
    try:
        access.sent.clear()
        between()
        answer = respond or table.respond
        return mirror_point(comparison, write_units_per_second=write_units_per_second), access
    finally:
        comparison.close()
        assert not list(directory.iterdir())


def by_key(items: list[Item]) -> dict[str, Any]:
    return {item["id"]["S"]: comparable_item(item) for item in items}


def identities(access: MemoryAccess, *operations: str) -> Counter[str]:
    """The keys that were written, each as often as it was."""
    bodies = [json.loads(body) for operation, body in access.sent if operation in operations]
    return Counter((body.get("Item") or body["Key"])["id"]["S"] for body in bodies)


@given(both=sides())
@settings(deadline=None, max_examples=40)
def test_the_table_equals_the_restore_point_and_only_what_differs_was_written(
    both: tuple[list[dict[str, Any]], list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    point, live = both
    objects, table = MemoryObjects(), MemoryTable(live)
    counts, access = mirror(
        objects, point_of(objects, point), table, tmp_path_factory.getbasetemp() / "mirror"
    )
    wanted, there = by_key([*point]), by_key([*live])
    puts = {key for key, item in wanted.items() if there.get(key) != item}
    deletes = there.keys() - wanted.keys()
    assert by_key(table.items) == wanted
    assert counts == MirrorCounts(written=len(puts), deleted=len(deletes))
    assert identities(access, "PutItem") == Counter(puts)
    assert identities(access, "DeleteItem") == Counter(deletes)
    assert {operation for operation, _ in access.sent} <= {"PutItem", "DeleteItem", "BatchGetItem"}


@given(history=histories(FEW_ITEMS, ["id"]), live=st.lists(FEW_ITEMS, unique_by=lambda item: item["id"]["S"]))
@settings(deadline=None, max_examples=15)
def test_a_chain_is_mirrored_as_its_last_window_left_it(
    history: History, live: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    objects, table = MemoryObjects(), MemoryTable(live)
    windows = tuple(
        (data_file(objects, f"window{n}", lines),) for n, lines in enumerate(history.lines("NEW_IMAGE"))
    )
    base = (data_file(objects, "base", [line(dict(item)) for item in history.base]),)
    point = PointData(base, KEYS, TABLE, windows)
    mirror(objects, point, table, tmp_path_factory.getbasetemp() / "chains")
    assert by_key(table.items) == by_key([*history.end])


POINT: list[dict[str, Any]] = [{"id": {"S": key}, "v": {"N": "1"}} for key in ("a", "b", "c", "d")]
LIVE: list[dict[str, Any]] = [{"id": {"S": key}, "v": {"N": "2"}} for key in ("b", "c", "x", "y")]
EDITS: dict[str, tuple[str, Item | None]] = {
    "a missing item was made": ("a", {"id": {"S": "a"}, "v": {"S": "newer"}}),
    "a changed item was changed": ("b", {"id": {"S": "b"}, "v": {"S": "newer"}}),
    "a changed item got an attribute": ("b", {"id": {"S": "b"}, "v": {"N": "2"}, "w": {"S": "new"}}),
    "a changed item was deleted": ("b", None),
    "an extra item was changed": ("x", {"id": {"S": "x"}, "v": {"S": "newer"}}),
    "an extra item got an attribute": ("x", {"id": {"S": "x"}, "v": {"N": "2"}, "w": {"S": "new"}}),
    "another item was made": ("z", {"id": {"S": "z"}}),
}


def edit(table: MemoryTable, identity: str, item: Item | None) -> None:
    if item is None:
        table.delete(identity)
    else:
        table.put(item)


@pytest.mark.parametrize("what", EDITS)
@pytest.mark.parametrize("when", ["before it is read", "before it is written", "after it was written"])
def test_another_writer_loses_nothing(what: str, when: str, tmp_path: Path) -> None:
    """Whenever it comes between; what it wrote is there in the end, and the item counts as left."""
    identity, newer = EDITS[what]
    objects, table, done = MemoryObjects(), MemoryTable(LIVE), threading.Event()

    def other() -> None:
        done.set()
        edit(table, identity, newer)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        document = json.loads(body)
        about = (document.get("Item") or document.get("Key") or {}).get("id", {}).get("S")
        writes = operation in WRITES and about == identity and not done.is_set()
        if writes and when == "before it is written":
            other()
        answer = table.respond(operation, body)
        if writes and when == "after it was written":
            other()
        return answer

    counts, _ = mirror(
        objects,
        point_of(objects, POINT),
        table,
        tmp_path,
        between=other if when == "before it is read" else lambda: None,
        respond=respond,
    )
    if identity == "z" and when != "before it is read":
        return  # it is no difference, so nothing was sent about it
    expected = by_key([*POINT, *([newer] if newer is not None else [])])
    if newer is None:
        del expected[identity]
    assert by_key(table.items) == expected
    assert counts.left == (0 if identity == "z" else 1)
    assert counts.items == 6


@given(
    point=st.lists(FEW_ITEMS, unique_by=lambda item: item["id"]["S"]),
    live=st.lists(FEW_ITEMS, unique_by=lambda item: item["id"]["S"]),
    others=st.lists(st.tuples(st.integers(0, 40), FEW_ITEMS, st.booleans()), max_size=4),
)
@settings(deadline=None, max_examples=50)
def test_whatever_others_write_at_any_moment_stays(
    point: list[dict[str, Any]],
    live: list[dict[str, Any]],
    others: list[tuple[int, dict[str, Any], bool]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """After each request, others put whole items, each with a value that nobody else has."""
    objects, table = MemoryObjects(), MemoryTable(live)
    written: dict[str, Any] = {}
    count = 0
    lock = threading.Lock()

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        nonlocal count
        with lock:
            for number, item, _ in others:
                if number == count:
                    newer = {**item, "by": {"S": f"other {number}"}}
                    table.put(newer)
                    written[item["id"]["S"]] = comparable_item(newer)
            count += 1
            return table.respond(operation, body)

    counts, _ = mirror(
        objects, point_of(objects, point), table, tmp_path_factory.getbasetemp() / "others", respond=respond
    )
    there = by_key(table.items)
    assert there == {**by_key([*point]), **written}
    assert counts.left <= len(written)


def test_an_attribute_that_is_added_at_the_moment_of_the_write_is_put_back() -> None:
    """And another one that is added while it is put back stays too."""
    key: Item = {"id": {"S": "a"}}
    before, wanted = {**key, "v": {"N": "2"}}, {**key, "v": {"N": "1"}}
    found = _difference("changed", wanted, before)
    steps = mirror_item(found, key, wanted)
    assert next(steps) == Read(key)
    assert steps.send(Answer(before)) == Write(key, before, wanted)
    more = {**before, "w": {"S": "new"}}
    assert steps.send(Answer(more)) == Write(key, wanted, more)
    again = {**wanted, "u": {"S": "newer"}}
    assert steps.send(Answer(again)) == Write(key, more, {**more, "u": {"S": "newer"}})
    with pytest.raises(StopIteration) as stop:
        steps.send(Answer(more))
    assert stop.value.value.outcome == "left"


def _difference(kind: Kind, point: Item | None, live: Item | None) -> Difference:
    return Difference(kind, b"a", digest_of_item(point), digest_of_item(live))


def test_an_item_with_more_attributes_than_a_condition_can_name(tmp_path: Path) -> None:
    """The condition stays within the limits of AWS, and what it does not name is seen in the replaced item."""
    many = {f"attribute {n}": {"S": "x"} for n in range(400)}
    point: list[dict[str, Any]] = [{"id": {"S": "a"}, **many}]
    live: list[dict[str, Any]] = [{"id": {"S": "a"}, **many, "v": {"N": "2"}}]
    body = json.loads(write_body(TABLE, Write({"id": {"S": "a"}}, live[0], point[0]), count_units=False))
    expression = body["ConditionExpression"]
    assert len(expression) <= 4096
    assert 100 < expression.count("=") + expression.count("AND") <= 300

    newer = {**live[0], "attribute 399": {"S": "newer"}}
    objects, table = MemoryObjects(), MemoryTable(live)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        if operation == "PutItem" and not table.puts:
            table.put(newer)
        return table.respond(operation, body)

    counts, _ = mirror(objects, point_of(objects, point), table, tmp_path, respond=respond)
    assert counts == MirrorCounts(left=1)
    assert by_key(table.items) == by_key([newer])
    counts, _ = mirror(objects, point_of(objects, point), table, tmp_path)
    assert counts == MirrorCounts(written=1)


@pytest.mark.parametrize("lost", [(0, b"reset"), (500, b""), (200, b"<html>")])
def test_a_lost_response_is_no_lost_item(lost: tuple[int, bytes], tmp_path: Path) -> None:
    """The write is sent again. That nobody knows what it replaced is counted."""
    objects, table = MemoryObjects(), MemoryTable(LIVE)
    seen = set[bytes]()

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        answer = table.respond(operation, body)
        if body in seen:
            return answer
        seen.add(body)
        return lost

    counts, _ = mirror(objects, point_of(objects, POINT), table, tmp_path, respond=respond)
    assert counts == MirrorCounts(written=4, deleted=2, doubtful=6)
    assert by_key(table.items) == by_key([*POINT])


def test_throttling_and_a_limit_only_slow_it_down(tmp_path: Path) -> None:
    objects, table = MemoryObjects(), MemoryTable(LIVE)
    seen = set[bytes]()

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        if body not in seen:
            seen.add(body)
            return THROTTLED
        return table.respond(operation, body)

    counts, access = mirror(
        objects, point_of(objects, POINT), table, tmp_path, respond=respond, write_units_per_second=1000
    )
    assert (counts.written, counts.deleted, counts.left, counts.doubtful) == (4, 2, 0, 0)
    assert counts.throttled
    assert all(b"ReturnConsumedCapacity" in body for operation, body in access.sent if operation in WRITES)


@pytest.mark.parametrize(("answer", "error"), [(DENIED, AccessDenied), (INVALID, Refused)])
def test_what_cannot_be_written_ends_it(
    answer: tuple[int, bytes], error: type[Exception], tmp_path: Path
) -> None:
    objects, table = MemoryObjects(), MemoryTable(LIVE)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        return answer if operation in WRITES else table.respond(operation, body)

    with pytest.raises(error) as raised:
        mirror(objects, point_of(objects, POINT), table, tmp_path, respond=respond)
    assert "s3cr3t" not in str(raised.value)
    assert by_key(table.items) == by_key([*LIVE])


def test_a_server_that_does_not_say_what_it_replaced_is_not_believed(tmp_path: Path) -> None:
    """The items are read back all the same, and count as doubtful."""
    objects, table = MemoryObjects(), MemoryTable(LIVE)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        status, answer = table.respond(operation, body)
        return (status, b"{}") if operation in WRITES and status == 200 else (status, answer)

    counts, _ = mirror(objects, point_of(objects, POINT), table, tmp_path, respond=respond)
    assert counts == MirrorCounts(written=4, deleted=2, doubtful=4)
    assert by_key(table.items) == by_key([*POINT])


def test_a_file_that_arrives_damaged_once_is_read_again(tmp_path: Path) -> None:
    """What was written before that is known is written once, and counts once."""
    items: list[dict[str, Any]] = [{"id": {"S": f"k{n}"}} for n in range(30)]
    objects, table = MemoryObjects(), MemoryTable()
    point = point_of(objects, items, files=1)
    whole = objects.bodies["data/0"]
    damaged = gzip.compress(gzip.decompress(whole), mtime=1)

    def damage() -> None:
        objects.bodies["data/0"] = damaged

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        objects.bodies["data/0"] = whole
        return table.respond(operation, body)

    counts, _ = mirror(objects, point, table, tmp_path, between=damage, respond=respond)
    assert damaged != whole == objects.bodies["data/0"]
    assert counts == MirrorCounts(written=30)
    assert len(table.puts) == 30
    assert by_key(table.items) == by_key([*items])


def test_a_file_that_has_changed_since_is_an_error(tmp_path: Path) -> None:
    objects, table = MemoryObjects(), MemoryTable([])
    point = point_of(objects, POINT, files=1)

    def replace() -> None:
        other = [{**item, "v": {"S": "other"}} for item in POINT]
        data_file(objects, "data/0", map(line, other))

    with pytest.raises(DataIncomplete):
        mirror(objects, point, table, tmp_path, between=replace)
    assert not table.items


def test_it_stops(tmp_path: Path) -> None:
    objects, table = MemoryObjects(), MemoryTable(LIVE)
    access = MemoryAccess(objects, table.respond)
    stop = threading.Event()
    job = CompareJob(point=point_of(objects, POINT), table=TABLE, keys=KEYS, directory=tmp_path, live_items=4)
    comparison = compare_point(
        job, access=access, on_progress=lambda progress: None, stop=stop, engine=Engine(0, 2)
    )
    stop.set()
    with pytest.raises(Stopped):
        mirror_point(comparison)
    comparison.close()
    assert by_key(table.items) == by_key([*LIVE])
