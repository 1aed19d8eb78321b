"""The executor: what it resumes, what it skips, what one failure means for the others; on a clock of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from ddbbackup.errors import Bug, Refused
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import Executor, Inline
from ddbbackup.steps.step import Wait, Work

NO_WORLD = cast("RunContext", None)


class FakeClock:
    """Time passes only when somebody waits for it."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        assert event.is_set() or seconds is not None, "everybody waits for nothing"
        if not event.is_set():
            self.passed += seconds or 0.0


@dataclass(frozen=True)
class Act:
    """A step that does what a test says."""

    id: str
    work: Callable[[Act], Work]
    needs: tuple[str, ...] = ()
    kind: str = "act"
    table: str = "orders"

    def run(self, world: RunContext) -> Work:
        return self.work(self)


def done(step: Act) -> Work:
    yield Wait(0)
    return Outcome(step.id, step.kind, step.table, "done")


def waits(seconds: float) -> Callable[[Act], Work]:
    def work(step: Act) -> Work:
        yield Wait(seconds)
        return Outcome(step.id, step.kind, step.table, "done")

    return work


def refused(step: Act) -> Work:
    yield Wait(1)
    raise Refused("no", hint="ask")


def buggy(step: Act) -> Work:
    yield Wait(1)
    raise KeyError("surprise")


def run(*steps: Act, clock: FakeClock | None = None, **more: Any) -> dict[str, Outcome]:
    outcomes = Executor(clock or FakeClock()).run(cast("Any", steps), NO_WORLD, **more)
    return {outcome.step: outcome for outcome in outcomes}


def test_steps_wait_beside_each_other() -> None:
    """A thousand waits of an hour are an hour, and each outcome knows how long its step took."""
    clock = FakeClock()
    outcomes = run(*(Act(f"s{n}", waits(3600 - n)) for n in range(1000)), clock=clock)
    assert clock.passed == pytest.approx(3600)
    assert [outcomes[f"s{n}"].seconds for n in (0, 999)] == pytest.approx([3600, 2601])


def test_a_failure_skips_only_what_needs_it() -> None:
    """And what needs that in turn; everything else goes on."""
    outcomes = run(
        Act("c", done, needs=("b",)), Act("b", done, needs=("a",)), Act("a", refused), Act("other", waits(50))
    )
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "a": "failed",
        "b": "skipped",
        "c": "skipped",
        "other": "done",
    }
    assert outcomes["b"].facts == {"because": "a"}


def test_outcomes_come_in_the_order_of_the_steps() -> None:
    """Not in that of their ends."""
    assert list(run(Act("slow", waits(9)), Act("quick", waits(1)))) == ["slow", "quick"]


def test_a_bug_in_one_step_is_its_outcome_and_stops_no_other() -> None:
    """Exit 70 comes from the error's kind; the cause is kept for the traceback."""
    outcomes = run(Act("a", buggy), Act("b", waits(5)))
    error = outcomes["a"].error
    assert isinstance(error, Bug)
    assert isinstance(error.__cause__, KeyError)
    assert outcomes["b"].status == "done"


def test_the_answer_of_a_call_comes_back_where_it_was_asked_for() -> None:
    """Its result, or its error, raised at the yield."""

    def asks(step: Act) -> Work:
        calls = Inline()
        two = yield calls.call(lambda: 1 + 1)
        try:
            yield calls.call(lambda: {"here": 1}["missing"])
        except KeyError:
            two += 1
        return Outcome(step.id, step.kind, step.table, "done", {"found": two})

    assert run(Act("a", asks))["a"].facts == {"found": 3}


def test_a_call_that_ends_on_another_thread_wakes_the_loop() -> None:
    """The loop sleeps meanwhile; it does not turn."""
    future: Future[str] = Future()

    class WakingClock(FakeClock):
        def wait(self, event: threading.Event, seconds: float | None) -> None:
            if not future.done():
                threading.Thread(target=future.set_result, args=("there",)).start()
            assert event.wait(5)

    def asks(step: Act) -> Work:
        said = yield future
        return Outcome(step.id, step.kind, step.table, "done", {"said": said})

    assert run(Act("a", asks), clock=WakingClock())["a"].facts == {"said": "there"}


def test_background_work_ends_with_the_last_step() -> None:
    """It is closed, so that its `finally` runs."""
    seen: list[str] = []

    def watch() -> Any:
        try:
            while True:
                yield Wait(1)
                seen.append("looked")
        finally:
            seen.append("closed")

    run(Act("a", waits(3.5)), background=[watch()])
    assert seen == ["looked", "looked", "looked", "closed"]
