"""Threads for blocking work: calls of the SDK, and work that keeps a core or the network busy."""

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
    """Runs blocking work without blocking the event loop."""

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs one short call to AWS."""

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs long work; few of these run at a time."""


class ThreadPools:
    """Thread pools of bounded size: 64 threads for short calls, which only wait for AWS, two for heavy work."""

    def __init__(self, *, calls: int = 64, heavy: int = 2) -> None:
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
        """Cancels queued work. Waits up to ``wait_seconds`` for heavy work, which the caller has told to stop."""
        self._calls.shutdown(wait=False, cancel_futures=True)
        self._heavy.shutdown(wait=False, cancel_futures=True)
        wait(set(self._running), timeout=wait_seconds)


def _with_context(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
    """``work`` in the context of the calling task, so that log lines of the thread have its step and table."""
    return functools.partial(contextvars.copy_context().run, functools.partial(work, *args, **kwargs))
