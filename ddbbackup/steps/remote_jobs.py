"""Jobs that run inside AWS: start one, find one that an earlier run started, wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ddbbackup.errors import Refused, Throttled, TimedOut
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.poll import REMOTE_JOB, poll
from ddbbackup.steps.retry import THROTTLED, RetryPolicy, retry

T = TypeVar("T")

# LimitExceededException is both a rate limit and a quota of concurrent jobs, so it is retried for longer.
_START = RetryPolicy((Throttled,), first_seconds=3.0, longest_seconds=120.0, give_up_seconds=900.0)


async def start(context: RunContext, operation: str, request: Callable[[], T]) -> T:
    """The response to ``request``, which starts a job. Waits while too many jobs are running.

    Raises what ``request`` raises; ``Throttled`` only when it persists or at the run's deadline.
    """
    return await retry(context, operation, lambda: context.call(request), _START)


async def describe_if_known(context: RunContext, operation: str, describe: Callable[[], T]) -> T | None:
    """The description of a job that an earlier run started; None if AWS no longer has it (after 90 days)."""
    try:
        return await retry(context, operation, lambda: context.call(describe), THROTTLED)
    except Refused:
        return None


async def wait_until_ended(
    context: RunContext, operation: str, describe: Callable[[], T], *, ended: Callable[[T], bool], job: str
) -> T:
    """The first result of ``describe`` for which ``ended`` is true.

    ``operation`` names the call in the log; ``job`` names the job for people, with its ARN. Raises what ``describe``
    raises (``Throttled`` and ``Unreachable`` only when they persist), and ``TimedOut`` at the run's deadline.
    """
    return await poll(
        context,
        operation,
        lambda: context.call(describe),
        until=ended,
        policy=REMOTE_JOB,
        timed_out=lambda _: TimedOut(
            f"{job} is still running after --timeout",
            hint="run the same restore again later: it continues with this job and does not start another",
        ),
    )
