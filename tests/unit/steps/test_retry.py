"""Retries: what is retried, for how long, what is logged, and that the deadline of the run ends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from ddbbackup.errors import AccessDenied, DdbBackupError, InUse, Throttled, Unreachable
from ddbbackup.steps.retry import CONTROL_PLANE, OUTAGE, THROTTLED, RetryPolicy, retry
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


class Attempts:
    """Fails ``failures`` times, then succeeds. Records the time of every attempt."""

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
def test_a_temporary_error_is_retried_with_growing_pauses(
    policy: RetryPolicy, error: type[DdbBackupError]
) -> None:
    """Throttling, another change of the table, an outage: each policy lists its errors."""
    clock = VirtualClock()
    attempts = Attempts(clock, error("not now", hint="-"), failures=4)
    assert run(attempts, policy, clock) == "answer"
    pauses = [after - before for before, after in zip(attempts.times, attempts.times[1:], strict=False)]
    assert len(pauses) == 4
    assert pauses[3] > pauses[0]


def test_any_other_error_is_raised_at_once() -> None:
    """Access is still denied in ten minutes."""
    clock = VirtualClock()
    with pytest.raises(AccessDenied):
        run(Attempts(clock, AccessDenied("no", hint="-"), failures=1), CONTROL_PLANE, clock)
    assert clock.passed == 0


def test_an_error_that_persists_is_raised_when_the_policy_gives_up() -> None:
    """After ten minutes of throttling."""
    clock = VirtualClock()
    with pytest.raises(Throttled):
        run(Attempts(clock, Throttled("no", hint="-"), failures=10_000), CONTROL_PLANE, clock)
    assert 600 <= clock.passed < 660


@pytest.mark.parametrize("policy", [THROTTLED, CONTROL_PLANE, OUTAGE])
def test_the_deadline_of_the_run_ends_every_retry(policy: RetryPolicy) -> None:
    """Exactly at the deadline."""
    clock = VirtualClock()
    with pytest.raises(Throttled):
        run(Attempts(clock, Throttled("no", hint="-"), failures=10_000), policy, clock, deadline=60.0)
    assert clock.passed == pytest.approx(60.0)


def test_a_long_pause_is_logged_and_a_short_one_is_not() -> None:
    """A run is never silent for a quarter of an hour."""
    clock = VirtualClock()
    with capture_logs() as events:
        run(Attempts(clock, Throttled("no", hint="-"), failures=6), CONTROL_PLANE, clock)
    logged = [event for event in events if event["event"] == "retry.scheduled"]
    assert logged
    assert len(logged) < 6
    assert all(event["seconds"] >= 5 and event["what"] == "DescribeTable" for event in logged)
    assert {event["error"] for event in logged} == {"Throttled"}


def test_a_policy_without_a_limit_ends_only_at_the_deadline() -> None:
    """As for the quota of running exports, which other programs can use up for hours."""
    clock = VirtualClock()
    policy = RetryPolicy((Throttled,), give_up_seconds=None)
    with pytest.raises(Throttled):
        run(Attempts(clock, Throttled("no", hint="-"), failures=10_000), policy, clock, deadline=7200.0)
    assert clock.passed == pytest.approx(7200.0)
