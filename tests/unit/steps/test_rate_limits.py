"""The control plane is asked at a rate that AWS takes, and throttling is waited out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ddbbackup.errors import AccessDenied, DdbBackupError, InUse, Throttled
from ddbbackup.ports import Cloud
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import Inline
from ddbbackup.steps.rate_limits import PATIENCE_SECONDS, AwsCaller, RateLimits
from ddbbackup.steps.run_blocking import finish_now


class Time:
    """A clock that only moves when it is slept on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def wait(self, event: Any, seconds: float | None) -> None:
        self.seconds += seconds or 0.0


class Bare:
    """As much of a world as asking needs."""

    def __init__(self) -> None:
        self.clock, self.calls, self.pace = Time(), Inline(), RateLimits()

    def ask(self, operation: str, work: Callable[[Cloud], Any]) -> Any:
        ask = AwsCaller(cast("RunContext", self), cast("Cloud", None))
        return finish_now(ask(operation, work), self.clock)


def test_ttl_of_many_tables_is_not_read_back_to_back() -> None:
    """DescribeTimeToLive throttles after about four calls in a row (observed on AWS)."""
    context = Bare()
    times = []
    for _ in range(20):
        context.ask("DescribeTimeToLive", lambda _: times.append(context.clock.seconds))
    assert times[2] == times[0], "a few go at once"
    assert all(times[n + 4] - times[n] >= 0.5 for n in range(16))


def test_one_operation_does_not_wait_for_another() -> None:
    """Each has a rate of its own."""
    context = Bare()
    for _ in range(10):
        context.ask("TagResource", lambda _: None)
    begun = context.clock.seconds
    context.ask("UpdateTimeToLive", lambda _: None)
    assert context.clock.seconds == begun


@pytest.mark.parametrize("error", [Throttled, InUse])
def test_what_passes_is_waited_for(error: type[DdbBackupError]) -> None:
    """Throttling, and another change of the table; longer and longer, for ten minutes."""
    context = Bare()
    asked: list[float] = []

    def busy_at_first(_: Cloud) -> str:
        asked.append(context.clock.seconds)
        if len(asked) < 5:
            raise error("not now", hint="wait")
        return "done"

    assert context.ask("UpdateTable", busy_at_first) == "done"
    assert asked[-1] - asked[-2] > asked[1] - asked[0]

    def always(_: Cloud) -> None:
        raise error("never", hint="wait")

    begun = context.clock.seconds
    with pytest.raises(error):
        context.ask("UpdateTable", always)
    assert PATIENCE_SECONDS <= context.clock.seconds - begun < PATIENCE_SECONDS + 60


def test_what_does_not_pass_is_not_waited_for() -> None:
    """A denial is the same in ten minutes."""
    context = Bare()

    def deny(_: Cloud) -> None:
        raise AccessDenied("no", hint="ask")

    begun = context.clock.seconds
    with pytest.raises(AccessDenied):
        context.ask("UpdateTable", deny)
    assert context.clock.seconds == begun
