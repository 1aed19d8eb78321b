"""The export desk on a clock of its own, against an AWS that throttles: nothing fails for being slowed down."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from ddbbackup.backup.export_scheduler import ExportScheduler
from ddbbackup.errors import TimedOut
from ddbbackup.model.outcome import Outcome
from ddbbackup.ports import Export, ExportRequest
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import Executor
from ddbbackup.steps.step import Work
from tests.benchmarks.orchestration.aws import SimulatedAws
from tests.benchmarks.orchestration.clock import SimulatedCalls, SimulatedClock


@dataclass(frozen=True)
class ExportOne:
    """A step that starts one export through the desk and waits for its end."""

    table: str
    desk: ExportScheduler
    kind: str = "export"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"export {self.table}"

    def run(self, context: RunContext) -> Work:
        yield self.desk.slot()
        try:
            request = ExportRequest(table_arn=self.table, bucket="vault", client_token=self.table)
            export: Export = yield from cast("Generator[Any, Any, Any]", self.desk.start(request))
            export = yield self.desk.ended(export.arn)
        finally:
            self.desk.release()
        return Outcome(self.id, self.kind, self.table, "done", {"status": export.status})


def run(aws: SimulatedAws, clock: SimulatedClock, tables: int, **members: Any) -> tuple[Outcome, ...]:
    calls = SimulatedCalls(clock, call_seconds=0.05, heavy_seconds=0.1)
    desk = ExportScheduler(aws, clock, calls, seed=1, **members)
    steps = [ExportOne(f"table/{number}", desk) for number in range(tables)]
    executor = Executor(clock)
    return executor.run(cast("Any", steps), cast("RunContext", None), background=(desk.watch(),))


@pytest.mark.parametrize("reads", [(15.0, 1.0), (3.0, 0.05), (1.0, 0.02)])
def test_every_export_is_seen_to_its_end_however_seldom_aws_lets_look(reads: tuple[float, float]) -> None:
    """From one call a second to one in fifty: later, but all of them."""
    clock = SimulatedClock()
    aws = SimulatedAws(clock, seed=3, minutes=(1.0, 20.0), reads=reads)
    outcomes = run(aws, clock, 120)
    assert {outcome.facts["status"] for outcome in outcomes} == {"COMPLETED"}


def test_at_the_usual_rate_nothing_is_throttled() -> None:
    """Starts, lists and descriptions are paced below what AWS allows."""
    clock = SimulatedClock()
    aws = SimulatedAws(clock, seed=3, minutes=(1.0, 20.0))
    run(aws, clock, 400)
    assert aws.throttled.total() == 0
    assert aws.most_in_flight <= 300


def test_what_still_runs_at_the_deadline_times_out_and_names_its_export() -> None:
    """Soon after it, also in the middle of a sweep."""
    clock = SimulatedClock()
    aws = SimulatedAws(clock, seed=3, minutes=(2.0, 60.0))
    outcomes = run(aws, clock, 200, deadline=1800.0)
    late = [outcome for outcome in outcomes if outcome.error is not None]
    assert late
    assert len(late) < 200
    assert all(isinstance(outcome.error, TimedOut) for outcome in late)
    assert clock.monotonic() < 1810
