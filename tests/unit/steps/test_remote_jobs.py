"""Jobs inside AWS: started, found again, waited for."""

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


def respond(*results: Any) -> Callable[[], Any]:
    """Returns or raises one result after the other, and the last one for ever."""
    remaining = list(results)

    def call() -> Any:
        result = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        if isinstance(result, Exception):
            raise result
        return result

    return call


def test_a_start_waits_for_the_quota_and_fails_at_once_for_other_errors() -> None:
    """LimitExceededException is both a rate limit and a quota."""
    clock = VirtualClock()
    full = Throttled("50 at a time", hint="-")
    assert (
        run(lambda context: start(context, "ImportTable", respond(full, full, full, "job")), clock) == "job"
    )
    assert clock.passed > 0
    with pytest.raises(Throttled):
        run(lambda context: start(context, "ImportTable", respond(full)), clock)
    with pytest.raises(Refused, match="no"):
        run(lambda context: start(context, "ImportTable", respond(Refused("no", hint="-"))), clock)


def test_the_deadline_ends_the_wait_for_the_quota() -> None:
    """With the error of AWS."""
    clock = VirtualClock()
    with pytest.raises(Throttled):
        run(
            lambda context: start(context, "ImportTable", respond(Throttled("full", hint="-"))),
            clock,
            deadline=5.0,
        )
    assert clock.passed == pytest.approx(5.0)


def test_a_job_that_has_ended_is_returned() -> None:
    """As AWS describes it at its end."""
    clock = VirtualClock()
    ended = run(
        lambda context: wait_until_ended(
            context, "DescribeImport", respond(1, 1, 2), ended=lambda job: job == 2, job="the import arn:x"
        ),
        clock,
    )
    assert ended == 2


def test_the_error_at_the_deadline_names_the_job() -> None:
    """Exit code 75; the job continues to run, and the hint says how to continue with it."""
    clock = VirtualClock()
    with pytest.raises(TimedOut, match="the import arn:x") as raised:
        run(
            lambda context: wait_until_ended(
                context, "DescribeImport", respond(1), ended=lambda job: False, job="the import arn:x"
            ),
            clock,
            deadline=10.0,
        )
    assert clock.passed == pytest.approx(10.0)
    assert raised.value.exit_code == 75
    assert "continues with this job" in raised.value.hint


def test_a_job_that_aws_no_longer_has_is_none() -> None:
    """A restore that was interrupted months ago starts again."""
    clock = VirtualClock()

    def describe(*results: Any) -> Any:
        return run(lambda context: describe_if_known(context, "DescribeImport", respond(*results)), clock)

    assert describe("job") == "job"
    assert describe(Throttled("too many requests", hint="-"), "job") == "job"
    assert describe(Refused("unknown", hint="-")) is None
