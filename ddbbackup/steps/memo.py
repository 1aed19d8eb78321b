"""Answers that many steps of one run ask for and that need to be found out only once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class OncePerRun:
    """Whoever asks first finds out; others who ask meanwhile wait for it. An error is found out again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._found: dict[Hashable, Any] = {}

    def __call__(self, key: Hashable, find_out: Callable[[], T]) -> T:
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._found:
                self._found[key] = find_out()
            found: T = self._found[key]
            return found
