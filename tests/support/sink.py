"""A table that remembers every content ever put under each key, and injects random faults."""

from __future__ import annotations

import json
import random
from collections import Counter

from tests.support.fault_proxy import RESET

_BETWEEN = {"PutRequest": b'},{"PutRequest":', "DeleteRequest": b'},{"DeleteRequest":'}
THROTTLE = (
    400,
    b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}',
)
BUSY = (500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"try again"}')
CONFLICT = (
    400,
    b'{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"in conflict"}',
)


class Sink:
    """A rule for ``FaultProxy`` that responds to every request itself. Faults are shares of all requests."""

    def __init__(
        self,
        *,
        unprocessed: float = 0.0,
        throttled: float = 0.0,
        busy: float = 0.0,
        resets: float = 0.0,
        conflicts: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.contents: dict[str, set[bytes]] = {}
        self.deleted: set[str] = set()
        self.faults: Counter[str] = Counter()
        self.puts = 0
        self._shares = {"reset": resets, "busy": busy, "throttle": throttled, "conflict": conflicts}
        self._unprocessed = unprocessed
        self._random = random.Random(seed)

    def __call__(self, operation: str, body: bytes) -> tuple[int, bytes] | None:
        fault = self._fault()
        if fault is not None:
            return fault
        return self._batch(body) if operation == "BatchWriteItem" else self._put(body)

    @property
    def lines(self) -> set[bytes]:
        """The content of every key. Fails if different contents were ever put under one key."""
        assert all(len(contents) == 1 for contents in self.contents.values()), "a key has two contents"
        return {next(iter(contents)) for contents in self.contents.values()}

    def _fault(self) -> tuple[int, bytes] | None:
        chance = self._random.random()
        responses = {"reset": RESET, "busy": BUSY, "throttle": THROTTLE, "conflict": CONFLICT}
        for name, share in self._shares.items():
            if chance < share:
                self.faults[name] += 1
                return responses[name]
            chance -= share
        return None

    def _batch(self, body: bytes) -> tuple[int, bytes]:
        (table, requests) = next(iter(json.loads(body)["RequestItems"].items()))
        assert 1 <= len(requests) <= 25
        assert len(body) < 16 * 1024 * 1024
        (kind,) = {name for request in requests for name in request}
        start = body.index(_BETWEEN[kind][2:]) + len(_BETWEEN[kind][2:])
        lines = body[start : body.rindex(b"}]}")].split(_BETWEEN[kind])
        unprocessed = []
        for request, line in zip(requests, lines, strict=True):
            if self._random.random() < self._unprocessed:
                self.faults["unprocessed"] += 1
                unprocessed.append(request)
            elif kind == "DeleteRequest":
                self.deleted.add(request[kind]["Key"]["id"]["S"])
            else:
                self._remember(request["PutRequest"]["Item"], line)
        return (
            200,
            json.dumps(
                {"UnprocessedItems": {table: unprocessed} if unprocessed else {}}, separators=(",", ":")
            ).encode(),
        )

    def _put(self, body: bytes) -> tuple[int, bytes]:
        item = json.loads(body)["Item"]
        if item["id"]["S"] in self.contents:
            existing = json.loads(next(iter(self.contents[item["id"]["S"]])))["Item"]
            kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
            failure = {"__type": kind, "message": "The conditional request failed", "Item": existing}
            return (400, json.dumps(failure).encode())
        self._remember(item, b"{" + body[body.index(b'"Item":') :])
        return (200, b"{}")

    def _remember(self, item: dict[str, dict[str, str]], line: bytes) -> None:
        self.puts += 1
        self.contents.setdefault(item["id"]["S"], set()).add(line)
