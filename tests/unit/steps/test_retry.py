"""Trying again: what is tried again, how long, how it is announced, and that the run's deadline ends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from ddbbackup.errors import AccessDenied, DdbBackupError, InUse, Throttled, Unreachable
from ddbbackup.steps.retry import CONTROL_PLANE, OUTAGE, THROTTLED, RetryPolicy, retry
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


class Attempts:
    """Fails so many times, then answers; notes when it was tried."""

    def __init__(self, clock: VirtualClock, error: DdbBackupError, failures: int) -> None:
        self._clock, self._error, self._failures = clock, error, failures
        self.times: list[float] = []

    async def __call__(self) -> str:
        self.times.append(self._clock.passed)
        if len(self.times) <= self._failures:
            raise self._error
        return "answer"


def run(
    attempt: Callable[[], Awaitable[str]],
    policy: RetryPolicy,
    clock: VirtualClock,
    deadline: float | None = None,
) -> str:
    async def main() -> str:
        return await retry(run_context(clock, deadline=deadline), "DescribeTable", attempt, policy)

    return run_virtually(main(), clock)


@pytest.mark.parametrize(
    ("policy", "error"),
    [(THROTTLED, Throttled), (CONTROL_PLANE, InUse), (CONTROL_PLANE, Throttled), (OUTAGE, Unreachable)],
)
def test_what_passes_is_tried_again_ever_more_slowly(
    policy: RetryPolicy, error: type[DdbBackupError]
) -> None:
    """Throttling, another change of the table, an outage: each policy names its own."""
    clock = VirtualClock()
    attempts = Attempts(clock, error("not now", hint="-"), failures=4)
    assert run(attempts, policy, clock) == "answer"
    pauses = [after - before for before, after in zip(attempts.times, attempts.times[1:], strict=False)]
    assert len(pauses) == 4
    assert pauses[3] > pauses[0]


def test_what_does_not_pass_is_raised_at_once() -> None:
    """A denial is the same in ten minutes."""
    clock = VirtualClock()
    with pytest.raises(AccessDenied):
        run(Attempts(clock, AccessDenied("no", hint="-"), failures=1), CONTROL_PLANE, clock)
    assert clock.passed == 0


def test_what_lasts_is_raised_when_the_policy_gives_up() -> None:
    """Ten minutes of nothing but throttling."""
    clock = VirtualClock()
    with pytest.raises(Throttled):
        run(Attempts(clock, Throttled("no", hint="-"), failures=10_000), CONTROL_PLANE, clock)
    assert 600 <= clock.passed < 660


@pytest.mark.parametrize("policy", [THROTTLED, CONTROL_PLANE, OUTAGE])
def test_the_deadline_of_the_run_ends_every_retry(policy: RetryPolicy) -> None:
    """Not 14,407 seconds where 60 are allowed."""
    clock = VirtualClock()
    with pytest.raises(Throttled):
        run(Attempts(clock, Throttled("no", hint="-"), failures=10_000), policy, clock, deadline=60.0)
    assert clock.passed == pytest.approx(60.0)


def test_a_long_pause_is_announced_and_a_short_one_is_not() -> None:
    """So nobody looks at a silent terminal for a quarter of an hour."""
    clock = VirtualClock()
    with capture_logs() as events:
        run(Attempts(clock, Throttled("no", hint="-"), failures=6), CONTROL_PLANE, clock)
    announced = [event for event in events if event["event"] == "retry.scheduled"]
    assert announced
    assert len(announced) < 6
    assert all(event["seconds"] >= 5 and event["what"] == "DescribeTable" for event in announced)
    assert {event["error"] for event in announced} == {"Throttled"}
