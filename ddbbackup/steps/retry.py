"""Repeat a call that AWS rejects for a while."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from ddbbackup import events
from ddbbackup.clock import Clock
from ddbbackup.errors import (
    CredentialsUnavailable,
    DdbBackupError,
    InUse,
    NotYetVisible,
    Throttled,
    Unreachable,
)

T = TypeVar("T")
log = structlog.get_logger()

LOGGED_FROM_SECONDS: Final = 5.0  # shorter pauses are not logged


class HasDeadline(Protocol):
    """The clock of a run, and its deadline in monotonic seconds (None: no time limit)."""

    @property
    def clock(self) -> Clock: ...
    @property
    def deadline(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``errors`` are retried after pauses that double from ``first_seconds`` to ``longest_seconds``.

    After ``give_up_seconds`` of such errors (None: never), or at the run's deadline, the last one is raised.
    """

    errors: tuple[type[DdbBackupError], ...]
    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    give_up_seconds: float | None = 600.0


NO_RETRY: Final = RetryPolicy(())
"""For calls that retry by themselves."""

THROTTLED: Final = RetryPolicy((Throttled,))
"""For reads that share a rate limit with other callers."""

CONTROL_PLANE: Final = RetryPolicy((Throttled, InUse))
"""For calls that describe or change a table: another change of the table may be running."""

EVENTUALLY_VISIBLE: Final = RetryPolicy((Throttled, InUse, NotYetVisible), give_up_seconds=120.0)
"""For changes of something that was created a moment ago."""

OUTAGE: Final = RetryPolicy((Throttled, Unreachable), longest_seconds=120.0, give_up_seconds=900.0)
"""For polling jobs inside AWS: an outage of fifteen minutes must not end the wait."""


async def retry(
    run: HasDeadline, operation: str, attempt: Callable[[], Awaitable[T]], policy: RetryPolicy
) -> T:
    """The first result of ``attempt``. ``operation`` names the call in the log, such as ``DescribeTable``.

    Without credentials no call reaches AWS, so every policy waits for a source of credentials that does not answer.

    Raises what ``attempt`` raises; errors that the policy retries only when they persist.
    """
    errors: tuple[type[DdbBackupError], ...] = (*policy.errors, CredentialsUnavailable)
    started = run.clock.monotonic()
    pause = policy.first_seconds
    while True:
        try:
            return await attempt()
        except errors as error:
            seconds = _pause(run, pause)
            if seconds is None or _gives_up(policy, run.clock.monotonic() - started):
                raise
            log_retry(operation, error, seconds)
        await sleep(seconds)
        pause = min(policy.longest_seconds, pause * 2)


def log_retry(operation: str, error: DdbBackupError, seconds: float) -> None:
    """Logs ``retry.scheduled`` unless the pause is short."""
    if seconds >= LOGGED_FROM_SECONDS:
        log.info(
            events.RETRY_SCHEDULED, what=operation, seconds=round(seconds, 1), error=type(error).__name__
        )


def _gives_up(policy: RetryPolicy, seconds: float) -> bool:
    return policy.give_up_seconds is not None and seconds > policy.give_up_seconds


def _pause(run: HasDeadline, seconds: float) -> float | None:
    """Between half of ``seconds`` and all of it, at most until the run's deadline; None after the deadline.

    The jitter keeps callers that were rejected together from returning together.
    """
    jittered = random.uniform(0.5, 1.0) * seconds  # noqa: S311 - jitter, not a secret
    if run.deadline is None:
        return jittered
    remaining = run.deadline - run.clock.monotonic()
    return min(jittered, remaining) if remaining > 0 else None
