"""The executor: what it runs concurrently, what it skips, and what a failure means for other steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ddbbackup.errors import Bug, Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually


@dataclass(frozen=True)
class Act:
    """A step that does what a test specifies."""

    id: str
    work: Callable[[], Awaitable[None]]
    needs: tuple[str, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    kind: str = "act"
    table: str = "orders"

    async def assess(self, context: RunContext) -> Assessment[str]:
        return Assessment(
            self.id, self.kind, self.table, "acts", f"found by {self.id}", blockers=self.blockers
        )

    async def run(self, context: RunContext, assessment: Assessment[str]) -> Outcome:
        await self.work()
        return Outcome(self.id, self.kind, self.table, "done", {"findings": assessment.findings})


async def done() -> None:
    return None


def waits(seconds: float) -> Callable[[], Awaitable[None]]:
    return lambda: asyncio.sleep(seconds)


async def refused() -> None:
    await asyncio.sleep(1)
    raise Refused("no", hint="ask")


async def buggy() -> None:
    await asyncio.sleep(1)
    raise KeyError("surprise")


def run(*steps: Act, clock: VirtualClock | None = None) -> dict[str, Outcome]:
    clock = clock or VirtualClock()

    async def main() -> tuple[Outcome, ...]:
        return await run_steps(steps, run_context(clock))

    return {outcome.step: outcome for outcome in run_virtually(main(), clock)}


def test_steps_wait_concurrently() -> None:
    """A thousand waits of an hour take one hour, and each outcome has the duration of its step."""
    clock = VirtualClock()
    outcomes = run(*(Act(f"s{n}", waits(3600 - n)) for n in range(1000)), clock=clock)
    assert clock.passed == pytest.approx(3600)
    assert [outcomes[f"s{n}"].seconds for n in (0, 999)] == pytest.approx([3600, 2601])


def test_a_failure_skips_only_its_dependents() -> None:
    """Also indirect ones. All other steps run."""
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


def test_a_step_starts_only_after_its_dependencies() -> None:
    """Whatever the order in which the steps are given."""
    order: list[str] = []

    def notes(name: str, seconds: float) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            await asyncio.sleep(seconds)
            order.append(name)

        return work

    run(
        Act("last", notes("last", 0), needs=("first", "second")),
        Act("second", notes("second", 5)),
        Act("first", notes("first", 9)),
    )
    assert order == ["second", "first", "last"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([Act("a", done, needs=("nothing",))], "'nothing', which is not a step of this run"),
        ([Act("a", done, needs=("b",)), Act("b", done, needs=("a",))], "depend on each other: a -> b -> a"),
        ([Act("a", done, needs=("a",))], "depend on each other: a -> a"),
        ([Act("a", done), Act("a", done)], "two steps have the ID 'a'"),
    ],
)
def test_invalid_dependencies_are_a_bug(steps: list[Act], message: str) -> None:
    """Reported before any step starts."""
    with pytest.raises(Bug, match=message):
        run(*steps)


def test_outcomes_come_in_the_order_of_the_steps() -> None:
    """Not in the order in which they end."""
    assert list(run(Act("slow", waits(9)), Act("quick", waits(1)))) == ["slow", "quick"]


def test_a_bug_in_one_step_does_not_stop_other_steps() -> None:
    """Its outcome has a ``Bug``, whose cause has the traceback."""
    outcomes = run(Act("a", buggy), Act("b", waits(5)))
    error = outcomes["a"].error
    assert isinstance(error, Bug)
    assert isinstance(error.__cause__, KeyError)
    assert outcomes["b"].status == "done"


def test_the_run_raises_the_first_blocker_of_the_assessment() -> None:
    """And does nothing of what the step would do."""
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    first, second = Refused("first", hint="-"), Refused("second", hint="-")
    outcomes = run(Act("a", work, blockers=(Blocker(first), Blocker(second))))
    assert outcomes["a"].error is first
    assert ran == []


def test_the_run_gets_the_findings_of_the_assessment() -> None:
    """So nothing is read twice."""
    assert run(Act("a", done))["a"].facts == {"findings": "found by a"}


def test_cancelling_the_run_cancels_every_step() -> None:
    """As Ctrl-C does: their ``finally`` blocks run, and no step keeps running."""
    clock = VirtualClock()
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("cleaned up")

    async def main() -> None:
        running = asyncio.create_task(_run_all([Act("a", work), Act("b", work, needs=())], clock))
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run_virtually(main(), clock)
    assert ended == ["cleaned up", "cleaned up"]
    assert clock.passed == pytest.approx(1)


async def _run_all(steps: list[Act], clock: VirtualClock) -> Any:
    return await run_steps(steps, run_context(clock))
