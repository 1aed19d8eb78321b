"""An event loop with virtual time: when all tasks wait, the clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
_THREAD_SECONDS = 5.0
"""Of real time: how long a thread may work while nothing else happens."""
_BEGIN = datetime(2026, 11, 24, tzinfo=UTC)


class VirtualClock:
    """Implements ``ddbbackup.clock.Clock``, with a calendar of actions at given times."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._calendar: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Schedules an action."""
        heapq.heappush(self._calendar, (due, next(self._order), action))

    def advance(self, seconds: float) -> None:
        """Lets time pass, and performs the actions that are due meanwhile."""
        until = self.passed + seconds
        while self._calendar and self._calendar[0][0] <= until:
            due, _, action = heapq.heappop(self._calendar)
            self.passed = max(self.passed, due)
            action()
        self.passed = max(self.passed, until)


class _JumpingSelector(selectors.DefaultSelector):  # which base it has differs by platform
    """Advances the clock to the next timer instead of waiting for it."""

    clock: VirtualClock

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            if real := super().select(_THREAD_SECONDS):
                return real
            raise AssertionError("all tasks wait for something that never happens")
        self.clock.advance(timeout)
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        selector = _JumpingSelector()
        selector.clock = clock
        self._virtual = clock
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual.passed


def run_virtually(main: Coroutine[Any, Any, T], clock: VirtualClock) -> T:
    """What ``main`` returns, without waiting for any of its sleeps."""
    with asyncio.Runner(loop_factory=lambda: _VirtualLoop(clock)) as runner:
        return runner.run(main)


class SimulatedThreads:
    """Implements ``steps.threads.Threads``: work takes virtual time, with the concurrency of a real run."""

    def __init__(self, *, call_seconds: float = 0.0, heavy_seconds: float = 0.0) -> None:
        self._call_seconds, self._heavy_seconds = call_seconds, heavy_seconds
        self._short, self._long = asyncio.Semaphore(16), asyncio.Semaphore(2)

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._short:
            await asyncio.sleep(self._call_seconds)
            return work(*args, **kwargs)

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._long:
            await asyncio.sleep(self._heavy_seconds)
            return work(*args, **kwargs)
