"""Looking again and again: how often, what it survives, what it says, and that it ends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ddbbackup.errors import TimedOut, Unreachable
from ddbbackup.steps.poll import REMOTE_JOB, TABLE, PollPolicy, poll
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


def late(found: int) -> TimedOut:
    return TimedOut(f"still {found}", hint="-")


def run(
    look: Callable[[], int],
    clock: VirtualClock,
    *,
    policy: PollPolicy = TABLE,
    deadline: float | None = None,
    announce: Callable[[int], None] = lambda found: None,
) -> int:
    async def looked() -> int:
        return look()

    async def main() -> int:
        context = run_context(clock, deadline=deadline)
        return await poll(
            context,
            "DescribeTable",
            looked,
            until=lambda found: found == 0,
            policy=policy,
            timed_out=late,
            announce=announce,
        )

    return run_virtually(main(), clock)


def counting_down(start: int) -> Callable[[], int]:
    left = iter(range(start, -1, -1))
    return lambda: next(left)


def test_looks_become_rarer() -> None:
    """Bursts are throttled, small things are quick."""
    clock = VirtualClock()
    times: list[float] = []
    count = counting_down(20)

    def look() -> int:
        times.append(clock.passed)
        return count()

    assert run(look, clock, policy=REMOTE_JOB) == 0
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[0] == 1.0
    assert pauses[:6] == sorted(pauses[:6])
    assert all(15.0 <= pause <= 25.0 for pause in pauses[9:])


def test_an_outage_is_waited_out_for_a_quarter_of_an_hour() -> None:
    """Then it is raised."""
    clock = VirtualClock()
    outage = Unreachable("nothing answers", hint="-")
    answers: list[Any] = [outage, outage, 1, outage, 0]

    def look() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    assert run(look, clock, policy=REMOTE_JOB) == 0

    def never() -> int:
        raise outage

    begun = clock.passed
    with pytest.raises(Unreachable):
        run(never, clock, policy=REMOTE_JOB)
    assert 900 <= clock.passed - begun < 1100


def test_the_deadline_ends_the_waiting_with_what_is_still_missing() -> None:
    """Exactly then, not at the next look."""
    clock = VirtualClock()
    with pytest.raises(TimedOut, match="still 1"):
        run(lambda: 1, clock, deadline=60.0)
    assert clock.passed == pytest.approx(60.0)


def test_a_table_is_waited_for_at_most_four_hours() -> None:
    """Even where the run has no deadline."""
    clock = VirtualClock()
    with pytest.raises(TimedOut):
        run(lambda: 1, clock)
    assert clock.passed == pytest.approx(4 * 3600)


def test_what_is_waited_for_is_announced_once_a_minute() -> None:
    """Not at every look."""
    clock = VirtualClock()
    announced: list[int] = []
    run(counting_down(60), clock, announce=announced.append)
    minutes = clock.passed / 60
    assert minutes / 2 < len(announced) <= minutes
