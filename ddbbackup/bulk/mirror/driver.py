"""Carries many items through their steps at a time: sends their requests, retries, and gives them the answers."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.bulk.failures import (
    TABLE_LAG_SECONDS,
    clock_error,
    expired_error,
    fatal_error,
    stalled_error,
)
from ddbbackup.bulk.mirror.item import Answer, Read, Steps, Write
from ddbbackup.bulk.mirror.model import MirrorCounts
from ddbbackup.bulk.mirror.requests import operation_of, read_body, write_body
from ddbbackup.bulk.rate_control import ConcurrencyLimit, TokenBucket, backoff_seconds
from ddbbackup.bulk.responses import Classification, classify, unproven
from ddbbackup.errors import Bug
from ddbbackup.ports import BulkAccess, BulkResponse, BulkTransport, ItemOperation, KeyAttribute

_MAX_ITEMS: Final = 256  # on their way at a time
_MAX_KEYS: Final = 25  # of a BatchGetItem. AWS takes 100; fewer keep the memory low if all items are large
_MAX_HELD_BYTES: Final = 8 << 20  # of items that wait to be written
_START_IN_FLIGHT: Final = 16
_MAX_IN_FLIGHT: Final = 128
_RECEIVE_SECONDS: Final = 0.1


class UnitLimit:
    """Write units per second of all threads of a process. None: no limit."""

    def __init__(self, units_per_second: float | None) -> None:
        self._lock = threading.Lock()
        self._bucket = None if units_per_second is None else TokenBucket(units_per_second, time.monotonic())

    @property
    def counts(self) -> bool:
        return self._bucket is not None

    def take(self) -> float | None:
        """What to give to ``settle``; None if no item may be written yet."""
        with self._lock:
            if self._bucket is None:
                return 0.0
            if self._bucket.wait_seconds(time.monotonic()) > 0:
                return None
            return self._bucket.reserve(1)

    def settle(self, reserved: float, result: Classification) -> None:
        """A failed condition costs units too, but its response does not say so (DynamoDB guide: Condition
        expressions).
        """
        with self._lock:
            if self._bucket is not None:
                estimated = 0.0 if result.category == "throttled" else reserved
                self._bucket.settle(reserved, result.consumed or estimated, 1)


@dataclass(slots=True, eq=False)
class _Travelling:
    """An item on its way. ``request`` is the one that it waits for. ``held_bytes``: the size of what it holds."""

    key: bytes
    steps: Steps
    request: Read | Write
    held_bytes: int = 0
    attempt: int = 0
    lost: bool = False  # whether a response to the request was lost
    resigned: bool = False  # whether it was sent again because the time of its signature was rejected
    units: float = 0.0


_Tag = tuple[_Travelling, ...]


class ItemDriver:
    """Drives one transport, in one thread. ``check`` is called often, and raises to stop."""

    def __init__(
        self,
        access: BulkAccess,
        table: str,
        keys: tuple[KeyAttribute, ...],
        limit: UnitLimit,
        check: Callable[[], None],
        stall_timeout_seconds: float,
    ) -> None:
        self._transport: BulkTransport[_Tag] = access.transport(table)
        self._table, self._item_keys, self._units, self._check = table, ItemKeys(keys), limit, check
        self._stall_timeout_seconds = stall_timeout_seconds
        self._concurrency = ConcurrencyLimit(start=_START_IN_FLIGHT, maximum=_MAX_IN_FLIGHT)
        self._reads: deque[_Travelling] = deque()
        self._writes: deque[_Travelling] = deque()
        self._delayed: list[tuple[float, int, _Travelling]] = []
        self._sequence = itertools.count()
        self._items = self._held_bytes = 0
        self._results: Counter[str] = Counter()
        self._started_at = self._progress_at = time.monotonic()

    def close(self) -> None:
        self._transport.close()

    def add(self, key: bytes, steps: Steps, size_bytes: int) -> None:
        """Blocks while there are enough items on their way. ``size_bytes`` is what the steps hold from the start."""
        while self._items >= _MAX_ITEMS or (self._held_bytes >= _MAX_HELD_BYTES and self._items):
            self._turn()
        self._items += 1
        item = _Travelling(key, steps, next(steps))
        self._hold(item, size_bytes)
        self._queue(item)

    @property
    def idle(self) -> bool:
        """Whether no item was added since ``finish``."""
        return not self._items and not self._results

    def finish(self) -> MirrorCounts:
        """Returns once all items have arrived: the counts since the last call."""
        while self._items:
            self._turn()
        counts = MirrorCounts(**self._results)
        self._results.clear()
        return counts

    def _turn(self) -> None:
        """Sends what is due, and handles the responses that have arrived."""
        self._check()
        now = time.monotonic()
        while self._delayed and self._delayed[0][0] <= now:
            self._queue(heapq.heappop(self._delayed)[2])
        while self._writes and self._has_room() and (units := self._units.take()) is not None:
            item = self._writes.popleft()
            item.units = units
            self._send_write(item)
        while self._reads and self._has_room() and self._may_read():
            batch = tuple(self._reads.popleft() for _ in range(min(_MAX_KEYS, len(self._reads))))
            reads = [item.request for item in batch if isinstance(item.request, Read)]
            self._transport.send(batch, "BatchGetItem", read_body(self._table, reads))
        for batch, response in self._transport.receive(_RECEIVE_SECONDS):
            if isinstance(batch[0].request, Read):
                self._on_read_response(batch, response)
            else:
                self._on_write_response(batch[0], response)

    def _has_room(self) -> bool:
        return self._transport.in_flight < max(1, self._concurrency.value)

    def _may_read(self) -> bool:
        """Few keys wait for more while there is something else to wait for, and all while much is to be written."""
        if not self._transport.in_flight and not self._writes:
            return True
        return len(self._reads) >= _MAX_KEYS and self._held_bytes < _MAX_HELD_BYTES

    def _send_write(self, item: _Travelling) -> None:
        write = item.request
        if not isinstance(write, Write):
            raise Bug("an item that is to be read was sent to be written")
        self._transport.send(
            (item,), operation_of(write), write_body(self._table, write, count_units=self._units.counts)
        )

    # ---- responses

    def _on_read_response(self, batch: _Tag, response: BulkResponse) -> None:
        result = classify(response, "BatchGetItem", self._table)
        now = time.monotonic()
        if result.category != "read":
            self._on_failure(batch, result, response, "BatchGetItem", now)
            return
        requested = {item.key: item for item in batch}
        found = {self._item_keys.of_item(item): item for item in result.items}
        waiting = {self._item_keys.of_item(key) for key in result.unprocessed}
        once = len(found) + len(waiting) == len(result.items) + len(result.unprocessed)
        if not once or found.keys() & waiting or not found.keys() | waiting <= requested.keys():
            self._retry(batch, unproven("items that were not requested"), now)
            return
        if len(waiting) < len(batch):
            self._progress_at = now
            self._concurrency.on_success(response.seconds)
        if waiting:
            self._results["throttled"] += 1
            self._concurrency.on_throttle(now, response.seconds, len(waiting) / len(batch))
            self._retry(tuple(item for item in batch if item.key in waiting), result, now)
        size_bytes = len(response.body) // max(1, len(found))
        for item in batch:
            if item.key not in waiting:
                there = found.get(item.key)
                self._hold(item, item.held_bytes + (size_bytes if there is not None else 0))
                self._go_on(item, Answer(there))

    def _on_write_response(self, item: _Travelling, response: BulkResponse) -> None:
        write = item.request
        if not isinstance(write, Write):
            raise Bug("an item that was to be read was written")
        operation = operation_of(write)
        result = classify(response, operation, self._table, returns_old=True)
        now = time.monotonic()
        if result.category == "written" and not self._is_old_item(item, write, result):
            result = unproven("another item than the condition named")
        self._units.settle(item.units, result)
        match result.category:
            case "written" | "exists":
                done = result.category == "written"
                self._progress_at = now
                self._concurrency.on_success(response.seconds)
                self._hold(item, 0)
                old = result.items[0] if done and result.items else None
                self._go_on(item, Answer(old, done=done, doubtful=item.lost))
            case _:
                self._on_failure((item,), result, response, operation, now)

    def _is_old_item(self, item: _Travelling, write: Write, result: Classification) -> bool:
        """AWS returns the item that was replaced if there was one."""
        if not result.items:
            return write.expected is None
        return self._item_keys.of_item(result.items[0]) == item.key

    def _on_failure(
        self,
        batch: _Tag,
        result: Classification,
        response: BulkResponse,
        operation: ItemOperation,
        now: float,
    ) -> None:
        match result.category:
            case "throttled":
                self._results["throttled"] += 1
                self._concurrency.on_throttle(now, response.seconds)
                self._retry(batch, result, now)
            case "retry" | "unproven":
                self._concurrency.on_throttle(now, response.seconds)
                for item in batch:
                    item.lost = True
                self._retry(batch, result, now)
            case "credentials_expired":
                if not self._transport.renew_credentials(response.access_key):
                    raise expired_error(result, work="mirror")
                self._retry(batch, result, now)
            case "clock_skew":
                if any(item.resigned for item in batch):
                    raise clock_error(result, work="mirror")
                for item in batch:
                    item.resigned = True
                self._retry(batch, result, now)
            case "table_missing" if now - self._started_at <= TABLE_LAG_SECONDS:
                self._retry(batch, result, now)
            case "table_missing" | "rejected" | "fatal" | "exists" | "written" | "unprocessed" | "read":
                raise fatal_error(result, f"write items to {self._table}", operation, work="mirror")
            case _:
                assert_never(result.category)

    def _retry(self, batch: _Tag, result: Classification, now: float) -> None:
        if now - self._progress_at > self._stall_timeout_seconds:
            nothing_written = f"no item could be read from or written to {self._table}"
            raise stalled_error(result, nothing_written, self._stall_timeout_seconds, work="mirror")
        for item in batch:
            due = now + backoff_seconds(item.attempt)
            item.attempt += 1
            heapq.heappush(self._delayed, (due, next(self._sequence), item))

    # ---- the steps of an item

    def _go_on(self, item: _Travelling, answer: Answer) -> None:
        try:
            item.request = item.steps.send(answer)
        except StopIteration as stop:
            self._items -= 1
            self._hold(item, 0)
            self._results[stop.value.outcome] += 1
            self._results["doubtful"] += stop.value.doubtful
            return
        item.attempt, item.lost, item.resigned = 0, False, False
        self._queue(item)

    def _queue(self, item: _Travelling) -> None:
        (self._reads if isinstance(item.request, Read) else self._writes).append(item)

    def _hold(self, item: _Travelling, size_bytes: int) -> None:
        self._held_bytes += size_bytes - item.held_bytes
        item.held_bytes = size_bytes
