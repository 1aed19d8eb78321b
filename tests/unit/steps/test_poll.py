"""Polling: how often, what it retries, what it announces, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ddbbackup.errors import TimedOut, Unreachable
from ddbbackup.steps.poll import REMOTE_JOB, TABLE, PollPolicy, poll
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


def timed_out(result: int) -> TimedOut:
    return TimedOut(f"still {result}", hint="-")


def run(
    call: Callable[[], int],
    clock: VirtualClock,
    *,
    policy: PollPolicy = TABLE,
    deadline: float | None = None,
    announce: Callable[[int], None] = lambda result: None,
) -> int:
    async def called() -> int:
        return call()

    async def main() -> int:
        context = run_context(clock, deadline=deadline)
        return await poll(
            context,
            "DescribeTable",
            called,
            until=lambda result: result == 0,
            policy=policy,
            timed_out=timed_out,
            announce=announce,
        )

    return run_virtually(main(), clock)


def counting_down(start: int) -> Callable[[], int]:
    numbers = iter(range(start, -1, -1))
    return lambda: next(numbers)


def test_the_interval_grows() -> None:
    """Small tasks end soon, and bursts are throttled."""
    clock = VirtualClock()
    times: list[float] = []
    count = counting_down(20)

    def call() -> int:
        times.append(clock.passed)
        return count()

    assert run(call, clock, policy=REMOTE_JOB) == 0
    intervals = [after - before for before, after in pairwise(times)]
    assert intervals[0] == 1.0
    assert intervals[:6] == sorted(intervals[:6])
    assert all(15.0 <= interval <= 25.0 for interval in intervals[9:])


def test_an_outage_of_fifteen_minutes_does_not_end_the_wait() -> None:
    """A longer one does."""
    clock = VirtualClock()
    outage = Unreachable("no response", hint="-")
    responses: list[Any] = [outage, outage, 1, outage, 0]

    def call() -> int:
        response = responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return int(response)

    assert run(call, clock, policy=REMOTE_JOB) == 0

    def fail() -> int:
        raise outage

    started = clock.passed
    with pytest.raises(Unreachable):
        run(fail, clock, policy=REMOTE_JOB)
    assert 900 <= clock.passed - started < 1100


def test_the_deadline_ends_the_wait_with_the_latest_result() -> None:
    """Exactly at the deadline, not one interval later."""
    clock = VirtualClock()
    with pytest.raises(TimedOut, match="still 1"):
        run(lambda: 1, clock, deadline=60.0)
    assert clock.passed == pytest.approx(60.0)


def test_the_wait_for_a_table_ends_after_four_hours() -> None:
    """Also in a run without a deadline."""
    clock = VirtualClock()
    with pytest.raises(TimedOut):
        run(lambda: 1, clock)
    assert clock.passed == pytest.approx(4 * 3600)


def test_the_latest_result_is_announced_once_a_minute() -> None:
    """Not after every call."""
    clock = VirtualClock()
    announced: list[int] = []
    run(counting_down(60), clock, announce=announced.append)
    minutes = clock.passed / 60
    assert minutes / 2 < len(announced) <= minutes


def test_intervals_count_from_the_start_of_a_call() -> None:
    """A slow call does not delay the next one."""
    clock = VirtualClock()
    times: list[float] = []

    async def main() -> int:
        async def call() -> int:
            times.append(clock.passed)
            await asyncio.sleep(5)
            return len(times)

        return await poll(
            run_context(clock),
            "ListExports",
            call,
            until=lambda result: result == 4,
            policy=PollPolicy(first_seconds=8.0, growth=1.0),
            timed_out=timed_out,
        )

    run_virtually(main(), clock)
    assert times == pytest.approx([0, 8, 16, 24])
