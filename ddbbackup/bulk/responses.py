"""What a response of DynamoDB means for the batch that was sent."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, assert_never

from ddbbackup.ports import BulkOperation, BulkResponse, KeyAttribute

Category = Literal[
    "written", "unprocessed", "kept", "throttled", "retry", "credentials_expired", "rejected", "fatal"
]

_THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "LimitExceededException",
    }
)
_RETRY: Final = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ServiceUnavailable",
        "TransactionConflictException",  # the SDK does not retry it; but a concurrent transaction ends soon
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceInUseException",
    }
)
_CREDENTIALS_EXPIRED: Final = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired"})
_REJECTED: Final = frozenset(
    {"ValidationException", "SerializationException", "ItemCollectionSizeLimitExceededException"}
)


@dataclass(frozen=True, slots=True)
class Classification:
    """``unprocessed`` are the items to send again, as parsed JSON; ``reason`` is the error code and message."""

    category: Category
    consumed: float = 0.0
    unprocessed: tuple[Mapping[str, Any], ...] = ()
    code: str = ""
    reason: str = ""


def classify(response: BulkResponse, operation: BulkOperation) -> Classification:
    """Classifies any response; never raises.

    Only a response of the known shape counts as success. Everything else that AWS does not describe as an error
    of its own is retried: a repeated put is harmless, a lost one is not.
    """
    if response.status == 0:
        return Classification("retry", code="no response", reason=response.body.decode("utf-8", "replace"))
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return _unknown_shape(response.status)
    if response.status == 200:
        return _classify_success(document, operation) or _unknown_shape(response.status)
    code = str(document.get("__type", "")).rpartition("#")[2]
    message = document.get("message") or document.get("Message") or "no message"
    reason = " ".join(f"{code}: {message}".split())[:400]
    return Classification(_category_of_error(code, response.status), code=code, reason=reason)


def _unknown_shape(status: int) -> Classification:
    return Classification("retry", code=f"HTTP {status}", reason=f"HTTP {status} with an unexpected body")


def _classify_success(document: dict[str, Any], operation: BulkOperation) -> Classification | None:
    """None for a body that is not a response to ``operation``."""
    consumed = _consumed_units(document.get("ConsumedCapacity"))
    match operation:
        case "PutItem":
            is_error = "__type" in document or "message" in document
            return None if is_error else Classification("written", consumed=consumed)
        case "BatchWriteItem":
            items = _unprocessed_items(document.get("UnprocessedItems"))
            if items is None:
                return None
            return Classification(
                "unprocessed" if items else "written", consumed=consumed, unprocessed=tuple(items)
            )
        case _:
            assert_never(operation)


def _unprocessed_items(by_table: object) -> list[dict[str, Any]] | None:
    """The items of ``UnprocessedItems``; None if it holds anything but puts, which is all that was sent."""
    if not isinstance(by_table, dict):
        return None
    items = []
    for requests in by_table.values():
        if not isinstance(requests, list):
            return None
        for request in requests:
            put = request.get("PutRequest") if isinstance(request, dict) else None
            item = put.get("Item") if isinstance(put, dict) else None
            if not isinstance(item, dict):
                return None
            items.append(item)
    return items


def _consumed_units(capacity: object) -> float:
    """``ConsumedCapacity`` is one object for PutItem, and a list, one per table, for BatchWriteItem."""
    entries = capacity if isinstance(capacity, list) else [capacity]
    units = [entry.get("CapacityUnits") for entry in entries if isinstance(entry, dict)]
    return sum(float(each) for each in units if isinstance(each, int | float) and 0 <= each < math.inf)


def _category_of_error(code: str, status: int) -> Category:
    if code == "ConditionalCheckFailedException":
        return "kept"
    if code in _THROTTLED:
        return "throttled"
    if code in _CREDENTIALS_EXPIRED:
        return "credentials_expired"
    if code in _RETRY or status >= 500:
        return "retry"
    if code in _REJECTED:
        return "rejected"
    return "fatal"


def select_unprocessed(
    lines: Sequence[bytes], unprocessed: Sequence[Mapping[str, Any]], keys: Sequence[KeyAttribute]
) -> list[bytes]:
    """The lines with the keys of the unprocessed items, byte for byte as they were sent.

    Returns all lines if not every item can be matched with a line.
    """
    try:
        unprocessed_keys = {_comparable_key(item, keys) for item in unprocessed}
        selected = [
            line for line in lines if _comparable_key(json.loads(line)["Item"], keys) in unprocessed_keys
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return list(lines)  # lines are sent unparsed: one of them may not be JSON
    return selected if len(selected) >= len(unprocessed) else list(lines)


def _comparable_key(item: Mapping[str, Any], keys: Sequence[KeyAttribute]) -> tuple[object, ...]:
    return tuple(_comparable(item.get(key.name)) for key in keys)


def _comparable(value: Any) -> object:
    """Numbers compare by value: DynamoDB may return ``1`` for ``1.0``."""
    if isinstance(value, dict) and isinstance(value.get("N"), str):
        try:
            return ("N", Decimal(value["N"]))
        except InvalidOperation:
            return ("N", value["N"])
    return json.dumps(value, sort_keys=True)
