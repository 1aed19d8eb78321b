"""Reads many things at once, with threads that all callers share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")
READS_AT_ONCE: Final = 64

# Shared, because steps that run beside each other read chains: a pool for each would be thousands of threads.
_HELPERS: Final = ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="catalog")


def read_concurrently(
    read: Callable[[T], U], things: Iterable[T], *, at_once: int = READS_AT_ONCE
) -> list[U]:
    """The results in the order of ``things``. Raises the error of the first thing that could not be read.

    The caller reads too, so that a ``read`` may itself read concurrently, and nobody waits for a free thread.
    """
    work = _Work(read, list(things))
    helpers = [_HELPERS.submit(work.run) for _ in range(min(at_once, len(work.things)) - 1)]
    try:
        work.run()
    finally:
        work.stop()
        for helper in helpers:
            if not helper.cancel():
                helper.result()
    return work.results()


class _Work(Generic[T, U]):
    """Things to read, which several threads take one by one."""

    def __init__(self, read: Callable[[T], U], things: list[T]) -> None:
        self.things = things
        self._read = read
        self._left = enumerate(things)
        self._taking = threading.Lock()
        self._results: dict[int, U] = {}
        self._errors: dict[int, Exception] = {}
        self._stopped = False

    def run(self) -> None:
        """Reads until nothing is left. After an error nothing more is taken."""
        while (taken := self._take()) is not None:
            number, thing = taken
            try:
                self._results[number] = self._read(thing)
            except Exception as error:  # noqa: BLE001 - raised by the caller
                self._errors[number] = error
                self.stop()

    def _take(self) -> tuple[int, T] | None:
        with self._taking:
            return None if self._stopped else next(self._left, None)

    def stop(self) -> None:
        self._stopped = True

    def results(self) -> list[U]:
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[number] for number in range(len(self.things))]
