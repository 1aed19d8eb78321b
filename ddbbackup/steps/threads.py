"""Blocking work beside the event loop: calls of the SDK, and work that keeps a core or the network busy."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, ParamSpec, Protocol, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Threads(Protocol):
    """Runs blocking work; the event loop goes on meanwhile."""

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One short call to AWS."""

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Long work; few run at a time."""


class ThreadPools:
    """Short calls share sixteen threads, heavy work two: the machine has its limits."""

    def __init__(self, *, calls: int = 16, heavy: int = 2) -> None:
        self._calls = ThreadPoolExecutor(calls, thread_name_prefix="aws")
        self._heavy = ThreadPoolExecutor(heavy, thread_name_prefix="data")
        self._running: set[Future[Any]] = set()

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self._calls.submit(_with_context(work, *args, **kwargs)))

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        future = self._heavy.submit(_with_context(work, *args, **kwargs))
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return await asyncio.wrap_future(future)

    def close(self, *, wait_seconds: float = 0.0) -> None:
        """Starts nothing more, and gives heavy work that has been told to stop some time to do so."""
        self._calls.shutdown(wait=False, cancel_futures=True)
        self._heavy.shutdown(wait=False, cancel_futures=True)
        wait(set(self._running), timeout=wait_seconds)


def _with_context(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
    """Log lines of the thread carry the step and table of the task that waits for it."""
    return functools.partial(contextvars.copy_context().run, functools.partial(work, *args, **kwargs))
