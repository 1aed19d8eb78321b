"""A job that runs inside AWS: asked for and waited for with patience, and left alone when the time is over."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from ddbbackup.errors import Refused, Throttled, TimedOut, Unreachable
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import Wait

Pending = Generator[Wait | Future[Any], Any, Any]
T = TypeVar("T")

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = (15.0, 25.0)  # bursts of 13 to 18 looks are throttled (observed on AWS)
PATIENCE_SECONDS: Final = 900.0


def started(context: RunContext, start: Callable[[], T]) -> Pending:
    """Asks AWS for a job, waiting while it says to be slower or has too many of them; returns its answer.

    Raises what ``start`` raises, ``Throttled`` only when it lasts or the run's deadline is over.
    """
    clock = context.clock
    since, tries = clock.monotonic(), 0
    while True:
        try:
            return (yield context.calls.call(start))
        except Throttled:
            over = context.deadline is not None and clock.monotonic() >= context.deadline
            if over or clock.monotonic() - since > PATIENCE_SECONDS:
                raise
        tries += 1
        pause = random.uniform(0.5, 1.0) * min(120.0, 1.5 * 2**tries)  # noqa: S311 - jitter, not a secret
        yield Wait(
            pause if context.deadline is None else min(pause, max(0.0, context.deadline - clock.monotonic()))
        )


def known_still(context: RunContext, look: Callable[[], T]) -> Pending:
    """What AWS says of a job that an earlier run noted, or None: AWS forgets jobs after 90 days."""
    try:
        return (yield context.calls.call(look))
    except Refused:
        return None


def until_ended(
    context: RunContext, look: Callable[[], T], *, ended: Callable[[T], bool], job: str
) -> Pending:
    """Looks again and again, ever more slowly; returns what ``look`` gives once ``ended`` says so.

    ``job`` names it for people, with its ARN. Raises what ``look`` raises (``Throttled`` and ``Unreachable`` only
    when they last), and ``TimedOut`` at the run's deadline.
    """
    pace, failing_since = FIRST_SECONDS, None
    while True:
        try:
            found: T = yield context.calls.call(look)
            failing_since = None
            if ended(found):
                return found
        except (Throttled, Unreachable):
            now = context.clock.monotonic()
            failing_since = failing_since or now
            if now - failing_since > PATIENCE_SECONDS:
                raise
        pause = min(pace, random.uniform(*LONGEST_SECONDS))  # noqa: S311 - jitter, not a secret
        pace *= 1.5
        if context.deadline is not None:
            left = context.deadline - context.clock.monotonic()
            if left <= 0:
                raise TimedOut(
                    f"{job} is still running though the time to wait for it is over",
                    hint="run the same restore again later: it takes the job up and starts no other",
                )
            pause = min(pause, left)
        yield Wait(pause)
