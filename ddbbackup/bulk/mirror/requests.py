"""The bodies of the requests, and the condition that the table still holds an item."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ddbbackup.bulk.mirror.item import Item, Read, Write
from ddbbackup.ports import ItemOperation

# DynamoDB guide, "Constraints in Amazon DynamoDB": an expression has at most 4 KB, and 300 operators and functions.
_MAX_EXPRESSION_BYTES: Final = 4096
_MAX_OPERATORS: Final = 300
_AND: Final = " AND "


def read_body(table: str, reads: Sequence[Read]) -> bytes:
    """Of a BatchGetItem."""
    return _encode(
        {"RequestItems": {table: {"ConsistentRead": True, "Keys": [dict(read.key) for read in reads]}}}
    )


def operation_of(write: Write) -> ItemOperation:
    return "DeleteItem" if write.item is None else "PutItem"


def write_body(table: str, write: Write, *, count_units: bool) -> bytes:
    """Of a PutItem or a DeleteItem that returns the item it replaced."""
    body: dict[str, Any] = {"TableName": table, "ReturnValues": "ALL_OLD", **_condition(write)}
    if count_units:
        body["ReturnConsumedCapacity"] = "TOTAL"
    body |= {"Key": write.key} if write.item is None else {"Item": write.item}
    return _encode(body)


def _condition(write: Write) -> dict[str, Any]:
    """That no attribute of the expected item is another one, and none of the new item is there besides.

    Of an item with more attributes than an expression can name, as many as fit. The item that the response returns
    then shows whether another one has changed.
    """
    terms: list[str] = []
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    size_bytes = 0
    for number, (name, value) in enumerate(_terms(write)):
        term = f"attribute_not_exists(#{number})" if value is None else f"#{number} = :{number}"
        size_bytes += len(term) + len(_AND)
        if size_bytes > _MAX_EXPRESSION_BYTES or 2 * (number + 1) > _MAX_OPERATORS:
            break
        terms.append(term)
        names[f"#{number}"] = name
        if value is not None:
            values[f":{number}"] = value
    condition: dict[str, Any] = {
        "ConditionExpression": _AND.join(terms),
        "ExpressionAttributeNames": names,
    }
    return condition | ({"ExpressionAttributeValues": values} if values else {})


def _terms(write: Write) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Attributes with the value that they must have; None if they must not exist."""
    if write.expected is None:
        yield next(iter(write.key)), None
        return
    yield from write.expected.items()
    for name in write.item or {}:
        if name not in write.expected:
            yield name, None


def _encode(document: Mapping[str, Item | Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
