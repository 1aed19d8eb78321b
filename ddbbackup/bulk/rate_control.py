"""How hard to press: how many requests at a time, how long to wait before another try, how much a second."""

from __future__ import annotations

import random
from typing import Final

BASE_SECONDS: Final = 0.05
CAP_SECONDS: Final = 10.0


def backoff_seconds(attempt: int, *, base: float = BASE_SECONDS, cap: float = CAP_SECONDS) -> float:
    """Exponential with full jitter: anything between nothing and ``base`` doubled ``attempt`` times."""
    return random.uniform(0.0, min(cap, base * 2.0 ** min(attempt, 16)))  # noqa: S311  # spreads load


class Window:
    """How many requests may be in flight: up while answers are quick, down by half when AWS turns us away.

    Additive increase, multiplicative decrease (as TCP has it); it doubles each round trip until first cut.
    """

    def __init__(self, *, start: int, most: int) -> None:
        self._size, self._most = float(start), float(most)
        self._doubling = True
        self._best = float("inf")
        self._calm_at = 0.0

    @property
    def size(self) -> int:
        return int(self._size)

    def succeeded(self, seconds: float) -> None:
        """``seconds`` is how long the answer took: a queue at the other end is no reason to send more."""
        self._best = min(self._best * 1.0001, seconds)
        if self._size < self._most and seconds < 8 * self._best + 0.05:
            self._size = min(self._most, self._size + (1.0 if self._doubling else 1.0 / self._size))

    def slowed(self, now: float, seconds: float, share: float = 1.0) -> None:
        """Cuts once a round trip: all that was in flight meanwhile is one and the same signal.

        ``share`` is how much of a request was turned away: one item of 25 is a hint, not a wall.
        """
        if now >= self._calm_at:
            self._size = max(1.0, self._size * (1 - share / 2))
            self._doubling = False
            self._calm_at = now + max(seconds, 0.02)


class Budget:
    """A token bucket of write units, fed by time and emptied by what AWS says it consumed.

    What a request will consume is guessed from the last ones and put right when its answer is there.
    """

    def __init__(self, units_per_second: float, now: float) -> None:
        self._rate = units_per_second
        self._level = 0.0
        self._then = now
        self._guess = 1.0

    def share(self, units_per_second: float, now: float) -> None:
        """Another rate from now on: workers come and go."""
        self._fill(now)
        self._rate = units_per_second

    def wait_seconds(self, now: float) -> float:
        """How long until something may be sent; 0 is now."""
        self._fill(now)
        return max(0.0, -self._level / self._rate)

    def sent(self, items: int) -> float:
        """Books a request of so many items; what it returns goes back in with ``answered``."""
        booked = self._guess * items
        self._level -= booked
        return booked

    def answered(self, booked: float, consumed: float, items: int) -> None:
        self._level += booked - consumed
        if items and consumed:
            self._guess += 0.1 * (consumed / items - self._guess)

    def _fill(self, now: float) -> None:
        # At most a tenth of a second is saved up, so that a pause is not followed by a burst.
        self._level = min(self._rate * 0.1, self._level + (now - self._then) * self._rate)
        self._then = now
