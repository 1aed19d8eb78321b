"""The control plane is asked at a rate that AWS takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from ddbbackup.errors import Throttled
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


def with_caller(clock: VirtualClock, work: Callable[[AwsCaller], Awaitable[Any]], **members: Any) -> Any:
    async def main() -> Any:
        context: RunContext = run_context(clock, **members)
        return await work(AwsCaller(context, cast("Cloud", None)))

    return run_virtually(main(), clock)


def test_ttl_of_many_tables_is_not_read_back_to_back() -> None:
    """DescribeTimeToLive throttles after about four calls in a row (observed on AWS)."""
    clock = VirtualClock()
    times: list[float] = []

    async def work(ask: AwsCaller) -> None:
        for _ in range(20):
            await ask("DescribeTimeToLive", lambda _: times.append(clock.passed))

    with_caller(clock, work)
    assert times[2] == times[0], "a few go at once"
    assert all(times[n + 4] - times[n] >= 0.5 for n in range(16))


def test_one_operation_does_not_wait_for_another() -> None:
    """Each has a rate of its own."""
    clock = VirtualClock()

    async def work(ask: AwsCaller) -> float:
        for _ in range(10):
            await ask("TagResource", lambda _: None)
        begun = clock.passed
        await ask("UpdateTimeToLive", lambda _: None)
        return clock.passed - begun

    assert with_caller(clock, work) == 0


def test_throttling_is_waited_out_and_the_deadline_ends_it() -> None:
    """A retry takes its turn like any other call."""
    clock = VirtualClock()

    def throttle(_: Cloud) -> None:
        raise Throttled("never", hint="wait")

    with pytest.raises(Throttled):
        with_caller(clock, lambda ask: ask("UpdateTable", throttle), deadline=60.0)
    assert clock.passed == pytest.approx(60.0)
