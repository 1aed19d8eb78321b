"""What servers answer that nobody here wrote: their successes prove writes, and their errors show no item data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ddbbackup.archive.attribute_values import item_digest
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.bulk import compare_sample
from ddbbackup.bulk.model import SampledItem
from ddbbackup.bulk.read_back import Comparison
from ddbbackup.bulk.request_format import request_format
from ddbbackup.bulk.responses import Classification, classify
from ddbbackup.ports import BulkTransport, ItemOperation, KeyAttribute
from tests.support import servers
from tests.support.aws import KEY, REGION, SECRET, Aws, line

KEYS = (KeyAttribute("id", "HASH", "S"),)
MARK = "4111"
VALUES = [
    f"{MARK} 1111  1111 1111",
    f"{MARK}\n1111 CVV",
    f"{MARK}1111 " + "9" * 500,
    f"{MARK}\t1111x",
    f"éé{MARK}\u2028",
    f"{MARK}-1111-1111",
    f'"{MARK}\\1111',
]
SHAPES: dict[str, Any] = {
    "number": lambda value: {"id": {"S": "a"}, "n": {"N": value}},
    "number set": lambda value: {"id": {"S": "a"}, "n": {"NS": [value, value]}},
    "string set": lambda value: {"id": {"S": "a"}, "n": {"SS": [value, value]}},
    "null": lambda value: {"id": {"S": "a"}, "n": {"NULL": value}},
    "binary": lambda value: {"id": {"S": "a"}, "n": {"B": value}},
    "map": lambda value: {"id": {"S": "a"}, "n": {"M": {value: {"N": value}}}},
    "two types": lambda value: {"id": {"S": "a"}, "n": {"S": value, "N": value}},
    "unknown type": lambda value: {"id": {"S": "a"}, "n": {value: value}},
    "key type": lambda value: {"id": {"N": value}},
    "no key": lambda value: {value: {"S": value}},
    "long key": lambda value: {"id": {"S": value * 500}},
    "too large": lambda value: {"id": {"S": "a"}, "n": {"S": value * 60_000}},
}


@pytest.fixture(params=["dynalite", "dynoxide", "ministack", "sandbox"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Aws]:
    if request.param == "sandbox":
        yield request.getfixturevalue("sandbox")
    else:
        with getattr(servers, request.param)() as url:
            yield Aws(url)


@pytest.fixture
def table(server: Aws, name: str) -> str:
    server.create_table(name)
    return name


@pytest.fixture
def access(server: Aws, monkeypatch: pytest.MonkeyPatch) -> AwsBulkAccess:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    forget_sessions()
    connection = Connection(region=REGION, endpoint_urls=(("dynamodb", server.url),))
    return AwsBulkAccess(target=connection, source=connection)


def ask(access: AwsBulkAccess, table: str, operation: ItemOperation, *bodies: bytes) -> list[Classification]:
    """What the responses to these requests mean, one after the other."""
    transport: BulkTransport[int] = access.transport(table)
    results = []
    try:
        for body in bodies:
            transport.send(0, operation, body)
            while transport.in_flight:
                results += [classify(each, operation, table) for _, each in transport.receive(1.0)]
    finally:
        transport.close()
    return results


@pytest.mark.parametrize("count_units", [False, True])
def test_a_success_is_proven(access: AwsBulkAccess, table: str, count_units: bool) -> None:
    """Of a batch, and of a conditional put."""
    item = line({"id": {"S": "a"}, "n": {"N": "1.50"}})
    for existing, operation in (("overwrite", "BatchWriteItem"), ("keep", "PutItem")):
        other = line({"id": {"S": f"b-{existing}"}})
        formats = request_format(existing, table, KEYS, count_units=count_units)  # type: ignore[arg-type]
        body = formats.body([item if existing == "overwrite" else other])
        (result,) = ask(access, table, operation, body)  # type: ignore[arg-type]
        assert result.category == "written", result


def test_a_failed_condition_shows_the_existing_item_or_lets_it_be_read(
    access: AwsBulkAccess, table: str
) -> None:
    """dynalite does not return it; the others do, as AWS does."""
    body = request_format("keep", table, KEYS, count_units=False).body([line({"id": {"S": "a"}})])
    written, exists = ask(access, table, "PutItem", body, body)
    assert (written.category, exists.category) == ("written", "exists")
    key = {"TableName": table, "Key": {"id": {"S": "a"}}, "ConsistentRead": True}
    (read,) = ask(access, table, "GetItem", json.dumps(key).encode())
    assert (read.category, read.items) == ("read", ({"id": {"S": "a"}},))
    assert exists.items in ((), read.items)


def test_a_sample_is_read_back(access: AwsBulkAccess, table: str) -> None:
    """In several requests."""
    items = [{"id": {"S": f"k{number:03}"}, "n": {"N": f"{number}.50"}} for number in range(60)]
    batch = request_format("overwrite", table, KEYS, count_units=False)
    ask(
        access, table, "BatchWriteItem", *(batch.body([line(each) for each in items[n::3]]) for n in range(3))
    )
    sample = [SampledItem(json.dumps({"id": each["id"]}), item_digest(each)) for each in items]
    lost = SampledItem(json.dumps({"id": {"S": "lost"}}), b"")
    other = SampledItem(sample[7].key, b"another digest")
    assert compare_sample(access, table, KEYS, [*sample[:7], other, *sample[8:], lost]) == Comparison(
        (lost,), (other,)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_the_reason_of_a_rejection_holds_no_item_data(access: AwsBulkAccess, table: str, shape: str) -> None:
    """However the server words it, and whatever it quotes."""
    batch = request_format("overwrite", table, KEYS, count_units=False)
    requests = [batch.body([line(SHAPES[shape](value)), line({"id": {"S": "b"}})]) for value in VALUES]
    for result in ask(access, table, "BatchWriteItem", *requests):
        assert MARK not in result.reason.replace(table, "")
        assert "\n" not in result.reason
        assert MARK not in result.code


def test_common_reasons_are_known(access: AwsBulkAccess, table: str) -> None:
    """The text of a rejection that people meet is shown, not withheld."""
    batch = request_format("overwrite", table, KEYS, count_units=False)
    items = [SHAPES["number"](MARK + " x"), SHAPES["key type"]("1"), SHAPES["no key"]("k")]
    results = ask(access, table, "BatchWriteItem", *(batch.body([line(item)]) for item in items))
    shown = [result.reason for result in results if result.category == "rejected"]
    assert len(shown) >= 2
    assert not [reason for reason in shown if "withheld" in reason]
