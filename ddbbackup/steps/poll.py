"""Repeat a call until its result meets a condition."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from ddbbackup.errors import TimedOut
from ddbbackup.steps.retry import OUTAGE, HasDeadline, RetryPolicy, retry

T = TypeVar("T")

ANNOUNCEMENT_SECONDS: Final = 60.0  # the interval of announcements


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """The intervals from the start of one call to the start of the next, and the errors that calls retry.

    Intervals grow by the factor ``growth`` from ``first_seconds`` to a random value in the range ``longest_seconds``.
    ``give_up_seconds`` limits the whole wait; None leaves that to the run's deadline.
    """

    first_seconds: float = 0.5
    growth: float = 1.5
    longest_seconds: tuple[float, float] = (10.0, 15.0)
    give_up_seconds: float | None = None
    retry: RetryPolicy = OUTAGE


TABLE: Final = PollPolicy(give_up_seconds=4 * 3600.0)
"""For changes of a table: an index or a replica of a large table takes hours."""

REMOTE_JOB: Final = PollPolicy(first_seconds=1.0, longest_seconds=(15.0, 25.0))
"""For jobs inside AWS: bursts of 13 to 18 DescribeExport are throttled (observed on AWS)."""


async def poll(
    run: HasDeadline,
    operation: str,
    call: Callable[[], Awaitable[T]],
    *,
    until: Callable[[T], bool],
    policy: PollPolicy,
    timed_out: Callable[[T], TimedOut],
    announce: Callable[[T], None] = lambda result: None,
) -> T:
    """The first result of ``call`` for which ``until`` is true; ``announce`` gets the latest result once a minute.

    Raises what ``call`` raises (errors that the policy retries only when they persist), and ``timed_out`` at the
    deadline of the run or when the policy gives up.
    """
    started = announced = run.clock.monotonic()
    interval = policy.first_seconds
    while True:
        called = run.clock.monotonic()
        result = await retry(run, operation, call, policy.retry)
        if until(result):
            return result
        now = run.clock.monotonic()
        if now - announced >= ANNOUNCEMENT_SECONDS:
            announced = now
            announce(result)
        remaining = _remaining_seconds(run, started, policy)
        if remaining <= 0:
            raise timed_out(result)
        longest = random.uniform(*policy.longest_seconds)  # noqa: S311 - jitter, not a secret
        await sleep(max(0.0, min(called + min(interval, longest) - now, remaining)))
        interval *= policy.growth


def _remaining_seconds(run: HasDeadline, started: float, policy: PollPolicy) -> float:
    """Infinite if neither the run nor the policy has a time limit."""
    limits = [run.deadline] if run.deadline is not None else []
    if policy.give_up_seconds is not None:
        limits.append(started + policy.give_up_seconds)
    return min(limits) - run.clock.monotonic() if limits else float("inf")
