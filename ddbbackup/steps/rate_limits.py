"""Calls to the control plane at a rate that AWS accepts, shared by all steps of a run; throttling is waited out."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ddbbackup.errors import InUse, Throttled, Unreachable
from ddbbackup.ports import Cloud
from ddbbackup.steps.step import Wait

if TYPE_CHECKING:
    from ddbbackup.steps.context import RunContext

T = TypeVar("T")
Pending = Generator[Wait | Future[Any], Any, Any]

PATIENCE_SECONDS: Final = 600.0
# By operation: how many at once, and then one every so many seconds. Ten reads of recovery and tags a second are
# allowed, and five TagResource (botocore's model); DescribeTimeToLive throttles after about four calls in a row
# (observed on AWS; how fast it recovers is not known, so what is throttled is waited out besides).
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
    """One bucket an operation; ``silent`` are services that did not answer in this run, with the error."""

    def __init__(self) -> None:
        self.silent: dict[str, Unreachable] = {}
        self._next: dict[str, float] = {}

    def turn(self, operation: str, now: float) -> float:
        """Seconds until this call may go."""
        burst, seconds = _RATES.get(operation, _OTHERS)
        full = now - (burst - 1) * seconds
        due = max(self._next.get(operation, full), full)
        self._next[operation] = due + seconds
        return max(0.0, due - now)


@dataclass(frozen=True, slots=True)
class AwsCaller:
    """Asks one cloud. Calling it is a generator: ``answer = yield from ask("DescribeTable", lambda c: …)``."""

    context: RunContext
    cloud: Cloud

    def __call__(self, operation: str, work: Callable[[Cloud], T]) -> Pending:
        """The answer of ``work``. Raises what it raises, ``Throttled`` and ``InUse`` only after ten minutes."""
        context = self.context
        until = context.clock.monotonic() + PATIENCE_SECONDS
        pause = 1.0
        while True:
            turn = context.pace.turn(operation, context.clock.monotonic())
            if turn > 0:
                yield Wait(turn)
            try:
                return (yield context.calls.call(lambda: work(self.cloud)))
            except (Throttled, InUse):
                if context.clock.monotonic() > until:
                    raise
                yield Wait(random.uniform(0.5, 1.0) * pause)  # noqa: S311 - jitter, not a secret
                pause = min(30.0, pause * 2)
