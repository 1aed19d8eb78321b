"""Classification of responses: only a response of the known shape proves that items were written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.responses import Category, classify, select_unprocessed
from ddbbackup.ports import BulkOperation, BulkResponse, KeyAttribute
from tests.support.aws import line

ITEM = {"id": {"S": "a"}, "n": {"N": "1"}}
DELETE = {"DeleteRequest": {"Key": {"id": {"S": "a"}}}}
KEYS = (KeyAttribute("id", "HASH", "S"), KeyAttribute("n", "RANGE", "N"))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "UnprocessedItems",
                    "ConsumedCapacity",
                    "CapacityUnits",
                    "PutRequest",
                    "DeleteRequest",
                    "Item",
                    "id",
                    "S",
                    "N",
                    "__type",
                    "message",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
operations: st.SearchStrategy[BulkOperation] = st.sampled_from(["BatchWriteItem", "PutItem"])


def respond(body: Any, status: int = 200) -> BulkResponse:
    return BulkResponse(status, body if isinstance(body, bytes) else json.dumps(body).encode(), 0.01)


def error(code: str, message: str = "…") -> dict[str, str]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}


@pytest.mark.parametrize(
    ("status", "body", "category"),
    [
        (200, {"UnprocessedItems": {}}, "written"),
        (200, {"UnprocessedItems": {"t": [{"PutRequest": {"Item": ITEM}}]}}, "unprocessed"),
        (400, error("ProvisionedThroughputExceededException"), "throttled"),
        (400, error("TransactionConflictException"), "retry"),
        (500, error("InternalServerError"), "retry"),
        (503, b"<html>", "retry"),
        (400, error("ExpiredTokenException"), "credentials_expired"),
        (400, error("ValidationException"), "rejected"),
        (400, error("ResourceNotFoundException"), "fatal"),
        (0, b"connection reset", "retry"),
    ],
)
def test_responses_to_a_batch(status: int, body: Any, category: Category) -> None:
    """By status, shape and error code."""
    assert classify(respond(body, status), "BatchWriteItem").category == category


@pytest.mark.parametrize(
    ("status", "body", "category"),
    [
        (200, {}, "written"),
        (200, {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 2.0}}, "written"),
        (400, error("ConditionalCheckFailedException"), "kept"),
    ],
)
def test_responses_to_a_conditional_put(status: int, body: Any, category: Category) -> None:
    """A failed condition means that the table holds an item with this key."""
    assert classify(respond(body, status), "PutItem").category == category


@pytest.mark.parametrize(
    "body",
    [
        {"UnprocessedItems": {"t": [DELETE]}},
        {"UnprocessedItems": {"t": [{"PutRequest": {"Item": ITEM}}, DELETE]}},
        {"UnprocessedItems": {"t": [{"PutRequest": {}}]}},
        {"UnprocessedItems": {"t": {"PutRequest": {"Item": ITEM}}}},
        {"UnprocessedItems": [ITEM]},
        {"UnprocessedItems": None},
        {},
        {"message": "Forbidden"},
        [],
        None,
        "ok",
        b"",
        b"<html>captive portal</html>",
        b"[" * 100_000,
    ],
)
def test_a_batch_is_sent_again_after_a_success_of_an_unknown_shape(body: Any) -> None:
    """A delete, for example, was never sent: such a response proves nothing about the puts."""
    result = classify(respond(body), "BatchWriteItem")
    assert (result.category, result.unprocessed) == ("retry", ())
    assert result.reason == "HTTP 200 with an unexpected body"


@given(
    body=json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
    status=st.sampled_from([0, 200, 400, 500]),
    operation=operations,
)
def test_no_response_raises(body: bytes, status: int, operation: BulkOperation) -> None:
    """Whatever a server or a proxy sends, and consumed units are a number that can be added up."""
    result = classify(BulkResponse(status, body, 0.0), operation)
    assert 0.0 <= result.consumed < float("inf")
    lines = [line(ITEM), b'{"Item":{"']
    assert set(select_unprocessed(lines, result.unprocessed, KEYS)) <= set(lines)


def test_consumed_units_are_added_up() -> None:
    """BatchWriteItem returns a list, PutItem one object; anything else counts as zero."""
    units = {"TableName": "t", "CapacityUnits": 2.5}
    batch = {"UnprocessedItems": {}, "ConsumedCapacity": [units, units]}
    assert classify(respond(batch), "BatchWriteItem").consumed == 5.0
    assert classify(respond({"ConsumedCapacity": units}), "PutItem").consumed == 2.5
    assert classify(respond({"ConsumedCapacity": {"CapacityUnits": "many"}}), "PutItem").consumed == 0.0


def test_unprocessed_lines_are_found_by_their_key() -> None:
    """Byte for byte as they were sent, although DynamoDB may return the number 1.0 as 1."""
    sent = [line({"id": {"S": "a"}, "n": {"N": number}}) for number in ("1.0", "2", "3")]
    unprocessed = [{"id": {"S": "a"}, "n": {"N": "1"}}, {"id": {"S": "a"}, "n": {"N": "3"}}]
    assert select_unprocessed(sent, unprocessed, KEYS) == [sent[0], sent[2]]


@pytest.mark.parametrize(
    ("sent", "unprocessed"),
    [
        ([line(ITEM)], [{"id": {"S": "unknown"}, "n": {"N": "1"}}]),
        ([line(ITEM), line(ITEM | {"n": {"N": "2"}})], [ITEM, {"id": {"S": "unknown"}}]),
        ([line(ITEM), b'{"Item":{"not JSON'], [ITEM]),
        ([line(ITEM), b'{"Item":{"a":{"N":"sNaN"}}}'], [{"n": {"N": "sNaN"}}]),
    ],
)
def test_all_lines_are_sent_again_if_one_unprocessed_item_matches_none(
    sent: list[bytes], unprocessed: list[dict[str, Any]]
) -> None:
    """A repeated put is harmless, a lost one is not."""
    assert select_unprocessed(sent, unprocessed, KEYS) == sent
