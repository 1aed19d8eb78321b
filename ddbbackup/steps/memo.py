"""Values that several steps of a run need, computed once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class OncePerRun:
    """Computes each value once per run and shares it between steps. Errors are not cached."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._values: dict[Hashable, Any] = {}
        self._instances: dict[type[object], object] = {}

    async def __call__(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The value for ``key``. Concurrent callers wait for one computation."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._values:
                self._values[key] = await compute()
            value: T = self._values[key]
            return value

    def shared(self, kind: type[T], make: Callable[[], T]) -> T:
        """The instance of ``kind`` that all steps of the run share."""
        value = self._instances.get(kind)
        if not isinstance(value, kind):
            value = self._instances[kind] = make()
        return value
