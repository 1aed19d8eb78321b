"""A clock that jumps: time passes only when everybody waits for it, and things happen at their time."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")
_BEGIN = datetime(2026, 11, 24, tzinfo=UTC)


class SimulatedClock:
    """Implements ``ports.Clock`` and a calendar of what is to happen."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._calendar: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def at(self, due: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._calendar, (due, next(self._order), action))

    def sleep(self, seconds: float) -> None:
        self.wait(threading.Event(), seconds)

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        until = math.inf if seconds is None else self._passed + seconds
        while not event.is_set() and self._calendar and self._calendar[0][0] <= until:
            due, _, action = heapq.heappop(self._calendar)
            self._passed = max(self._passed, due)
            action()
        if not event.is_set():
            assert until < math.inf, "everybody waits for nothing"
            self._passed = until


class SimulatedCalls:
    """Implements ``steps.Calls``: work is done, and takes its time, in so many places at once as in a real run."""

    def __init__(self, clock: SimulatedClock, *, call_seconds: float, heavy_seconds: float) -> None:
        self._short = _Places(clock, 16, call_seconds)
        self._long = _Places(clock, 2, heavy_seconds)

    def call(self, work: Callable[[], T]) -> Future[T]:
        return self._short.submit(work)

    def heavy(self, work: Callable[[], T]) -> Future[T]:
        return self._long.submit(work)


class _Places:
    def __init__(self, clock: SimulatedClock, places: int, seconds: float) -> None:
        self._clock, self._free, self._seconds = clock, places, seconds
        self._queue: deque[Callable[[], None]] = deque()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def end() -> None:
            self._free += 1
            if self._queue:
                self._begin(self._queue.popleft())
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - what a pool's thread does: the future carries it
                future.set_exception(error)

        if self._free:
            self._begin(end)
        else:
            self._queue.append(end)
        return future

    def _begin(self, end: Callable[[], None]) -> None:
        self._free -= 1
        self._clock.at(self._clock.monotonic() + self._seconds, end)
