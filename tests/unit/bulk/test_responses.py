"""Classification of responses: only a response of exactly the known shape proves anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.responses import JSON_TYPE, Category, classify, select_unprocessed
from ddbbackup.ports import BulkResponse, ItemOperation, KeyAttribute
from tests.support.aws import line

ITEM = {"id": {"S": "a"}, "n": {"N": "1"}}
PUT = {"PutRequest": {"Item": ITEM}}
DELETE = {"DeleteRequest": {"Key": {"id": {"S": "a"}}}}
UNITS = {"TableName": "t", "CapacityUnits": 2.5}
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
                    "TableName",
                    "Responses",
                    "UnprocessedKeys",
                    "Keys",
                    "PutRequest",
                    "DeleteRequest",
                    "Item",
                    "id",
                    "t",
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
operations: st.SearchStrategy[ItemOperation] = st.sampled_from(
    ["BatchWriteItem", "PutItem", "GetItem", "BatchGetItem"]
)


def respond(body: Any, status: int = 200, content_type: bytes = JSON_TYPE) -> BulkResponse:
    return BulkResponse(
        status, body if isinstance(body, bytes) else json.dumps(body).encode(), 0.01, content_type
    )


def error(code: str, message: str = "…") -> dict[str, str]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}


@pytest.mark.parametrize(
    ("status", "body", "category"),
    [
        (200, {"UnprocessedItems": {}}, "written"),
        (200, b' {"UnprocessedItems" : { } }\n', "written"),
        (200, {"UnprocessedItems": {}, "ItemCollectionMetrics": {}, "ConsumedCapacity": [UNITS]}, "written"),
        (200, {"UnprocessedItems": {"t": [PUT]}}, "unprocessed"),
        (400, error("ProvisionedThroughputExceededException"), "throttled"),
        (400, error("TransactionConflictException"), "retry"),
        (500, error("InternalServerError"), "retry"),
        (503, b"<html>", "retry"),
        (400, error("ExpiredTokenException"), "credentials_expired"),
        (400, error("ValidationException"), "rejected"),
        (400, error("ResourceNotFoundException"), "table_missing"),
        (
            400,
            error("InvalidSignatureException", "Signature expired: 2026 is now earlier than 2027"),
            "clock_skew",
        ),
        (400, error("InvalidSignatureException", "Signature not yet current: 2027"), "clock_skew"),
        (
            400,
            error("InvalidSignatureException", "The request signature we calculated does not match"),
            "fatal",
        ),
        (0, b"connection reset", "retry"),
    ],
)
def test_responses_to_a_batch(status: int, body: Any, category: Category) -> None:
    """By status, shape and error code."""
    assert classify(respond(body, status), "BatchWriteItem", "t").category == category


@pytest.mark.parametrize(
    ("status", "body", "category"),
    [
        (200, {}, "written"),
        (200, {"ConsumedCapacity": UNITS}, "written"),
        (400, error("ConditionalCheckFailedException"), "exists"),
    ],
)
def test_responses_to_a_conditional_put(status: int, body: Any, category: Category) -> None:
    """A failed condition means that the table holds an item with this key."""
    assert classify(respond(body, status), "PutItem", "t").category == category


@pytest.mark.parametrize(
    ("code", "category"),
    [
        *(
            (code, "throttled")
            for code in ("RequestLimitExceeded", "ThrottlingException", "LimitExceededException")
        ),
        *((code, "retry") for code in ("RequestTimeout", "InternalFailure", "ServiceUnavailable")),
        *((code, "credentials_expired") for code in ("ExpiredToken", "RequestExpired")),
    ],
)
def test_codes_without_a_common_ending_are_known(code: str, category: Category) -> None:
    """Throttling by the quota of an account must slow down, not look like a server that is not DynamoDB."""
    assert classify(respond(error(code), 400), "GetItem", "t").category == category


def test_a_failed_condition_carries_the_existing_item() -> None:
    """If the server sends it: AWS does, as ``ReturnValuesOnConditionCheckFailure`` asks it to."""
    body = error("ConditionalCheckFailedException") | {"Item": ITEM}
    assert classify(respond(body, 400), "PutItem", "t").items == (ITEM,)


def test_what_was_read_is_returned() -> None:
    """One item or none; or several, and the keys that remain to be read."""
    assert classify(respond({"Item": ITEM}), "GetItem", "t").items == (ITEM,)
    assert classify(respond({}), "GetItem", "t").items == ()
    keys = {"t": {"Keys": [{"id": {"S": "b"}}], "ConsistentRead": True}}
    result = classify(respond({"Responses": {"t": [ITEM]}, "UnprocessedKeys": keys}), "BatchGetItem", "t")
    assert (result.category, result.items, result.unprocessed) == ("read", (ITEM,), ({"id": {"S": "b"}},))


UNPROVEN_BODIES: list[Any] = [
    {"UnprocessedItems": {"t": [DELETE]}},
    {"UnprocessedItems": {"t": [PUT, DELETE]}},
    {"UnprocessedItems": {"t": [{"PutRequest": {}}]}},
    {"UnprocessedItems": {"t": [{"PutRequest": {"Item": {}}}]}},
    {"UnprocessedItems": {"t": [PUT | DELETE]}},
    {"UnprocessedItems": {"t": PUT}},
    {"UnprocessedItems": {"other": []}},
    {"UnprocessedItems": {"other": [PUT]}},
    {"UnprocessedItems": {"t": [PUT], "other": [PUT]}},
    {"UnprocessedItems": [ITEM]},
    {"UnprocessedItems": None},
    {"UnprocessedItems": {}, "status": "ok"},
    {"UnprocessedItems": {}, "__type": "com.amazon.coral.service#InternalServerError"},
    {"UnprocessedItems": {}, "ConsumedCapacity": UNITS},
    {"UnprocessedItems": {}, "ConsumedCapacity": [UNITS | {"TableName": "other"}]},
    {"UnprocessedItems": {}, "ConsumedCapacity": [UNITS | {"CapacityUnits": "many"}]},
    {"UnprocessedItems": {}, "ConsumedCapacity": [UNITS | {"CapacityUnits": -1}]},
    {"UnprocessedItems": {}, "ConsumedCapacity": [UNITS | {"CapacityUnits": True}]},
    {"ConsumedCapacity": []},
    {"__type": "com.amazon.coral.service#InternalServerError", "message": "x"},
    {"message": "Forbidden"},
    {"status": "ok"},
    [],
    None,
    "ok",
    b"",
    b"{}",
    b'{"UnprocessedItems":{"t":[]},"UnprocessedItems":{}}',
    b'{"UnprocessedItems":{}} {"UnprocessedItems":{}}',
    b'{"UnprocessedItems":{},"ConsumedCapacity":NaN}',
    b"<html>captive portal</html>",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", UNPROVEN_BODIES)
def test_a_batch_is_sent_again_after_a_success_of_another_shape(body: Any) -> None:
    """A delete, for example, was never sent: such a response proves nothing about the puts."""
    result = classify(respond(body), "BatchWriteItem", "t")
    assert (result.category, result.unprocessed) == ("unproven", ())
    assert result.reason.startswith("HTTP 200 with ")


@pytest.mark.parametrize(
    "body",
    [
        {"UnprocessedItems": {}},
        {"Attributes": ITEM},
        {"Item": ITEM},
        {"ConsumedCapacity": [UNITS]},
        {"ConsumedCapacity": None},
        {"message": "Forbidden"},
        {"__type": "com.amazon.coral.service#InternalServerError"},
        {"status": "ok"},
    ],
)
def test_a_put_is_sent_again_after_a_success_of_another_shape(body: Any) -> None:
    """``PutItem`` returns no more than what the request asks for."""
    assert classify(respond(body), "PutItem", "t").category == "unproven"


@pytest.mark.parametrize(
    "content_type",
    [b"text/html", b"application/json", b"application/x-amz-json-1.1", b"", b"\xff", b"a" * 9999],
)
@pytest.mark.parametrize("body", [{"UnprocessedItems": {}}, {"UnprocessedItems": {"t": [PUT]}}])
def test_a_success_has_the_content_type_of_dynamodb(content_type: bytes, body: Any) -> None:
    """A portal or a gateway may answer with any JSON."""
    result = classify(respond(body, content_type=content_type), "BatchWriteItem", "t")
    assert result.category == "unproven"
    assert len(result.reason) < 120


def test_a_parameter_of_the_content_type_is_ignored() -> None:
    """JSON has no other charset."""
    response = respond({"UnprocessedItems": {}}, content_type=JSON_TYPE + b"; charset=utf-8")
    assert classify(response, "BatchWriteItem", "t").category == "written"


@pytest.mark.parametrize(
    "response",
    [
        respond({"message": "Forbidden"}, 403),
        respond({"__type": "4111-1111"}, 400),
        respond({"__type": ["ValidationException"]}, 400),
        respond(error("ConditionalCheckFailedException"), 400, b"text/html"),
        respond(error("ConditionalCheckFailedException"), 302),
        respond({"UnprocessedItems": {}}, 201),
        respond({"UnprocessedItems": {}}, 404),
    ],
)
def test_an_error_that_is_not_of_dynamodb_proves_nothing(response: BulkResponse) -> None:
    """A proxy may refuse a request, or redirect it."""
    for operation in ("BatchWriteItem", "PutItem"):
        assert classify(response, operation, "t").category == "unproven"


@given(
    body=json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
    status=st.sampled_from([0, 200, 400, 500]),
    operation=operations,
)
def test_no_response_raises(body: bytes, status: int, operation: ItemOperation) -> None:
    """Whatever a server or a proxy sends, and consumed units are a number that can be added up."""
    result = classify(respond(body, status), operation, "t")
    assert 0.0 <= result.consumed < float("inf")
    lines = [line(ITEM), b'{"Item":{"']
    assert set(select_unprocessed(lines, result.unprocessed, KEYS) or lines) <= set(lines)


@given(body=json_values.map(lambda value: json.dumps(value).encode()), operation=operations)
def test_a_reason_holds_nothing_of_the_body(body: bytes, operation: ItemOperation) -> None:
    """It is shown, and a body may hold items."""
    for status in (200, 400, 500):
        marked = respond(body.replace(b'"', b'"4111', 2), status)
        assert "4111" not in classify(marked, operation, "t").reason


def test_the_reason_of_a_rejection_is_safe_and_its_detail_complete() -> None:
    """The detail is kept in the private file."""
    message = "The parameter cannot be converted to a numeric value: 4111"
    result = classify(respond(error("ValidationException", message), 400), "BatchWriteItem", "t")
    assert result.reason == "ValidationException: The parameter cannot be converted to a numeric value"
    assert result.detail == f"ValidationException: {message}"


def test_consumed_units_are_added_up() -> None:
    """BatchWriteItem returns a list, PutItem one object."""
    batch = {"UnprocessedItems": {}, "ConsumedCapacity": [UNITS, UNITS]}
    assert classify(respond(batch), "BatchWriteItem", "t").consumed == 5.0
    assert classify(respond({"ConsumedCapacity": UNITS}), "PutItem", "t").consumed == 2.5


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
        ([line(ITEM), line(ITEM | {"n": {"N": "2"}})], [ITEM, ITEM]),
        ([line(ITEM)], [ITEM, ITEM | {"n": {"N": "2"}}]),
        ([line(ITEM), b'{"Item":{"not JSON'], [ITEM]),
        ([line(ITEM), b'{"Item":{"a":{"N":"sNaN"}}}'], [{"n": {"N": "sNaN"}}]),
    ],
)
def test_unprocessed_items_that_were_not_sent_prove_nothing(
    sent: list[bytes], unprocessed: list[dict[str, Any]]
) -> None:
    """Of another key, reported twice, or more than were sent: all lines are sent again."""
    assert select_unprocessed(sent, unprocessed, KEYS) is None
