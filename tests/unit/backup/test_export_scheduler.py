"""The export scheduler in virtual time, against an AWS that throttles: nothing fails for being slowed down."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.backup.export_scheduler import scheduler_of
from ddbbackup.errors import TimedOut
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.ports import ExportRequest
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from tests.benchmarks.orchestration.aws import SimulatedAws
from tests.support.contexts import run_context
from tests.support.virtual_time import SimulatedThreads, VirtualClock, run_virtually


@dataclass(frozen=True)
class ExportOne:
    """A step that starts one export through the scheduler and waits for its end."""

    table: str
    kind: str = "export"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"export {self.table}"

    async def assess(self, context: RunContext) -> Assessment[None]:
        return Assessment(self.id, self.kind, self.table, "exports", None)

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        scheduler = scheduler_of(context)
        async with scheduler.slot():
            request = ExportRequest(table_arn=self.table, bucket="vault", client_token=self.table)
            export = await scheduler.start(request)
            export = await scheduler.wait_until_ended(export.arn)
        return Outcome(self.id, self.kind, self.table, "done", {"status": export.status})


def run(aws: SimulatedAws, clock: VirtualClock, tables: int, **members: Any) -> tuple[Outcome, ...]:
    async def main() -> tuple[Outcome, ...]:
        context = run_context(
            clock,
            threads=SimulatedThreads(call_seconds=0.05, heavy_seconds=0.1),
            source=SimpleNamespace(exports=aws),
            **members,
        )
        return await run_steps([ExportOne(f"table/{number}") for number in range(tables)], context)

    return run_virtually(main(), clock)


@pytest.mark.parametrize("reads", [(15.0, 1.0), (3.0, 0.05), (1.0, 0.02)])
def test_every_export_is_seen_to_its_end_however_seldom_aws_lets_look(reads: tuple[float, float]) -> None:
    """From one call a second to one in fifty: later, but all of them."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(1.0, 20.0), reads=reads)
    outcomes = run(aws, clock, 120)
    assert {outcome.facts["status"] for outcome in outcomes} == {"COMPLETED"}


def test_at_the_usual_rate_nothing_is_throttled() -> None:
    """Starts, lists and descriptions are paced below what AWS allows."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(1.0, 20.0))
    run(aws, clock, 400)
    assert aws.throttled.total() == 0
    assert aws.most_in_flight <= 300


def test_what_still_runs_at_the_deadline_times_out_and_names_its_export() -> None:
    """Soon after it, also in the middle of a sweep."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(2.0, 60.0))
    outcomes = run(aws, clock, 200, deadline=1800.0)
    late = [outcome for outcome in outcomes if outcome.error is not None]
    assert late
    assert len(late) < 200
    assert all(isinstance(outcome.error, TimedOut) for outcome in late)
    assert clock.monotonic() < 1810
