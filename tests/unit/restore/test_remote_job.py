"""Asking for jobs of AWS and waiting for them, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.errors import Refused, Throttled, TimedOut, Unreachable
from ddbbackup.restore.remote_job import PATIENCE_SECONDS, known_still, started, until_ended
from ddbbackup.steps.executor import Inline
from ddbbackup.steps.step import Wait


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def context(deadline: float | None = None) -> Any:
    return SimpleNamespace(clock=Clock(), calls=Inline(), deadline=deadline)


def run(work: Generator[Any, Any, Any], here: Any) -> tuple[Any, list[float]]:
    """What the work returns, and the pauses that it made."""
    pauses: list[float] = []
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            wanted = work.throw(error) if error else work.send(answer)
        except StopIteration as end:
            return end.value, pauses
        answer = error = None
        if isinstance(wanted, Wait):
            pauses.append(wanted.seconds)
            here.clock.now += wanted.seconds
        elif wanted.exception() is not None:
            error = wanted.exception()
        else:
            answer = wanted.result()


def answers(*said: Any) -> Callable[[], Any]:
    """One after the other; errors are raised, the last goes on for ever."""
    left = list(said)

    def next_one() -> Any:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return next_one


def test_looks_become_rarer_and_stay_below_half_a_minute() -> None:
    """Bursts are throttled, small jobs are quick."""
    here = context()
    found, pauses = run(until_ended(here, answers(*[1] * 20, 2), ended=lambda x: x == 2, job="it"), here)
    assert found == 2
    assert pauses[0] == 1.0
    assert sorted(pauses[:6]) == pauses[:6]
    assert all(15.0 <= pause <= 25.0 for pause in pauses[9:])


def test_throttling_and_outages_are_waited_out_for_a_quarter_of_an_hour() -> None:
    """Then they are said."""
    here = context()
    outage = Unreachable("nothing answers", hint="-")
    found, _ = run(until_ended(here, answers(outage, outage, 2), ended=lambda x: x == 2, job="it"), here)
    assert found == 2
    with pytest.raises(Unreachable):
        run(until_ended(here, answers(outage), ended=lambda x: True, job="it"), here)
    assert here.clock.now > PATIENCE_SECONDS


def test_at_the_deadline_the_job_is_named_and_left_running() -> None:
    """Exit 75, and a hint that the same command takes it up."""
    here = context(deadline=10.0)
    with pytest.raises(TimedOut, match="the import arn:x") as raised:
        run(until_ended(here, answers(1), ended=lambda x: False, job="the import arn:x"), here)
    assert here.clock.now == 10.0
    assert raised.value.exit_code == 75
    assert "takes the job up" in raised.value.hint


def test_a_full_quota_is_waited_for_and_a_refusal_is_not() -> None:
    """LimitExceededException is both a rate and a quota."""
    here = context()
    full = Throttled("50 at a time", hint="-")
    found, pauses = run(started(here, answers(full, full, full, "job")), here)
    assert (found, len(pauses)) == ("job", 3)
    with pytest.raises(Throttled):
        run(started(here, answers(full)), here)
    with pytest.raises(Refused, match="no"):
        run(started(here, answers(Refused("no", hint="-"))), here)
    over = context(deadline=5.0)
    with pytest.raises(Throttled):
        run(started(over, answers(full)), over)
    assert over.clock.now == 5.0


def test_a_job_that_aws_has_forgotten_is_none() -> None:
    """So a restore that was left for months can be begun anew."""
    here = context()
    assert run(known_still(here, answers("job")), here)[0] == "job"
    assert run(known_still(here, answers(Refused("unknown", hint="-"))), here)[0] is None
