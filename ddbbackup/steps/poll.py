"""The one way to look at something again and again until it is so."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from ddbbackup.errors import TimedOut
from ddbbackup.steps.retry import OUTAGE, HasDeadline, RetryPolicy, retry

T = TypeVar("T")

ANNOUNCED_EVERY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """Pauses grow by ``growth`` from ``first_seconds`` to a random one of ``longest_seconds``.

    ``give_up_seconds`` None: only the run's deadline ends the waiting. ``retry``: what a look may meet.
    """

    first_seconds: float = 0.5
    growth: float = 1.5
    longest_seconds: tuple[float, float] = (10.0, 15.0)
    give_up_seconds: float | None = None
    retry: RetryPolicy = OUTAGE


TABLE: Final = PollPolicy(give_up_seconds=4 * 3600.0)
"""For a table that changes: an index or a replica of a large one takes hours."""

REMOTE_JOB: Final = PollPolicy(first_seconds=1.0, longest_seconds=(15.0, 25.0))
"""For a job inside AWS: bursts of 13 to 18 looks are throttled (observed on AWS)."""


async def poll(
    run: HasDeadline,
    what: str,
    look: Callable[[], Awaitable[T]],
    *,
    until: Callable[[T], bool],
    policy: PollPolicy,
    timed_out: Callable[[T], TimedOut],
    announce: Callable[[T], None] = lambda found: None,
) -> T:
    """What ``look`` finds as soon as ``until`` holds for it; until then ``announce`` gets it once a minute.

    Raises what ``look`` raises (what the policy retries only when it lasts), and ``timed_out`` at the run's deadline
    or when the policy gives up.
    """
    begun = announced = run.clock.monotonic()
    pause = policy.first_seconds
    while True:
        found = await retry(run, what, look, policy.retry)
        if until(found):
            return found
        now = run.clock.monotonic()
        if now - announced >= ANNOUNCED_EVERY_SECONDS:
            announced = now
            announce(found)
        left = _seconds_left(run, begun, policy)
        if left <= 0:
            raise timed_out(found)
        longest = random.uniform(*policy.longest_seconds)  # noqa: S311 - jitter, not a secret
        await sleep(min(pause, longest, left))
        pause *= policy.growth


def _seconds_left(run: HasDeadline, begun: float, policy: PollPolicy) -> float:
    now = run.clock.monotonic()
    ends = [run.deadline] if run.deadline is not None else []
    if policy.give_up_seconds is not None:
        ends.append(begun + policy.give_up_seconds)
    return min(ends) - now if ends else float("inf")
