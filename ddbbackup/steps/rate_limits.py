"""Rate limits for calls to the control plane, shared by all steps of a run."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import Unreachable

# By operation: the burst, then the seconds between calls. AWS allows ten reads of recovery settings and of tags per
# second and five TagResource (botocore's model). DescribeTimeToLive throttles after about four calls in a row
# (observed on AWS). How fast it recovers is unknown, so throttled calls are retried too.
_RATES: Final = {
    "DescribeTimeToLive": (3, 0.5),
    "DescribeContinuousBackups": (8, 0.1),
    "ListTagsOfResource": (8, 0.1),
    # Bursts of 13 to 18 DescribeExport throttle (observed on AWS); the limit of ListExports is unknown.
    "DescribeExport": (8, 1.0),
    "ListExports": (8, 1.0),
    "TagResource": (1, 2.0),
    # Bursts of 13 DescribeBackup or DeleteBackup and of 5 ListBackups throttle (observed on AWS).
    "DescribeBackup": (8, 0.2),
    "DeleteBackup": (8, 0.2),
    "ListBackups": (4, 0.4),
}
_OTHERS: Final = (20, 0.05)
_NOTABLE_TABLES: Final = 50


def pace_of_checks(tables: int) -> str:
    """Why checking so many tables takes a while; empty for few of them."""
    return "AWS allows 10 reads of recovery windows a second" if tables > _NOTABLE_TABLES else ""


class RateLimits:
    """A token bucket per operation. ``unreachable`` holds the services that did not respond in this run, and why."""

    def __init__(self) -> None:
        self.unreachable: dict[str, Unreachable] = {}
        self._next: dict[str, float] = {}

    def reserve(self, operation: str, now: float) -> float:
        """Reserves one call and returns the seconds to wait before making it."""
        burst, seconds = _RATES.get(operation, _OTHERS)
        full = now - (burst - 1) * seconds
        due = max(self._next.get(operation, full), full)
        self._next[operation] = due + seconds
        return max(0.0, due - now)
