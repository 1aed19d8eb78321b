"""Jobs inside AWS: asked for, found again, waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ddbbackup.errors import Refused, Throttled, TimedOut
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.remote_jobs import describe_if_known, start, wait_until_ended
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


def run(
    work: Callable[[RunContext], Awaitable[Any]], clock: VirtualClock, deadline: float | None = None
) -> Any:
    async def main() -> Any:
        return await work(run_context(clock, deadline=deadline))

    return run_virtually(main(), clock)


def answers(*given: Any) -> Callable[[], Any]:
    """One after the other; errors are raised, the last goes on for ever."""
    left = list(given)

    def next_one() -> Any:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return next_one


def test_a_full_quota_is_waited_for_and_a_refusal_is_not() -> None:
    """LimitExceededException is both a rate and a quota."""
    clock = VirtualClock()
    full = Throttled("50 at a time", hint="-")
    assert (
        run(lambda context: start(context, "ImportTable", answers(full, full, full, "job")), clock) == "job"
    )
    assert clock.passed > 0
    with pytest.raises(Throttled):
        run(lambda context: start(context, "ImportTable", answers(full)), clock)
    with pytest.raises(Refused, match="no"):
        run(lambda context: start(context, "ImportTable", answers(Refused("no", hint="-"))), clock)


def test_the_deadline_ends_the_waiting_for_a_place() -> None:
    """With AWS's own error."""
    clock = VirtualClock()
    with pytest.raises(Throttled):
        run(
            lambda context: start(context, "ImportTable", answers(Throttled("full", hint="-"))),
            clock,
            deadline=5.0,
        )
    assert clock.passed == pytest.approx(5.0)


def test_a_job_that_ends_is_returned() -> None:
    """As AWS describes it then."""
    clock = VirtualClock()
    found = run(
        lambda context: wait_until_ended(
            context, "DescribeImport", answers(1, 1, 2), ended=lambda job: job == 2, job="the import arn:x"
        ),
        clock,
    )
    assert found == 2


def test_at_the_deadline_the_job_is_named_and_left_running() -> None:
    """Exit 75, and a hint that the same command continues with it."""
    clock = VirtualClock()
    with pytest.raises(TimedOut, match="the import arn:x") as raised:
        run(
            lambda context: wait_until_ended(
                context, "DescribeImport", answers(1), ended=lambda job: False, job="the import arn:x"
            ),
            clock,
            deadline=10.0,
        )
    assert clock.passed == pytest.approx(10.0)
    assert raised.value.exit_code == 75
    assert "continues with this job" in raised.value.hint


def test_a_job_that_aws_has_forgotten_is_none() -> None:
    """So a restore that was left for months can be begun anew."""
    clock = VirtualClock()
    assert run(lambda context: describe_if_known(context, answers("job")), clock) == "job"
    gone = answers(Refused("unknown", hint="-"))
    assert run(lambda context: describe_if_known(context, gone), clock) is None
