"""What a response of DynamoDB proves about the batch that was sent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NoReturn, assert_never

from ddbbackup.archive.attribute_values import comparable_key
from ddbbackup.archive.item_keys import unique_members
from ddbbackup.model.aws_errors import is_clock_skew
from ddbbackup.model.aws_texts import UNKNOWN, error_code, safe_reason
from ddbbackup.ports import BulkResponse, ItemOperation, KeyAttribute
from ddbbackup.safe_text import escape

Category = Literal[
    "written",
    "unprocessed",
    "read",
    "exists",
    "throttled",
    "retry",
    "unproven",
    "credentials_expired",
    "clock_skew",
    "table_missing",
    "rejected",
    "fatal",
]

JSON_TYPE: Final = b"application/x-amz-json-1.0"
_ERROR_TYPES: Final = (JSON_TYPE, b"application/x-amz-json-1.1", b"application/json")
_LONGEST_MESSAGE: Final = 4096  # characters; it is kept with a rejected item

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

# The members of a successful response: those that every response has, and those that some have.
_MEMBERS: Final[Mapping[ItemOperation, tuple[frozenset[str], frozenset[str]]]] = {
    "BatchWriteItem": (
        frozenset({"UnprocessedItems"}),
        frozenset({"ConsumedCapacity", "ItemCollectionMetrics"}),
    ),
    "PutItem": (frozenset(), frozenset({"ConsumedCapacity", "ItemCollectionMetrics"})),
    "DeleteItem": (frozenset(), frozenset({"ConsumedCapacity", "ItemCollectionMetrics"})),
    "GetItem": (frozenset(), frozenset({"ConsumedCapacity", "Item"})),
    "BatchGetItem": (frozenset({"Responses", "UnprocessedKeys"}), frozenset({"ConsumedCapacity"})),
}


@dataclass(frozen=True, slots=True)
class Classification:
    """What a response means.

    ``written``: all of the request was written. ``unprocessed``: all but ``unprocessed``, which are items or keys.
    ``read``: ``items`` were found, and no others, except perhaps those in ``unprocessed``. ``exists``: the condition
    of a write failed; ``items`` holds the existing item if the server sent it. ``unproven``: not one of DynamoDB's.
    With ``returns_old``, ``items`` of what is written holds the item that was replaced, if there was one.
    ``clock_skew``: the time of the signature is rejected. ``table_missing``: also for a moment after a new table is
    ACTIVE.

    ``reason`` holds no item data. ``detail`` is the server's own message and may hold some.
    """

    category: Category
    consumed: float = 0.0
    items: tuple[Mapping[str, Any], ...] = ()
    unprocessed: tuple[Mapping[str, Any], ...] = ()
    code: str = ""
    reason: str = ""
    detail: str = ""


class Unproven(Exception):
    """The response does not have the shape of DynamoDB's; the text says why and holds nothing of the body."""


def classify(
    response: BulkResponse,
    operation: ItemOperation,
    table: str,
    *,
    deletes: bool = False,
    returns_old: bool = False,
) -> Classification:
    """Classifies any response; never raises. ``deletes``: the batch that was sent holds deletes, not puts.

    ``returns_old``: the PutItem or DeleteItem that was sent asked for the item that it replaces.

    Only a response of exactly the known shape proves anything. Everything else that DynamoDB does not describe as an
    error of its own is sent again: a repeated put is harmless, a lost one is not.
    """
    if response.status != 200:
        return classify_failure(response)
    try:
        document = _parse(response)
        old = _items([document.pop("Attributes")]) if returns_old and "Attributes" in document else ()
        result = _classify_success(document, operation, table, deletes=deletes)
        return replace(result, items=old) if old else result
    except Unproven as error:
        return unproven(str(error))


def classify_failure(response: BulkResponse) -> Classification:
    """Classifies any response but one with the status 200, whatever was asked for; never raises."""
    if response.status == 0:
        return Classification("retry", code="no response", reason=_line(response.body))
    try:
        return _classify_error(_parse(response), response.status)
    except Unproven as error:
        category: Category = "retry" if response.status >= 500 else "unproven"
        reason = f"HTTP {response.status} with {error}"
        return Classification(category, code=f"HTTP {response.status}", reason=reason)


def unproven(why: str) -> Classification:
    """For a response of the known shape with content that cannot belong to what was sent."""
    return Classification("unproven", code="HTTP 200", reason=f"HTTP 200 with {why}")


def check_content_type(response: BulkResponse) -> None:
    """Raises ``Unproven`` for a type that DynamoDB does not send with this status."""
    content_type = response.content_type.partition(b";")[0].strip()
    if content_type not in ((JSON_TYPE,) if response.status == 200 else _ERROR_TYPES):
        shown = content_type.decode() if re.fullmatch(rb"[a-z0-9.+/-]{3,60}", content_type) else "unknown"
        raise Unproven(f"content type {shown}, which DynamoDB does not send")


def _parse(response: BulkResponse) -> dict[str, Any]:
    check_content_type(response)
    try:
        document = json.loads(
            response.body, object_pairs_hook=unique_members, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise Unproven("a body that is not JSON") from None
    if not isinstance(document, dict):
        raise Unproven("a body that is not a JSON object")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# ---- successes


def _classify_success(
    document: dict[str, Any], operation: ItemOperation, table: str, *, deletes: bool
) -> Classification:
    required, optional = _MEMBERS[operation]
    if not required <= document.keys() <= required | optional:
        raise Unproven(f"a body that is not a response to {operation}")
    consumed = _consumed_units(document, operation, table)
    match operation:
        case "PutItem" | "DeleteItem":
            return Classification("written", consumed=consumed)
        case "BatchWriteItem":
            unprocessed = _unprocessed_writes(document["UnprocessedItems"], table, deletes=deletes)
            category: Category = "unprocessed" if unprocessed else "written"
            return Classification(category, consumed=consumed, unprocessed=unprocessed)
        case "GetItem":
            items = _items([document["Item"]] if "Item" in document else [])
            return Classification("read", consumed=consumed, items=items)
        case "BatchGetItem":
            return Classification(
                "read",
                consumed=consumed,
                items=_items(_of_table(document["Responses"], table)),
                unprocessed=_unprocessed_keys(document["UnprocessedKeys"], table),
            )
        case _:
            assert_never(operation)


def _unprocessed_writes(by_table: object, table: str, *, deletes: bool) -> tuple[dict[str, Any], ...]:
    """The items of puts, or the keys of deletes."""
    request, member = ("DeleteRequest", "Key") if deletes else ("PutRequest", "Item")
    return _items([_only_member(_only_member(each, request), member) for each in _of_table(by_table, table)])


def _unprocessed_keys(by_table: object, table: str) -> tuple[dict[str, Any], ...]:
    if by_table == {}:
        return ()
    requested = _only_member(by_table, table)
    if not isinstance(requested, dict) or not isinstance(requested.get("Keys"), list):
        raise Unproven("unprocessed keys that were not requested")
    return _items(requested["Keys"])


def _of_table(by_table: object, table: str) -> list[Any]:
    """The list in ``{table: […]}``, or an empty one for ``{}``."""
    if by_table == {}:
        return []
    listed = _only_member(by_table, table)
    if not isinstance(listed, list):
        raise Unproven("items of another table, or in another form than they were sent")
    return listed


def _items(candidates: Sequence[object]) -> tuple[dict[str, Any], ...]:
    items = tuple(each for each in candidates if isinstance(each, dict) and each)
    if len(items) != len(candidates):
        raise Unproven("items in another form than they were sent")
    return items


def _only_member(value: object, name: str) -> object:
    """The member ``name`` of an object that has no other; otherwise None."""
    return value[name] if isinstance(value, dict) and value.keys() == {name} else None


def _consumed_units(document: dict[str, Any], operation: ItemOperation, table: str) -> float:
    """``ConsumedCapacity`` is one object for one item, and a list, one per table, for a batch."""
    if "ConsumedCapacity" not in document:
        return 0.0
    capacity = document["ConsumedCapacity"]
    entries = capacity if operation in ("BatchWriteItem", "BatchGetItem") else [capacity]
    if not isinstance(entries, list):
        raise Unproven("a consumed capacity of another form")
    return sum(consumed_units(entry, table) for entry in entries)


def consumed_units(entry: Any, table: str) -> float:
    """The capacity units of one ``ConsumedCapacity``. Raises ``Unproven`` for that of another table."""
    if not isinstance(entry, dict) or entry.get("TableName") != table:
        raise Unproven("a consumed capacity of another table")
    units = entry.get("CapacityUnits", 0)
    if isinstance(units, bool) or not isinstance(units, int | float) or not 0 <= units < math.inf:
        raise Unproven("a consumed capacity that is not a number")
    return float(min(units, 1e12))


# ---- errors


def _classify_error(document: dict[str, Any], status: int) -> Classification:
    code = error_code(str(document.get("__type", "")))
    if code == UNKNOWN or not 400 <= status < 600:
        raise Unproven("a body that is not an error of DynamoDB")
    message = str(document.get("message") or document.get("Message") or "")[:_LONGEST_MESSAGE]
    existing = document.get("Item")
    return Classification(
        _category_of_error(code, message, status),
        items=(existing,) if isinstance(existing, dict) and existing else (),
        code=code,
        reason=safe_reason(code, message),
        detail=f"{code}: {message}",
    )


def _category_of_error(code: str, message: str, status: int) -> Category:
    if code == "ConditionalCheckFailedException":
        return "exists"
    if code in _THROTTLED:
        return "throttled"
    if code in _CREDENTIALS_EXPIRED:
        return "credentials_expired"
    if is_clock_skew(code, message):
        return "clock_skew"
    if code == "ResourceNotFoundException":
        return "table_missing"
    if code in _RETRY or status >= 500:
        return "retry"
    if code in _REJECTED:
        return "rejected"
    return "fatal"


def _line(body: bytes) -> str:
    return escape(" ".join(body.decode("utf-8", "replace").split()), longest=300)


# ---- what was sent


def select_unprocessed(
    lines: Sequence[bytes], unprocessed: Iterable[Mapping[str, Any]], keys: Sequence[KeyAttribute]
) -> list[bytes] | None:
    """The lines with the keys of the unprocessed items, byte for byte as they were sent.

    None if the unprocessed items are not some of those that were sent, each at most once: then the response proves
    nothing about any line.
    """
    names = [key.name for key in keys]
    try:
        unprocessed_keys = [comparable_key(item, names) for item in unprocessed]
        sent = [comparable_key(_item_or_key(json.loads(line)), names) for line in lines]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # lines are sent unparsed: one of them may not be JSON
    wanted = set(unprocessed_keys)
    if len(wanted) != len(unprocessed_keys) or not wanted <= set(sent):
        return None
    return [line for line, key in zip(lines, sent, strict=True) if key in wanted]


def _item_or_key(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a line to put, and of one to delete."""
    found: Mapping[str, Any] = line["Key"] if line.keys() == {"Key"} else line["Item"]
    return found
