"""The change log of one table: what it held at an instant, and what changed in a window.

DynamoDB keeps such a log while point-in-time recovery is enabled. Times are microseconds since the epoch. An image is
an item as the caller keeps it, and is never changed after it was logged; None: no item.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Image = TypeVar("Image")


@dataclass(frozen=True, slots=True)
class Change(Generic[Image]):
    """One write, or the net effect of several: ``micros`` is the time of the last one."""

    micros: int
    key: Hashable
    old: Image | None
    new: Image | None


class ChangeLog(Generic[Image]):
    """Every write since the log began, the oldest first. It keeps each image that a write replaced.

    Its memory grows with the writes. ``forget`` bounds it to the recovery period.
    """

    def __init__(self) -> None:
        self._changes: deque[Change[Image]] = deque()
        self._earliest_next = 0

    def __len__(self) -> int:
        return len(self._changes)

    def __deepcopy__(self, memo: object) -> ChangeLog[Image]:
        """moto copies a table before a transaction. The log is the same one, which the caller truncates."""
        return self

    def append(self, key: Hashable, old: Image | None, new: Image | None, *, now: int) -> None:
        """Logs a write at the time ``now``, or right after the last one: two writes never have the same time."""
        micros = max(now, self._earliest_next)
        self._earliest_next = micros + 1
        self._changes.append(Change(micros, key, old, new))

    def truncate(self, length: int) -> None:
        """Takes back all writes but the first ``length``."""
        while len(self._changes) > length:
            self._changes.pop()

    def forget(self, before: int) -> None:
        while self._changes and self._changes[0].micros < before:
            self._changes.popleft()

    def boundary(self, now: int) -> int:
        """An instant in whole milliseconds, as exports have it: after every write so far, before all later ones."""
        instant = -(-max(now, self._earliest_next) // 1000) * 1000
        self._earliest_next = instant
        return instant

    def before(self, instant: int) -> dict[Hashable, Image | None]:
        """What the keys that were written at or after the instant held before it."""
        held: dict[Hashable, Image | None] = {}
        for change in reversed(self._changes):
            if change.micros < instant:
                break
            held[change.key] = change.old
        return held

    def net_changes(self, start: int, end: int) -> list[Change[Image]]:
        """One change per key for a window: ``old`` is its state before ``start``, ``new`` that before ``end``.

        A key that did not exist at both is not in it. Ordered by the time of the last write.
        """
        net: dict[Hashable, Change[Image]] = {}
        for change in self._changes:
            if start <= change.micros < end:
                first = net.pop(change.key, change)
                net[change.key] = Change(change.micros, change.key, first.old, change.new)
        return [change for change in net.values() if change.old is not None or change.new is not None]
