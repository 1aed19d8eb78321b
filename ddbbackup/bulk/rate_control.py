"""How fast a worker sends: concurrent requests, pauses before retries, and write units per second."""

from __future__ import annotations

import random
from typing import Final

BACKOFF_BASE_SECONDS: Final = 0.05
BACKOFF_CAP_SECONDS: Final = 10.0
_LATENCY_TOLERANCE: Final = 8  # times the best latency; beyond, requests wait in a queue at the server
_LATENCY_MARGIN_SECONDS: Final = 0.05
_MAX_SAVED_SECONDS: Final = 0.1


def backoff_seconds(
    attempt: int, *, base: float = BACKOFF_BASE_SECONDS, cap: float = BACKOFF_CAP_SECONDS
) -> float:
    """Exponential backoff with full jitter: uniform between 0 and ``base * 2**attempt``, at most ``cap``."""
    return random.uniform(0.0, min(cap, base * 2.0 ** min(attempt, 16)))  # noqa: S311  # spreads load


class ConcurrencyLimit:
    """How many requests may be in flight: raised while responses are fast, cut when AWS throttles.

    Additive increase, multiplicative decrease, as in TCP; like TCP's slow start it doubles every round trip until
    the first cut.
    """

    def __init__(self, *, start: int, maximum: int) -> None:
        self._limit, self._maximum = float(start), float(maximum)
        self._slow_start = True
        self._best_seconds = float("inf")
        self._next_cut_at = 0.0

    @property
    def value(self) -> int:
        return int(self._limit)

    def on_success(self, seconds: float) -> None:
        """``seconds`` is the latency of the response. A slow response does not raise the limit."""
        self._best_seconds = min(self._best_seconds * 1.0001, seconds)
        fast_enough = _LATENCY_TOLERANCE * self._best_seconds + _LATENCY_MARGIN_SECONDS
        if self._limit < self._maximum and seconds < fast_enough:
            increase = 1.0 if self._slow_start else 1.0 / self._limit
            self._limit = min(self._maximum, self._limit + increase)

    def on_throttle(self, now: float, seconds: float, share: float = 1.0) -> None:
        """Cuts the limit, at most once per round trip: requests in flight at the time carry the same signal.

        ``share`` is the part of the request that was throttled; the cut is proportional to it, up to one half.
        """
        if now >= self._next_cut_at:
            self._limit = max(1.0, self._limit * (1 - share / 2))
            self._slow_start = False
            self._next_cut_at = now + max(seconds, 0.02)


class TokenBucket:
    """A token bucket of capacity units: filled over time, drained by the units that AWS reports as consumed.

    The units of a request are known only from its response. Until then an estimate is reserved, which follows the
    consumption per item of earlier requests.
    """

    def __init__(self, units_per_second: float, now: float, *, units_per_item: float = 1.0) -> None:
        self._rate = units_per_second
        self._level = 0.0
        self._filled_at = now
        self._units_per_item = units_per_item

    def set_rate(self, units_per_second: float, now: float) -> None:
        self._fill(now)
        self._rate = units_per_second

    def wait_seconds(self, now: float) -> float:
        """How long until the next request may be sent; 0 means now."""
        self._fill(now)
        return max(0.0, -self._level / self._rate)

    def reserve(self, items: int) -> float:
        """Reserves units for a request of ``items`` items; pass the result to ``settle``."""
        reserved = self._units_per_item * items
        self._level -= reserved
        return reserved

    def settle(self, reserved: float, consumed: float, items: int) -> None:
        """Replaces the reserved units of a request by the consumed ones."""
        self._level += reserved - consumed
        if items and consumed:
            self._units_per_item += 0.1 * (consumed / items - self._units_per_item)

    def _fill(self, now: float) -> None:
        # Little is saved up, so that a pause is not followed by a burst.
        self._level = min(self._rate * _MAX_SAVED_SECONDS, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now
