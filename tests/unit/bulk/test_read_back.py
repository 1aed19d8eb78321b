"""Reading a sample back: what the table does not hold, and what it holds otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ddbbackup.archive.attribute_values import item_digest
from ddbbackup.bulk import compare_sample, read_back
from ddbbackup.bulk.model import SampledItem
from ddbbackup.bulk.read_back import Comparison
from ddbbackup.errors import AccessDenied, TableMissing, Throttled, Unreachable
from ddbbackup.ports import BulkOperation
from tests.support.fake_transport import Respond
from tests.support.memory import MemoryObjects
from tests.support.memory_table import KEYS, TABLE, MemoryAccess, MemoryTable

ITEMS = [{"id": {"S": f"k{number:03}"}, "n": {"N": f"{number}.50"}} for number in range(120)]


def sampled(item: Mapping[str, Any]) -> SampledItem:
    return SampledItem(json.dumps({"id": item["id"]}), item_digest(item))


SAMPLE = [sampled(item) for item in ITEMS]


def compare(respond: Respond, *, patience_seconds: float = 5.0) -> Comparison:
    access = MemoryAccess(MemoryObjects(), respond)
    return compare_sample(access, TABLE, KEYS, SAMPLE, patience_seconds=patience_seconds)


def ok(items: list[Any], unprocessed: list[Any] | None = None) -> tuple[int, bytes]:
    left = {TABLE: {"Keys": unprocessed, "ConsistentRead": True}} if unprocessed else {}
    return 200, json.dumps({"Responses": {TABLE: items}, "UnprocessedKeys": left}).encode()


def failure(code: str, status: int = 400) -> tuple[int, bytes]:
    return status, json.dumps({"__type": f"x#{code}", "message": "4111"}).encode()


def test_a_table_that_holds_everything_lacks_nothing() -> None:
    """By consistent reads. Numbers compare by value."""
    requests: list[dict[str, Any]] = []
    table = MemoryTable(item | {"n": {"N": item["n"]["N"].rstrip("0")}} for item in ITEMS)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        assert operation == "BatchGetItem"
        requests.append(json.loads(body)["RequestItems"][TABLE])
        return table.respond(operation, body)

    assert compare(respond) == Comparison()
    assert all(request["ConsistentRead"] is True for request in requests)
    assert sum(len(request["Keys"]) for request in requests) == len(SAMPLE)


def test_missing_and_different_items_are_found() -> None:
    """Each by itself."""
    table = MemoryTable(ITEMS)
    table.delete("k003")
    table.put(ITEMS[50] | {"n": {"N": "7"}})
    table.put(ITEMS[51] | {"more": {"S": ""}})
    assert compare(table.respond) == Comparison((SAMPLE[3],), (SAMPLE[50], SAMPLE[51]))


def test_an_empty_table_lacks_everything() -> None:
    """As after it was emptied, or made anew."""
    assert compare(MemoryTable().respond) == Comparison(tuple(SAMPLE))


def test_unprocessed_keys_are_read_again() -> None:
    """Until all of them were read."""
    table = MemoryTable(ITEMS)
    sizes: list[int] = []

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        keys = json.loads(body)["RequestItems"][TABLE]["Keys"]
        sizes.append(len(keys))
        half = len(keys) // 2
        _, answer = table.respond(
            operation, json.dumps({"RequestItems": {TABLE: {"Keys": keys[half:]}}}).encode()
        )
        return ok(json.loads(answer)["Responses"][TABLE], keys[:half])

    assert compare(respond) == Comparison()
    assert sum(sizes) > len(SAMPLE)


@pytest.mark.parametrize(
    "fault",
    [
        failure("ThrottlingException"),
        failure("InternalServerError", 500),
        (0, b"connection reset"),
        (503, b"<html>"),
        (200, b"{}"),
        (200, b'{"Responses":{},"UnprocessedKeys":{},"status":"ok"}'),
        (200, b'{"Responses":{"other":[]},"UnprocessedKeys":{}}'),
        ok([ITEMS[0], ITEMS[0]]),
        ok([{"id": {"S": "never asked for"}}]),
        ok([{"n": {"N": "1"}}]),
        ok([], [{"id": {"S": "never asked for"}}]),
        ok([], [{"id": {"S": "k000"}}, {"id": {"S": "k000"}}]),
        ok([ITEMS[0]], [{"id": {"S": "k000"}}]),
    ],
)
def test_a_response_that_proves_nothing_is_asked_for_again(fault: tuple[int, bytes]) -> None:
    """Once: nothing is found missing. For ever: the comparison ends with an error, never with a result."""
    table = MemoryTable(ITEMS)
    faults = iter([fault] * 5)
    assert (
        compare(lambda operation, body: next(faults, None) or table.respond(operation, body)) == Comparison()
    )
    error = Throttled if b"Throttling" in fault[1] else Unreachable
    with pytest.raises(error, match="no item of t could be read") as raised:
        compare(lambda operation, body: fault, patience_seconds=0.1)
    assert "4111" not in raised.value.message


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", AccessDenied),
        ("ExpiredTokenException", AccessDenied),
    ],
)
def test_an_error_that_no_retry_can_change_is_raised(code: str, error: type[Exception]) -> None:
    """Without the text of the server."""
    with pytest.raises(error) as raised:
        compare(lambda operation, body: failure(code))
    assert "4111" not in str(raised.value)


def test_a_new_table_may_be_unknown_to_reads_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than that, it was deleted."""
    table, faults = MemoryTable(ITEMS), iter([failure("ResourceNotFoundException")] * 3)
    assert (
        compare(lambda operation, body: next(faults, None) or table.respond(operation, body)) == Comparison()
    )
    monkeypatch.setattr(read_back, "TABLE_LAG_SECONDS", 0.2)
    with pytest.raises(TableMissing):
        compare(lambda operation, body: failure("ResourceNotFoundException"))


def test_a_rejected_time_of_a_signature_is_the_clock() -> None:
    """The second time."""
    message = "Signature not yet current: 20270101T000000Z is still later than 20260101T000000Z"
    skewed = 400, json.dumps({"__type": "x#InvalidSignatureException", "message": message}).encode()
    table, faults = MemoryTable(ITEMS), iter([skewed])
    assert (
        compare(lambda operation, body: next(faults, None) or table.respond(operation, body)) == Comparison()
    )
    with pytest.raises(AccessDenied, match="the clock of this machine is wrong"):
        compare(lambda operation, body: skewed)


def test_no_permission_is_named() -> None:
    """The one that the comparison needs."""
    with pytest.raises(AccessDenied) as raised:
        compare(lambda operation, body: failure("AccessDeniedException"))
    assert raised.value.hint.startswith("allow dynamodb:BatchGetItem on the table")
