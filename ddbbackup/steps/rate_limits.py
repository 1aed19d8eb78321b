"""Calls to the control plane at a rate that AWS accepts, shared by all steps of a run."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import Unreachable

# By operation: how many at once, and then one every so many seconds. Ten reads of recovery and tags a second are
# allowed, and five TagResource (botocore's model); DescribeTimeToLive throttles after about four calls in a row
# (observed on AWS; how fast it recovers is not known, so what is throttled is retried besides).
_RATES: Final = {
    "DescribeTimeToLive": (3, 0.5),
    "DescribeContinuousBackups": (8, 0.1),
    "ListTagsOfResource": (8, 0.1),
    # Bursts of 13 to 18 DescribeExport throttle (observed on AWS); of ListExports nothing is known.
    "DescribeExport": (8, 1.0),
    "ListExports": (8, 1.0),
    "TagResource": (1, 2.0),
}
_OTHERS: Final = (20, 0.05)


class RateLimits:
    """A token bucket for each operation; ``silent`` are services that did not answer in this run, and why."""

    def __init__(self) -> None:
        self.silent: dict[str, Unreachable] = {}
        self._next: dict[str, float] = {}

    def turn(self, operation: str, now: float) -> float:
        """Seconds until this call may go; the turn is taken."""
        burst, seconds = _RATES.get(operation, _OTHERS)
        full = now - (burst - 1) * seconds
        due = max(self._next.get(operation, full), full)
        self._next[operation] = due + seconds
        return max(0.0, due - now)
