"""Requests spliced from export lines: the lines go in as they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ddbbackup.ports import KeyAttribute

BATCH_ITEMS: Final = 25
# AWS takes 16 MB. Smaller requests keep memory low with several in flight and cost nothing: AWS bills items.
BATCH_BYTES: Final = 1 << 20
BATCH_WORDS: Final = (b"Request",)
PUT_WORDS: Final = (b"TableName", b"Expression", b"Expected", b"ConditionalOperator")


class Batch:
    """Lines on their way into the table, and how often it has been tried.

    ``after`` follows once this is through: the second half of a batch that had to be cut, which must not
    overtake the first (both may hold the same key).
    """

    __slots__ = ("after", "attempt", "booked", "checked", "lines", "size_bytes", "unit")

    def __init__(self, unit: int, lines: Sequence[bytes], after: Batch | None = None) -> None:
        self.unit = unit
        self.lines = lines
        self.after = after
        self.attempt = 0
        self.booked = 0.0
        self.size_bytes = 0
        self.checked = False  # whether each line is known to be JSON


class BatchWrite:
    """Spells BatchWriteItem: puts over whatever is there."""

    operation: Final = "BatchWriteItem"
    batch_items: Final = BATCH_ITEMS

    def __init__(self, table: str, *, count_units: bool) -> None:
        self._head = b'{"RequestItems":{' + json.dumps(table).encode() + b':[{"PutRequest":'
        self._tail = b"}]}" + (b',"ReturnConsumedCapacity":"TOTAL"}' if count_units else b"}")

    def body(self, lines: Sequence[bytes]) -> bytes:
        return self._head + b'},{"PutRequest":'.join(lines) + self._tail


class ConditionalPut:
    """Spells PutItem for one line: only where the key is missing."""

    operation: Final = "PutItem"
    batch_items: Final = 1

    def __init__(self, table: str, keys: Sequence[KeyAttribute], *, count_units: bool) -> None:
        (hash_key,) = [key.name for key in keys if key.role == "HASH"][:1]
        members = {
            "TableName": table,
            "ConditionExpression": "attribute_not_exists(#k)",
            "ExpressionAttributeNames": {"#k": hash_key},
        }
        if count_units:
            members["ReturnConsumedCapacity"] = "TOTAL"
        self._head = json.dumps(members).encode()[:-1] + b","

    def body(self, lines: Sequence[bytes]) -> bytes:
        (line,) = lines
        return self._head + line[1:]
