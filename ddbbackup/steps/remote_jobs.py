"""A job that runs inside AWS: asked for, found again, waited for, and left alone when the time is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ddbbackup.errors import Refused, Throttled, TimedOut
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.poll import REMOTE_JOB, poll
from ddbbackup.steps.retry import RetryPolicy, retry

T = TypeVar("T")

# LimitExceededException is both a rate and a quota on jobs at a time, so it is waited out for longer.
_START = RetryPolicy((Throttled,), first_seconds=3.0, longest_seconds=120.0, give_up_seconds=900.0)


async def start(context: RunContext, what: str, ask: Callable[[], T]) -> T:
    """AWS's answer to ``ask``, which starts a job, waiting while AWS has too many of them.

    Raises what ``ask`` raises, ``Throttled`` only when it lasts or the run's deadline is over.
    """
    return await retry(context, what, lambda: context.call(ask), _START)


async def describe_if_known(context: RunContext, describe: Callable[[], T]) -> T | None:
    """What AWS says of a job that an earlier run noted, or None: AWS forgets jobs after 90 days."""
    try:
        return await context.call(describe)
    except Refused:
        return None


async def wait_until_ended(
    context: RunContext, what: str, describe: Callable[[], T], *, ended: Callable[[T], bool], job: str
) -> T:
    """What ``describe`` gives once ``ended`` holds for it.

    ``what`` names the call in the log, ``job`` the job for people, with its ARN. Raises what ``describe`` raises
    (``Throttled`` and ``Unreachable`` only when they last), and ``TimedOut`` at the run's deadline.
    """
    return await poll(
        context,
        what,
        lambda: context.call(describe),
        until=ended,
        policy=REMOTE_JOB,
        timed_out=lambda _: TimedOut(
            f"{job} is still running after --timeout",
            hint="run the same restore again later: it continues with this job and starts no other",
        ),
    )
