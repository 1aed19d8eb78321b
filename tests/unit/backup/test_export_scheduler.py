"""The export scheduler in virtual time, against a simulation of AWS that throttles."""

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
from tests.support.contexts import run_context
from tests.support.simulated_aws import SimulatedAws
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
def test_the_end_of_every_export_is_noticed_however_much_aws_throttles(reads: tuple[float, float]) -> None:
    """From one call per second to one call in fifty seconds."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(1.0, 20.0), reads=reads)
    outcomes = run(aws, clock, 120)
    assert {outcome.facts["status"] for outcome in outcomes} == {"COMPLETED"}


def test_at_the_usual_rate_nothing_is_throttled() -> None:
    """Starts, lists and descriptions stay below the limits of AWS."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(1.0, 20.0))
    run(aws, clock, 400)
    assert aws.throttled.total() == 0
    assert aws.most_in_flight <= 300


def test_exports_that_still_run_at_the_deadline_time_out() -> None:
    """Soon after the deadline, even in the middle of a sweep. Each error names its export."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(2.0, 60.0))
    outcomes = run(aws, clock, 200, deadline=1800.0)
    late = [outcome for outcome in outcomes if outcome.error is not None]
    assert late
    assert len(late) < 200
    assert all(isinstance(outcome.error, TimedOut) for outcome in late)
    assert all(f"the export {outcome.table}/" in outcome.error.message for outcome in late if outcome.error)
    assert clock.monotonic() < 1810
