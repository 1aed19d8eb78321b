"""Reads a sample of items back from the table: whether what was written is still there."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from ddbbackup.archive.attribute_values import comparable_key, item_digest
from ddbbackup.bulk.failures import (
    TABLE_LAG_SECONDS,
    clock_error,
    expired_error,
    fatal_error,
    stalled_error,
)
from ddbbackup.bulk.model import SampledItem, Stopped
from ddbbackup.bulk.rate_control import backoff_seconds
from ddbbackup.bulk.responses import Classification, classify, unproven
from ddbbackup.ports import BulkAccess, BulkResponse, BulkTransport, KeyAttribute

_MAX_KEYS: Final = 25  # AWS takes 100; fewer keep the memory low if all items are large
_MAX_IN_FLIGHT: Final = 4
_PATIENCE_SECONDS: Final = 120.0
_RECEIVE_SECONDS: Final = 0.2

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What of a sample the table does not hold, and what it holds with other attributes."""

    missing: tuple[SampledItem, ...] = ()
    different: tuple[SampledItem, ...] = ()


def compare_sample(
    access: BulkAccess,
    table: str,
    keys: Sequence[KeyAttribute],
    sample: Sequence[SampledItem],
    *,
    stop: threading.Event | None = None,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> Comparison:
    """Reads the items of ``sample`` by BatchGetItem, consistently, and compares them. Blocks.

    Items that are written, changed or expire (time to live) in the meantime count as they are at that moment.

    Raises ``AccessDenied``, ``TableMissing``, ``Stopped``, and ``Throttled`` or ``Unreachable`` after
    ``patience_seconds`` in which no item could be read.
    """
    transport: BulkTransport[_Request] = access.transport(table)
    try:
        reading = _Reading(transport, table, keys, sample, patience_seconds)
        while not reading.done:
            if stop is not None and stop.is_set():
                raise Stopped
            reading.advance()
    finally:
        transport.close()
    return Comparison(
        tuple(item for item in sample if item not in reading.found),
        tuple(item for item in sample if not reading.found.get(item, True)),
    )


class _Request:
    """The items that are read together. ``due``: monotonic seconds before which it is not sent."""

    def __init__(self, items: Mapping[Key, SampledItem]) -> None:
        self.items = items
        self.attempt = 0
        self.due = 0.0
        self.resigned = False  # whether it was sent again because the time of its signature was rejected


class _Reading:
    """Drives one transport. ``found``: whether the table's item equals the sampled one, for those that it holds."""

    def __init__(
        self,
        transport: BulkTransport[_Request],
        table: str,
        keys: Sequence[KeyAttribute],
        sample: Sequence[SampledItem],
        patience_seconds: float,
    ) -> None:
        self.found: dict[SampledItem, bool] = {}
        self._transport, self._table, self._patience_seconds = transport, table, patience_seconds
        self._names = [key.name for key in keys]
        by_key = {comparable_key(json.loads(item.key), self._names): item for item in sample}
        pairs = list(by_key.items())
        self._waiting = deque(
            _Request(dict(pairs[start : start + _MAX_KEYS])) for start in range(0, len(pairs), _MAX_KEYS)
        )
        self._started_at = self._progress_at = time.monotonic()

    @property
    def done(self) -> bool:
        return not self._waiting and not self._transport.in_flight

    def advance(self) -> None:
        """Sends what is due, and handles the responses that have arrived."""
        now = time.monotonic()
        for _ in range(len(self._waiting)):
            if self._transport.in_flight >= _MAX_IN_FLIGHT:
                break
            request = self._waiting.popleft()
            if request.due > now:
                self._waiting.append(request)
                continue
            self._transport.send(request, "BatchGetItem", self._body(request))
        for request, response in self._transport.receive(_RECEIVE_SECONDS):
            self._on_response(request, response)

    def _body(self, request: _Request) -> bytes:
        keys = ",".join(item.key for item in request.items.values())
        head = '{"RequestItems":{' + json.dumps(self._table) + ':{"ConsistentRead":true,"Keys":['
        return (head + keys + "]}}}").encode()

    def _on_response(self, request: _Request, response: BulkResponse) -> None:
        result = classify(response, "BatchGetItem", self._table)
        now = time.monotonic()
        match result.category:
            case "read":
                self._on_read(request, result, now)
            case "credentials_expired":
                if not self._transport.renew_credentials(response.access_key):
                    raise expired_error(result)
                self._retry(request, result, now)
            case "throttled" | "retry" | "unproven":
                self._retry(request, result, now)
            case "clock_skew":
                if request.resigned:
                    raise clock_error(result)
                request.resigned = True
                self._retry(request, result, now)
            case "table_missing" if now - self._started_at <= TABLE_LAG_SECONDS:
                self._retry(request, result, now)
            case "table_missing" | "rejected" | "fatal" | "exists" | "written" | "unprocessed":
                raise fatal_error(result, f"read items of {self._table}", "BatchGetItem")
            case _:
                assert_never(result.category)

    def _on_read(self, request: _Request, result: Classification, now: float) -> None:
        try:
            there = {self._key(item): item for item in result.items}
            unprocessed = {self._key(key) for key in result.unprocessed}
            digests = {key: item_digest(item) for key, item in there.items()}
        except (LookupError, RecursionError):
            self._retry(request, unproven("items without the key of the table"), now)
            return
        requested = request.items.keys()
        once = len(there) + len(unprocessed) == len(result.items) + len(result.unprocessed)
        if not once or there.keys() & unprocessed or not there.keys() | unprocessed <= requested:
            self._retry(request, unproven("items that were not requested"), now)
            return
        for key, digest in digests.items():
            item = request.items[key]
            self.found[item] = digest == item.digest
        if len(unprocessed) < len(requested):
            self._progress_at, request.attempt = now, 0
        if unprocessed:
            request.items = {key: item for key, item in request.items.items() if key in unprocessed}
            self._retry(request, result, now)

    def _retry(self, request: _Request, result: Classification, now: float) -> None:
        if now - self._progress_at > self._patience_seconds:
            nothing_read = f"no item of {self._table} could be read"
            raise stalled_error(result, nothing_read, self._patience_seconds)
        request.due = now + backoff_seconds(request.attempt)
        request.attempt += 1
        self._waiting.append(request)

    def _key(self, item: Mapping[str, Any]) -> Key:
        return comparable_key(item, self._names)
