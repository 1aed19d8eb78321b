"""The export scheduler in virtual time, against a simulation of AWS that throttles."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.backup.export_scheduler import TURN_SECONDS, scheduler_of
from ddbbackup.catalog import Location
from ddbbackup.errors import AccessDenied, TimedOut
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.ports import Export, ExportRequest, ObjectFacts
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from tests.support.contexts import run_context
from tests.support.memory import MemoryObjects
from tests.support.simulated_aws import IN_FLIGHT, SimulatedAws
from tests.support.virtual_time import SimulatedThreads, VirtualClock, run_virtually

LOCATION = Location("vault", "", "", "p", "aws", "123456789012", "eu-west-1", "t")


@dataclass(frozen=True)
class ExportOne:
    """A step that starts one export through the scheduler and waits for its end."""

    table: str
    kind: str = "export"
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"export {self.table}"

    @property
    def arn(self) -> str:
        return f"arn:aws:dynamodb:eu-west-1:123456789012:table/{self.table}"

    async def assess(self, context: RunContext) -> Assessment[None]:
        return Assessment(self.id, self.kind, self.table, "exports", None)

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        scheduler = scheduler_of(context)
        async with scheduler.slot():
            request = ExportRequest(table_arn=self.arn, bucket="vault", client_token=self.table)
            export = await scheduler.start(request)
            export = await scheduler.wait_until_ended(export.arn, LOCATION)
        return Outcome(self.id, self.kind, self.table, "done", {"status": export.status})


def run(
    aws: SimulatedAws, clock: VirtualClock, tables: int, *, objects: Any = None, **members: Any
) -> tuple[Outcome, ...]:
    async def main() -> tuple[Outcome, ...]:
        context = run_context(
            clock,
            threads=SimulatedThreads(call_seconds=0.05, heavy_seconds=0.1),
            source=SimpleNamespace(exports=aws, objects=objects or MemoryObjects()),
            **members,
        )
        return await run_steps([ExportOne(f"t{number:03}") for number in range(tables)], context)

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


def test_an_end_is_noticed_soon_after_the_last_manifest_is_in_the_bucket() -> None:
    """Whatever DynamoDB lists: with 300 exports in flight, describing all of them takes five minutes or more."""
    noticed, aws = notice_ends(objects=MemoryObjects())
    lags = [noticed[arn] - ended for arn, ended in aws.ended_at.items()]
    assert max(lags) < 30
    assert aws.calls["ListExports"] == 0
    assert aws.calls["DescribeExport"] < 8 * len(lags)


def test_a_failed_export_is_noticed_in_its_turn() -> None:
    """It writes no manifest."""
    failing = [ExportOne(f"t{number:03}").arn for number in (3, 70)]
    noticed, aws = notice_ends(objects=MemoryObjects(), failing=failing)
    assert all(noticed[arn] - aws.ended_at[arn] < TURN_SECONDS * IN_FLIGHT for arn in failing)


def test_ends_are_noticed_where_s3_does_not_answer() -> None:
    """A look at S3 is only a hint."""

    class Unreadable(MemoryObjects):
        def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
            raise AccessDenied("Forbidden (403)", hint="-")

    noticed, aws = notice_ends(objects=Unreadable())
    assert all(noticed[arn] - ended < 2 * TURN_SECONDS * IN_FLIGHT for arn, ended in aws.ended_at.items())


def notice_ends(*, objects: MemoryObjects, **members: Any) -> tuple[dict[str, float], SimulatedAws]:
    """When the end of each of 300 exports was noticed, by table ARN. Each table has a history."""
    clock, noticed = VirtualClock(), dict[str, float]()
    tables = [ExportOne(f"t{number:03}").arn for number in range(IN_FLIGHT)]
    aws = SimulatedAws(clock, seed=3, minutes=(2.0, 60.0), history=tables, **members)
    aws.put_object = objects.bodies.__setitem__
    original = aws.describe

    def describe(export_arn: str) -> Export:
        export = original(export_arn)
        if export.status != "IN_PROGRESS":
            noticed[export.table_arn] = clock.monotonic()
        return export

    aws.describe = describe  # type: ignore[method-assign] # notes when an end is seen
    run(aws, clock, IN_FLIGHT, objects=objects)
    assert noticed.keys() == set(tables)
    return noticed, aws


def test_exports_that_still_run_at_the_deadline_time_out() -> None:
    """Soon after the deadline, even in the middle of a sweep. Each error names its export."""
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=3, minutes=(2.0, 60.0))
    outcomes = run(aws, clock, 200, deadline=1800.0)
    late = [outcome for outcome in outcomes if outcome.error is not None]
    assert late
    assert len(late) < 200
    assert all(isinstance(outcome.error, TimedOut) for outcome in late)
    assert all(f"table/{outcome.table}/export/" in outcome.error.message for outcome in late if outcome.error)
    assert clock.monotonic() < 1810
