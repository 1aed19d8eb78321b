"""The one way to try again what AWS refused for a while."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from ddbbackup import events
from ddbbackup.clock import Clock
from ddbbackup.errors import DdbBackupError, InUse, Throttled, Unreachable

T = TypeVar("T")
log = structlog.get_logger()

LOGGED_FROM_SECONDS: Final = 5.0  # shorter pauses are not worth a line


class HasDeadline(Protocol):
    """What retrying needs of a run: its clock, and when it must be over (monotonic seconds, None: never)."""

    @property
    def clock(self) -> Clock: ...
    @property
    def deadline(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``errors`` are tried again after pauses that grow from ``first_seconds`` to ``longest_seconds``.

    After ``give_up_seconds`` of nothing but such errors, or at the run's deadline, the last one is raised.
    """

    errors: tuple[type[DdbBackupError], ...]
    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    give_up_seconds: float = 600.0


THROTTLED: Final = RetryPolicy((Throttled,))
"""For reads whose rate others may use up."""

CONTROL_PLANE: Final = RetryPolicy((Throttled, InUse))
"""For calls that change or describe a table: another change of it may be under way."""

OUTAGE: Final = RetryPolicy((Throttled, Unreachable), longest_seconds=120.0, give_up_seconds=900.0)
"""For looks at work that goes on inside AWS: it must not be given up because of a bad quarter of an hour."""


async def retry(run: HasDeadline, what: str, attempt: Callable[[], Awaitable[T]], policy: RetryPolicy) -> T:
    """The first answer of ``attempt``. ``what`` names it in the log, such as ``DescribeTable``.

    Raises what ``attempt`` raises; errors of the policy only when they last.
    """
    since = run.clock.monotonic()
    pause = policy.first_seconds
    while True:
        try:
            return await attempt()
        except policy.errors as error:
            seconds = _pause(run, pause)
            if seconds is None or run.clock.monotonic() - since > policy.give_up_seconds:
                raise
            announce_retry(what, error, seconds)
        await sleep(seconds)
        pause = min(policy.longest_seconds, pause * 2)


def jittered(seconds: float) -> float:
    """Between half of a pause and all of it, so that many who wait do not come back together."""
    return random.uniform(0.5, 1.0) * seconds  # noqa: S311 - jitter, not a secret


def announce_retry(what: str, error: DdbBackupError, seconds: float) -> None:
    """Says that something is tried again, if the pause is long enough for people to wonder."""
    if seconds >= LOGGED_FROM_SECONDS:
        log.info(events.RETRY_SCHEDULED, what=what, seconds=round(seconds, 1), error=type(error).__name__)


def _pause(run: HasDeadline, seconds: float) -> float | None:
    """A jittered pause that does not go past the run's deadline; None if that is over."""
    if run.deadline is None:
        return jittered(seconds)
    left = run.deadline - run.clock.monotonic()
    return min(jittered(seconds), left) if left > 0 else None
