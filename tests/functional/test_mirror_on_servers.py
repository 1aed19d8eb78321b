"""The law of a mirror, on servers that nobody here wrote: the table equals the restore point, only what differs was
written, and other writers lose nothing.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.bulk.compare import CompareJob, PointComparison, compare_point
from ddbbackup.bulk.mirror import MirrorCounts, mirror_point
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.ports import AccessKeys, BulkOperation, BulkResponse, BulkTransport, KeyRequest
from tests.support import servers
from tests.support.aws import KEY, REGION, SECRET, Aws
from tests.support.items import items, values
from tests.support.memory import MemoryObjects
from tests.support.memory_table import KEYS, data_file

Item = dict[str, Any]
Key = str
WRITES = ("PutItem", "DeleteItem")
NAMES = itertools.count()


@pytest.fixture(scope="module", params=["ministack", "dynoxide"])
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    start = servers.ministack if request.param == "ministack" else servers.dynoxide
    with start() as url:
        yield Aws(url)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    forget_sessions()


class Writer:
    """Another writer. It adds an attribute to items, each just before the mirror first writes to it."""

    def __init__(self, aws: Aws, table: str, keys: set[Key]) -> None:
        self._aws, self._table, self._keys = aws, table, keys
        self._lock = threading.Lock()

    def before(self, operation: BulkOperation, body: bytes) -> None:
        if operation not in WRITES:
            return
        document = json.loads(body)
        key = (document.get("Item") or document["Key"])["id"]["S"]
        with self._lock:
            if key in self._keys:
                self._keys.remove(key)
                self.add(key)

    def add(self, key: Key) -> None:
        self._aws.call(
            "UpdateItem",
            {
                "TableName": self._table,
                "Key": {"id": {"S": key}},
                "UpdateExpression": "SET #added = :added",
                "ExpressionAttributeNames": {"#added": "added by another"},
                "ExpressionAttributeValues": {":added": {"S": key}},
            },
        )


class Access:
    """``ports.BulkAccess`` to a server, with data files in memory. ``sent`` are the keys that were written."""

    def __init__(self, aws: Aws, objects: MemoryObjects, writer: Writer) -> None:
        connection = Connection(region=REGION, endpoint_urls=(("dynamodb", aws.url),))
        self._server = AwsBulkAccess(target=connection, source=connection)
        self._objects, self._writer = objects, writer
        self.sent: Counter[tuple[str, Key]] = Counter()

    def objects(self) -> MemoryObjects:
        return self._objects

    def transport(self, table: str) -> Any:
        transport: BulkTransport[Any] = self._server.transport(table)
        return _Transport(transport, self)

    def note(self, operation: BulkOperation, body: bytes) -> None:
        self._writer.before(operation, body)
        if operation in WRITES:
            document = json.loads(body)
            self.sent[operation, (document.get("Item") or document["Key"])["id"]["S"]] += 1

    def keys(self, request: KeyRequest) -> AccessKeys | None:
        raise AssertionError("only worker processes ask for keys")

    def in_worker(self, ask: object) -> Access:
        raise AssertionError("there are no worker processes")


class _Transport:
    def __init__(self, transport: BulkTransport[Any], access: Access) -> None:
        self._transport, self._access = transport, access

    @property
    def in_flight(self) -> int:
        return self._transport.in_flight

    def send(self, tag: Any, operation: BulkOperation, body: bytes) -> None:
        self._access.note(operation, body)
        self._transport.send(tag, operation, body)

    def receive(self, timeout_seconds: float) -> list[tuple[Any, BulkResponse]]:
        return self._transport.receive(timeout_seconds)

    def renew_credentials(self, rejected: str) -> bool:
        return self._transport.renew_credentials(rejected)

    def close(self) -> None:
        self._transport.close()


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[Item], list[Item]]:
    """A table, and the same after some edits."""
    point = draw(st.lists(items(), max_size=12, unique_by=lambda item: item["id"]["S"]))
    live = [
        {**item, draw(st.sampled_from(["v", "w"])): draw(values)} if draw(st.booleans()) else item
        for item in point
        if draw(st.integers(0, 3))
    ]
    known = {item["id"]["S"] for item in point}
    more = draw(st.lists(items(), max_size=4, unique_by=lambda item: item["id"]["S"]))
    return point, live + [item for item in more if item["id"]["S"] not in known]


def compare(
    access: Access, objects: MemoryObjects, point: list[Item], table: str, directory: Path
) -> PointComparison:
    lines = [json.dumps({"Item": item}, ensure_ascii=False).encode() for item in point]
    job = CompareJob(
        point=PointData((data_file(objects, "data", lines),), KEYS, table),
        table=table,
        keys=KEYS,
        directory=directory,
        live_items=len(point),
    )
    return compare_point(
        job,
        access=access,
        on_progress=lambda progress: None,
        stop=threading.Event(),
        engine=Engine(0, 2),
    )


def by_key(found: list[Item]) -> Mapping[Key, Any]:
    return {item["id"]["S"]: comparable_item(item) for item in found}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(both=edited(), others=st.sets(st.integers(0, 15), max_size=3), early=st.booleans())
def test_the_law(
    aws: Aws,
    tmp_path: Path,
    both: tuple[list[Item], list[Item]],
    others: set[int],
    early: bool,
) -> None:
    """Another writer adds an attribute to some of the items, between comparison and mirror or just before a write."""
    point, live = both
    table = f"mirror-{next(NAMES)}"
    aws.create_table(table)
    aws.put(table, *live)
    wanted, there = by_key(point), by_key(live)
    puts = {key for key, item in wanted.items() if there.get(key) != item}
    deletes = there.keys() - wanted.keys()
    touched = {key for number, key in enumerate(sorted(puts | deletes)) if number in others}
    objects = MemoryObjects()
    writer = Writer(aws, table, set() if early else set(touched))
    access = Access(aws, objects, writer)
    comparison = compare(access, objects, point, table, tmp_path)
    for key in touched if early else ():
        writer.add(key)
    try:
        counts = mirror_point(comparison)
    finally:
        comparison.close()

    now = {item["id"]["S"]: item for item in aws.items(table)}
    for key in touched:
        assert now[key].pop("added by another") == {"S": key}
    left = {key: comparable_item(now.pop(key)) for key in touched}
    for key, item in left.items():
        if key in there:
            assert item == there[key]
    assert by_key([*now.values()]) == {key: item for key, item in wanted.items() if key not in touched}
    assert (counts.written, counts.deleted) == (len(puts - touched), len(deletes - touched))
    assert (counts.left, counts.doubtful) == (len(touched), 0)
    assert {key for _, key in access.sent} <= puts | deletes
    if not touched:
        assert access.sent == Counter(
            [("PutItem", key) for key in puts] + [("DeleteItem", key) for key in deletes]
        )
        again = compare(access, objects, point, table, tmp_path)
        try:
            assert again.counts.different == 0
            assert mirror_point(again) == MirrorCounts()
        finally:
            again.close()
    aws.dynamodb.delete_table(TableName=table)
