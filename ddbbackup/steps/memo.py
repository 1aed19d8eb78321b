"""Answers that many steps of one run need and that are computed only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class OncePerRun:
    """Computes once per run and shares between steps. Errors are not cached."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._values: dict[Hashable, Any] = {}
        self._instances: dict[type[Any], object] = {}

    async def __call__(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The value of ``key``; others who ask for it meanwhile wait for it."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._values:
                self._values[key] = await compute()
            value: T = self._values[key]
            return value

    def shared(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one instance of ``kind`` in this run."""
        value = self._instances.get(kind)
        if not isinstance(value, kind):
            value = self._instances[kind] = make()
        return value
