"""Request bodies made of export lines: each line is inserted unparsed, as AWS wrote it (docs/decisions/0003)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Protocol, assert_never

from ddbbackup.bulk.model import Existing
from ddbbackup.ports import ItemOperation, KeyAttribute


class RequestFormat(Protocol):
    """How lines become requests of one operation.

    ``success_body`` is the response to a request that succeeded completely, byte for byte, so that it need not be
    parsed. ``forbidden_tokens`` are byte strings without which a forged line cannot leave its place in the request
    (see ``archive.lines.are_plain_items``). ``max_in_flight`` is the number of concurrent requests beyond which
    measurements show no gain.
    """

    @property
    def operation(self) -> ItemOperation: ...
    @property
    def max_items(self) -> int: ...
    @property
    def max_in_flight(self) -> int: ...
    @property
    def success_body(self) -> bytes: ...
    @property
    def forbidden_tokens(self) -> tuple[bytes, ...]: ...

    def body(self, lines: Sequence[bytes]) -> bytes:
        """The body of a request for up to ``max_items`` lines."""


def request_format(
    existing: Existing, table: str, keys: Sequence[KeyAttribute], *, count_units: bool
) -> RequestFormat:
    """The format for a job. ``count_units``: AWS returns the write units that each request consumed."""
    match existing:
        case "overwrite":
            return BatchWrite(table, count_units=count_units)
        case "keep" | "verify":
            return ConditionalPut(table, keys, count_units=count_units)
        case _:
            assert_never(existing)


class BatchWrite:
    """BatchWriteItem: puts every item, over an existing one with the same key.

    With ``request="DeleteRequest"`` it deletes every item whose key is a line ``{"Key":{…}}``, if there is one.
    """

    operation: Final = "BatchWriteItem"
    max_items: Final = 25  # the limit of BatchWriteItem
    max_in_flight: Final = 192
    success_body: Final = b'{"UnprocessedItems":{}}'
    forbidden_tokens: Final = (b"Request",)

    def __init__(
        self,
        table: str,
        *,
        count_units: bool,
        request: Literal["PutRequest", "DeleteRequest"] = "PutRequest",
    ) -> None:
        opening = f'{{"{request}":'
        self._head = f'{{"RequestItems":{{{json.dumps(table)}:[{opening}'.encode()
        self._between = f"}},{opening}".encode()
        self._tail = b"}]}" + (b',"ReturnConsumedCapacity":"TOTAL"}' if count_units else b"}")

    def body(self, lines: Sequence[bytes]) -> bytes:
        return self._head + self._between.join(lines) + self._tail


class ConditionalPut:
    """PutItem: puts one item, only if its key is missing in the table. Otherwise AWS returns the existing item."""

    operation: Final = "PutItem"
    max_items: Final = 1
    max_in_flight: Final = 256
    success_body: Final = b"{}"
    forbidden_tokens: Final = (b"TableName", b"Expression", b"Expected", b"ConditionalOperator", b"Return")

    def __init__(self, table: str, keys: Sequence[KeyAttribute], *, count_units: bool) -> None:
        (hash_key,) = [key.name for key in keys if key.role == "HASH"]
        members = {
            "TableName": table,
            "ConditionExpression": "attribute_not_exists(#k)",
            "ExpressionAttributeNames": {"#k": hash_key},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if count_units:
            members["ReturnConsumedCapacity"] = "TOTAL"
        self._head = json.dumps(members).encode()[:-1] + b","

    def body(self, lines: Sequence[bytes]) -> bytes:
        (line,) = lines
        return self._head + line[1:]


def read_body(table: str, item: Mapping[str, Any], keys: Sequence[KeyAttribute]) -> bytes:
    """The body of a GetItem for the key of ``item``, a consistent read. Raises ``KeyError`` without the key."""
    key = {each.name: item[each.name] for each in keys}
    return json.dumps({"TableName": table, "Key": key, "ConsistentRead": True}).encode()
