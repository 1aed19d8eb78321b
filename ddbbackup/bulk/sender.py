"""Sends batches until every line is written, kept or rejected: retries, rate control, bisection."""

from __future__ import annotations

import heapq
import itertools
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from ddbbackup.archive.attribute_values import comparable_key, equal_items
from ddbbackup.archive.lines import is_item
from ddbbackup.bulk.batch import Batch
from ddbbackup.bulk.failures import (
    TABLE_LAG_SECONDS,
    clock_error,
    expired_error,
    fatal_error,
    stalled_error,
)
from ddbbackup.bulk.rate_control import ConcurrencyLimit, TokenBucket, backoff_seconds
from ddbbackup.bulk.rejects import NOT_AN_ITEM
from ddbbackup.bulk.request_format import BatchWrite, RequestFormat, read_body
from ddbbackup.bulk.responses import JSON_TYPE, Classification, classify, select_unprocessed, unproven
from ddbbackup.bulk.worker_messages import WorkerConfig
from ddbbackup.errors import Refused
from ddbbackup.model.numbers import counted
from ddbbackup.ports import BulkResponse, BulkTransport, ItemOperation

MAX_IN_FLIGHT_BYTES: Final = 4 << 20
_START_IN_FLIGHT: Final = 16
_MAX_REJECTED_WITHOUT_SUCCESS: Final = 1000  # then the cause is not the items
# A put costs a unit for each KB of the item, and up to two for each of at most 25 indexes. More was not consumed.
_MAX_UNITS_PER_KB: Final = 1 + 2 * 25


class ResultObserver(Protocol):
    """Receives the result of each line.

    ``kept``: the table holds an item with this key (``existing: keep``). ``equal`` and ``different``: it does, and
    how it compares (``existing: verify``). ``dropped``: lines of an abandoned unit that will not be sent again.
    ``reason`` holds no item data, ``detail`` may hold some.
    """

    def written(self, unit: int, count: int) -> None: ...
    def deleted(self, unit: int, count: int) -> None: ...
    def kept(self, unit: int) -> None: ...
    def equal(self, unit: int) -> None: ...
    def different(self, unit: int, line: bytes, existing: Mapping[str, Any]) -> None: ...
    def rejected(self, unit: int, line: bytes, reason: str, detail: str) -> None: ...
    def dropped(self, unit: int, count: int) -> None: ...


class Sender:
    """Drives one transport. Every line of a batch reaches the observer exactly once, or ``poll`` raises."""

    def __init__(
        self,
        transport: BulkTransport[Batch],
        request_format: RequestFormat,
        config: WorkerConfig,
        observer: ResultObserver,
        bucket: TokenBucket | None,
    ) -> None:
        self._transport, self._format, self._config = transport, request_format, config
        self._observer, self._bucket = observer, bucket
        self._operation, self._success_body = request_format.operation, request_format.success_body
        # Of the same operation as the puts: only chains that overwrite have deletes.
        self._delete_format = BatchWrite(
            config.table, count_units=config.rate_limited, request="DeleteRequest"
        )
        self._key_names = [key.name for key in config.keys]
        self._limit = ConcurrencyLimit(start=_START_IN_FLIGHT, maximum=request_format.max_in_flight)
        self._delayed: list[tuple[float, int, Batch]] = []  # a heap by the time of the next attempt
        self._ready: deque[Batch] = deque()
        self._abandoned: set[int] = set()
        self._sequence = itertools.count()
        self._in_flight_bytes = 0
        self._started_at = self._progress_at = time.monotonic()  # of the last progress
        self._accepted = self._rejected = 0
        self.throttled = 0
        self.consumed = 0.0

    def has_capacity(self) -> bool:
        """Whether a new batch could be sent at once."""
        return (
            not self._ready
            and self._transport.in_flight < self._limit.value
            and self._in_flight_bytes < MAX_IN_FLIGHT_BYTES
            and (self._bucket is None or self._bucket.wait_seconds(time.monotonic()) <= 0)
        )

    def send(self, batch: Batch) -> None:
        """Sends a new batch at once; call it only if ``has_capacity``."""
        operation: ItemOperation = self._operation
        if batch.reading:
            operation = "GetItem"
            body = read_body(self._config.table, _item_of(batch.lines[0]), self._config.keys)
        else:
            body = (self._delete_format if batch.deletes else self._format).body(batch.lines)
        batch.size_bytes = len(body)
        self._in_flight_bytes += len(body)
        if self._bucket is not None:
            batch.reserved_units = self._bucket.reserve(len(batch.lines))
        self._transport.send(batch, operation, body)

    def abandon(self, unit: int) -> None:
        """Sends no line of this unit any more. Requests in flight end as usual."""
        self._abandoned.add(unit)
        waiting = [batch for _, _, batch in self._delayed if batch.unit == unit]
        if waiting:
            self._delayed = [entry for entry in self._delayed if entry[2].unit != unit]
            heapq.heapify(self._delayed)
            self._ready.extend(waiting)  # which drops them

    def poll(self, timeout_seconds: float) -> None:
        """Sends the batches that are due and handles responses; waits up to ``timeout_seconds`` for one.

        Raises ``AccessDenied``, ``TableMissing``, ``Throttled``, ``Unreachable`` or ``Refused`` if going on is
        pointless.
        """
        self._send_due()
        for batch, response in self._transport.receive(timeout_seconds):
            self._in_flight_bytes -= batch.size_bytes
            if (
                response.status == 200
                and response.body == self._success_body
                and response.content_type == JSON_TYPE
                and not batch.reading
            ):
                self._on_written(batch, response)
            else:
                self._on_response(batch, response)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._delayed and self._delayed[0][0] <= now:
            self._ready.append(heapq.heappop(self._delayed)[2])
        while (
            self._ready
            and self._transport.in_flight < max(1, self._limit.value)
            and (self._in_flight_bytes < MAX_IN_FLIGHT_BYTES or not self._transport.in_flight)
            and (self._bucket is None or self._bucket.wait_seconds(time.monotonic()) <= 0)
        ):
            batch = self._ready.popleft()
            if batch.unit in self._abandoned:
                self._drop(batch)
            else:
                self.send(batch)

    # ---- responses

    def _on_written(self, batch: Batch, response: BulkResponse) -> None:
        self._on_accepted(batch, len(batch.lines))
        self._limit.on_success(response.seconds)
        self._progress_at = time.monotonic()
        self._finish(batch)

    def _on_accepted(self, batch: Batch, count: int) -> None:
        self._accepted += count
        if batch.deletes:
            self._observer.deleted(batch.unit, count)
        else:
            self._observer.written(batch.unit, count)

    def _on_response(self, batch: Batch, response: BulkResponse) -> None:
        operation: ItemOperation = "GetItem" if batch.reading else self._operation
        result = classify(response, operation, self._config.table, deletes=batch.deletes)
        now = time.monotonic()
        if self._bucket is not None:
            self._count_units(self._bucket, batch, result)
        match result.category:
            case "written":
                self._on_written(batch, response)
            case "exists":
                self._on_exists(batch, result, response, now)
            case "read":
                self._on_read(batch, result, response, now)
            case "unprocessed":
                self._on_unprocessed(batch, result, response, now)
            case _:
                self._on_failure(batch, result, response, now)

    def _on_failure(self, batch: Batch, result: Classification, response: BulkResponse, now: float) -> None:
        """For a response that says nothing about the lines, or rejects the request."""
        match result.category:
            case "throttled":
                self.throttled += 1
                self._limit.on_throttle(now, response.seconds)
                self._retry(batch, result, now)
            case "retry" | "unproven":
                if response.status and self._reject_invalid_lines(batch):
                    return
                self._limit.on_throttle(now, response.seconds)
                self._on_unproven(batch, result, now)
            case "credentials_expired":
                self._on_expired(batch, result, response, now)
            case "clock_skew":
                self._sign_again(batch, result, now)
            case "table_missing" if now - self._started_at <= TABLE_LAG_SECONDS:
                self._retry(batch, result, now)
            case "rejected":
                self._bisect(batch, result)
            case _:
                operation = "GetItem" if batch.reading else self._operation
                raise fatal_error(result, f"write items to {self._config.table}", operation)

    def _count_units(self, bucket: TokenBucket, batch: Batch, result: Classification) -> None:
        """A server that reports more units than a put can consume must not hold the job."""
        limit = _MAX_UNITS_PER_KB * (batch.size_bytes / 1024 + len(batch.lines))
        consumed = min(result.consumed, limit)
        estimated = consumed if consumed or result.category == "throttled" else batch.reserved_units
        bucket.settle(batch.reserved_units, estimated, len(batch.lines))
        self.consumed += consumed

    def _on_expired(self, batch: Batch, result: Classification, response: BulkResponse, now: float) -> None:
        """Every request in flight that the old keys signed is answered so, also after they were renewed."""
        if not self._transport.renew_credentials(response.access_key):
            raise expired_error(result)
        self._retry(batch, result, now)

    def _sign_again(self, batch: Batch, result: Classification, now: float) -> None:
        """Once: a machine that was suspended sends what it signed before. Then the clock must be wrong."""
        if batch.resigned:
            raise clock_error(result)
        batch.resigned = True
        self._retry(batch, result, now)

    def _on_unprocessed(
        self, batch: Batch, result: Classification, response: BulkResponse, now: float
    ) -> None:
        remaining = select_unprocessed(batch.lines, result.unprocessed, self._config.keys)
        if remaining is None:
            self._on_unproven(batch, unproven("unprocessed items that were not sent"), now)
            return
        written = len(batch.lines) - len(remaining)
        self.throttled += 1
        self._limit.on_throttle(now, response.seconds, len(remaining) / len(batch.lines))
        if written:
            self._on_accepted(batch, written)
            self._progress_at = now
            batch.attempt = 0
        batch.lines = remaining
        self._retry(batch, result, now)

    def _on_unproven(self, batch: Batch, result: Classification, now: float) -> None:
        batch.may_be_written = True
        self._retry(batch, result, now)

    # ---- items that exist

    def _on_exists(self, batch: Batch, result: Classification, response: BulkResponse, now: float) -> None:
        """The condition of a put failed. A server that does not send the existing item is asked for it."""
        if batch.reading or self._operation != "PutItem":
            self._on_unproven(batch, unproven("a failed condition of a request without one"), now)
        elif result.items:
            self._compare(batch, result.items[0], response, now)
        elif _key_of(_item_of(batch.lines[0]), self._key_names) is None:
            self._on_unproven(batch, unproven("a failed condition of an item without a key"), now)
        else:
            batch.reading = True
            self._ready.append(batch)

    def _on_read(self, batch: Batch, result: Classification, response: BulkResponse, now: float) -> None:
        batch.reading = False
        if result.items:
            self._compare(batch, result.items[0], response, now)
        else:  # it was deleted in the meantime, or the condition had not failed
            self._on_unproven(batch, unproven("a failed condition, but no item with this key"), now)

    def _compare(self, batch: Batch, existing: Mapping[str, Any], response: BulkResponse, now: float) -> None:
        (line,) = batch.lines
        item = _item_of(line)
        key = _key_of(item, self._key_names)
        if key is None or key != _key_of(existing, self._key_names):
            self._on_unproven(batch, unproven("an item with another key"), now)
            return
        self._accepted += 1
        self._progress_at = now
        self._limit.on_success(response.seconds)
        verify = self._config.existing == "verify"
        equal = (verify or batch.may_be_written) and equal_items(item, existing)
        if equal and batch.may_be_written:
            self._observer.written(batch.unit, 1)
        elif not verify:
            self._observer.kept(batch.unit)
        elif equal:
            self._observer.equal(batch.unit)
        else:
            self._observer.different(batch.unit, line, existing)
        self._finish(batch)

    # ---- retries

    def _retry(self, batch: Batch, result: Classification, now: float) -> None:
        if batch.unit in self._abandoned:
            self._drop(batch)
            return
        if now - self._progress_at > self._config.stall_timeout_seconds:
            nothing_written = f"no item could be written to {self._config.table}"
            raise stalled_error(result, nothing_written, self._config.stall_timeout_seconds)
        due = now + backoff_seconds(batch.attempt)
        batch.attempt += 1
        heapq.heappush(self._delayed, (due, next(self._sequence), batch))

    def _drop(self, batch: Batch) -> None:
        dropped: Batch | None = batch
        while dropped is not None:
            self._observer.dropped(batch.unit, len(dropped.lines))
            dropped = dropped.then

    def _finish(self, batch: Batch) -> None:
        if batch.then is not None:
            self._ready.append(batch.then)

    # ---- rejected lines

    def _reject_invalid_lines(self, batch: Batch) -> bool:
        """Some servers answer malformed JSON with a 5xx. True if lines of ours were the cause and are rejected."""
        if batch.lines_checked or batch.deletes:
            return False
        batch.lines_checked = True
        valid: list[bytes] = []
        invalid: list[bytes] = []
        for line in batch.lines:
            (valid if is_item(line) else invalid).append(line)
        if not invalid:
            return False
        for line in invalid:
            self._reject(batch.unit, line, NOT_AN_ITEM, NOT_AN_ITEM)
        batch.lines = valid
        if valid:
            self._ready.append(batch)
        else:
            self._finish(batch)
        return True

    def _bisect(self, batch: Batch, result: Classification) -> None:
        """AWS rejects a whole request for one invalid item. Halve the batch until that item is alone."""
        if len(batch.lines) == 1:
            self._reject(batch.unit, batch.lines[0], result.reason, result.detail)
            self._finish(batch)
            return
        middle = len(batch.lines) // 2
        second_half = batch.part(batch.lines[middle:], batch.then)
        self._ready.append(batch.part(batch.lines[:middle], second_half))

    def _reject(self, unit: int, line: bytes, reason: str, detail: str) -> None:
        self._observer.rejected(unit, line, reason, detail)
        self._rejected += 1
        self._progress_at = time.monotonic()
        if self._rejected >= _MAX_REJECTED_WITHOUT_SUCCESS and not self._accepted:
            raise Refused(
                f"the table {self._config.table} rejected all of the first {counted(self._rejected, 'item')}",
                hint="compare the keys and indexes of the table with those of the backed-up table; "
                f"the reasons are in {self._config.rejects_dir}",
            )


def _item_of(line: bytes) -> Mapping[str, Any]:
    """The item of a line, or an empty one, which has no key, for a line that is not an exported item."""
    try:
        item = json.loads(line)["Item"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return item if isinstance(item, dict) else {}


def _key_of(item: Mapping[str, Any], names: Sequence[str]) -> tuple[object, ...] | None:
    """None for an item that lacks a key attribute."""
    try:
        return comparable_key(item, names)
    except (LookupError, RecursionError):
        return None
