"""Calls to the control plane stay below the rates that AWS accepts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ddbbackup.errors import Throttled
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller, read_pages
from ddbbackup.steps.context import RunContext
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


def with_caller(clock: VirtualClock, work: Callable[[AwsCaller], Awaitable[Any]], **members: Any) -> Any:
    async def main() -> Any:
        context: RunContext = run_context(clock, **members)
        return await work(AwsCaller(context, cast("Cloud", None)))

    return run_virtually(main(), clock)


def test_many_reads_of_ttl_are_paced() -> None:
    """DescribeTimeToLive throttles after about four calls in a row (observed on AWS)."""
    clock = VirtualClock()
    times: list[float] = []

    async def work(call_aws: AwsCaller) -> None:
        for _ in range(20):
            await call_aws("DescribeTimeToLive", lambda _: times.append(clock.passed))

    with_caller(clock, work)
    assert times[2] == times[0], "a burst is allowed"
    assert all(times[n + 4] - times[n] >= 0.5 for n in range(16))


def test_one_operation_does_not_wait_for_another() -> None:
    """Each has its own rate."""
    clock = VirtualClock()

    async def work(call_aws: AwsCaller) -> float:
        for _ in range(10):
            await call_aws("TagResource", lambda _: None)
        started = clock.passed
        await call_aws("UpdateTimeToLive", lambda _: None)
        return clock.passed - started

    assert with_caller(clock, work) == 0


def test_throttled_calls_are_retried_until_the_deadline() -> None:
    """The rate limit applies to retries too."""
    clock = VirtualClock()

    def throttle(_: Cloud) -> None:
        raise Throttled("too many requests", hint="-")

    with pytest.raises(Throttled):
        with_caller(clock, lambda call_aws: call_aws("UpdateTable", throttle), deadline=60.0)
    assert clock.passed == pytest.approx(60.0)


def test_a_list_is_read_page_by_page_and_throttled_pages_are_retried() -> None:
    """The token of each page is passed to the next call."""
    clock = VirtualClock()
    tokens: list[str | None] = []

    def read(_: Cloud, token: str | None) -> SimpleNamespace:
        tokens.append(token)
        if len(tokens) == 2:
            raise Throttled("too many requests", hint="-")
        return SimpleNamespace(next_token="b" if token is None else None)

    async def work(call_aws: AwsCaller) -> int:
        return len([page async for page in read_pages(call_aws, "ListExports", read)])

    assert with_caller(clock, work) == 2
    assert tokens == [None, "b", "b"]
