"""On-demand backups: one for each attempt of a run, whatever becomes of the request that creates it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ddbbackup.backup.snapshot import FinishSnapshot, SnapshotTable
from ddbbackup.catalog import Catalog, Record, StoredRecord, derive_client_token
from ddbbackup.errors import DataIncomplete, InUse, Refused, TableMissing, Throttled, Unreachable
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import AwsSettings, Plan, TableEntry
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from tests.support.contexts import run_context
from tests.support.memory_cloud import VAULT, MemoryCloud, describe
from tests.support.records import TABLE_ID, snapshot_record
from tests.support.simulated_snapshots import SimulatedSnapshots
from tests.support.virtual_time import VirtualClock, run_virtually

BROKEN = Unreachable("no connection", hint="-")
BUSY = Throttled("too many requests", hint="-")
NEW = InUse("backups are being enabled", hint="-")


class World:
    """The table ``orders``, and one run that takes an on-demand backup of it."""

    def __init__(self, **members: Any) -> None:
        self.clock = VirtualClock()
        self.cloud = MemoryCloud()
        self.cloud.tables.add(describe("orders"), pitr=False)
        self.cloud.snapshots.now = self.clock.now
        self.catalog = Catalog(self.cloud.objects, plan="prod", clock=self.clock)
        self.members = members

    def context(self) -> RunContext:
        entry = TableEntry(0, "vault", name="orders", method="snapshot")
        plan = Plan("prod", "prod.yaml", AwsSettings(), {"vault": VAULT}, (entry,), {})
        members = {"plan": plan, "run_id": "r1", "source": self.cloud, "catalog": self.catalog}
        return run_context(self.clock, **{**members, **self.members})

    def back_up(self) -> Outcome:
        (outcome,) = run_virtually(run_steps([SnapshotTable("orders", VAULT)], self.context()), self.clock)
        return outcome

    def finish(self) -> Outcome:
        (outcome,) = run_virtually(run_steps([FinishSnapshot(self.stored)], self.context()), self.clock)
        return outcome

    @property
    def stored(self) -> StoredRecord:
        (location,) = self.catalog.tables(VAULT, self.cloud.identity).values()
        (stored,) = self.catalog.of_table(location)
        assert isinstance(stored, StoredRecord)
        return stored

    @property
    def record(self) -> Record:
        return self.stored.record

    def interrupt(self) -> None:
        """Leaves what a run leaves that was killed before it knew the ARN."""
        self.cloud.put_record(snapshot_record(run="r1", at=self.clock.now()))


def token() -> str:
    arn = MemoryCloud().tables.arn("orders")
    return derive_client_token(plan="prod", table_arn=arn, table_id=TABLE_ID, run="r1", attempt=1)


def test_a_snapshot_is_recorded_with_the_interval_that_it_covers() -> None:
    """From a minute before the request (DynamoDB API: CreateBackup) until it is available. Its data is elsewhere."""
    world = World()

    outcome = world.back_up()

    (snapshot,) = world.cloud.snapshots.kept
    assert outcome.status == "done"
    record = world.record
    assert (record.kind, record.state, record.job_arn) == ("snapshot", "complete", snapshot.arn)
    assert record.covers is not None
    assert (record.covers.kind, record.covers.start, record.covers.end) == (
        "interval",
        snapshot.created_at - timedelta(minutes=1),
        snapshot.created_at + timedelta(seconds=1),
    )
    assert (record.data.manifest_key, record.data.size_bytes, record.verified) == (None, 200, None)
    assert snapshot.name == token()
    assert not any("AWSDynamoDB" in key for key in world.cloud.objects.bodies)


@pytest.mark.parametrize(
    ("answers", "listed"),
    [
        (["lost"], 1),
        ([BROKEN], 1),
        ([BROKEN, BROKEN, "lost"], 3),
        ([BUSY, BUSY], 0),
        ([NEW], 0),
        ([BUSY, "lost"], 1),
    ],
    ids=["lost", "broken", "broken twice, then lost", "throttled", "too new", "throttled, then lost"],
)
def test_there_is_one_snapshot_whatever_becomes_of_the_request(answers: list[Any], listed: int) -> None:
    """It is looked for only if nobody knows whether AWS has carried out the request."""
    world = World()
    world.cloud.snapshots.answers = list(answers)

    outcome = world.back_up()

    assert outcome.status == "done"
    (snapshot,) = world.cloud.snapshots.kept
    assert world.record.job_arn == snapshot.arn
    assert world.cloud.snapshots.listed == listed


def test_a_run_that_was_killed_after_the_request_continues_with_the_same_snapshot() -> None:
    """By the same run again, or by `wait`: the record names no ARN yet."""
    for take_up in (World.back_up, World.finish):
        world = World()
        world.interrupt()
        made = world.cloud.snapshots.create("orders", token())
        world.cloud.snapshots.create("orders", "of somebody else")

        outcome = take_up(world)

        assert outcome.status == "done"
        assert world.record.job_arn == made.arn
        assert len(world.cloud.snapshots.kept) == 2


def test_a_run_that_was_killed_before_the_request_creates_the_snapshot() -> None:
    world = World()
    world.interrupt()

    assert world.back_up().status == "done"
    (snapshot,) = world.cloud.snapshots.kept
    assert world.record.job_arn == snapshot.arn


def test_the_snapshot_of_a_table_that_was_created_again_is_still_one_of_the_old_table() -> None:
    """It outlives its table."""
    world = World()
    world.interrupt()
    made = world.cloud.snapshots.create("orders", token())
    world.cloud.tables.descriptions["orders"]["TableId"] = "another"

    assert world.finish().status == "done"
    assert world.record.job_arn == made.arn


def test_no_snapshot_is_created_for_a_table_that_was_created_again() -> None:
    """It would not be of the table that the record describes."""
    world = World()
    world.interrupt()
    world.cloud.tables.descriptions["orders"]["TableId"] = "another"

    outcome = world.finish()

    assert outcome.error is not None
    assert "was deleted and created again" in outcome.error.message
    assert world.record.state == "failed"
    assert world.cloud.snapshots.kept == []


def test_a_snapshot_that_is_not_the_one_of_the_record_is_not_recorded() -> None:
    """Somebody wrote another ARN into the record."""
    world = World()
    other = world.cloud.snapshots.create("orders", "of somebody else")
    world.cloud.put_record(snapshot_record(run="r1", at=world.clock.now(), arn=other.arn))

    outcome = world.finish()

    assert isinstance(outcome.error, DataIncomplete)
    assert world.record.state == "failed"


def test_a_request_that_aws_refuses_fails_the_record() -> None:
    """Not one that AWS could accept later."""
    refused = World()
    refused.cloud.snapshots.answers = [TableMissing("table orders does not exist", hint="-")]
    assert isinstance(refused.back_up().error, Refused)
    assert refused.record.state == "failed"

    unreachable = World()
    unreachable.cloud.snapshots.answers = [BROKEN] * 1000
    assert isinstance(unreachable.back_up().error, Unreachable)
    assert unreachable.record.state == "in_progress"


def test_without_waiting_the_snapshot_is_started_and_recorded_later() -> None:
    world = World(wait=False)

    assert world.back_up().status == "started"
    assert world.record.state == "in_progress"
    world.members["wait"] = True
    assert world.finish().status == "done"
    assert len(world.cloud.snapshots.kept) == 1


def test_a_complete_snapshot_of_the_same_run_id_is_not_repeated_if_aws_has_it() -> None:
    """A record alone proves nothing: one whose on-demand backup was deleted is taken again."""
    world = World()
    world.back_up()

    assert world.back_up().status == "unchanged"
    world.cloud.snapshots.kept.clear()
    assert world.back_up().status == "done"
    assert len(world.cloud.snapshots.kept) == 1


@pytest.mark.parametrize("lost", [0.0, 0.2])
def test_hundreds_of_tables_are_backed_up_within_the_rates_of_aws(lost: float) -> None:
    """One snapshot each, also if every fifth response is lost; hardly a call is throttled."""
    world, tables = World(), [f"table-{number:03d}" for number in range(400)]
    for table in tables:
        description = describe(table)
        world.cloud.tables.add({**description, "TableId": description["TableArn"]}, pitr=False)
    aws = SimulatedSnapshots(world.clock, seed=7, lost=lost)
    world.cloud.snapshots = aws  # type: ignore[assignment] # it has what backups ask for
    started = world.clock.monotonic()

    steps = [SnapshotTable(table, VAULT) for table in tables]
    outcomes = run_virtually(run_steps(steps, world.context()), world.clock)

    assert {each.status for each in outcomes} == {"done"}
    assert len(aws.kept) == len(tables)
    assert sum(aws.throttled.values()) <= 0.02 * sum(aws.calls.values()), (aws.throttled, aws.calls)
    assert world.clock.monotonic() - started < 900  # the longest takes 600 seconds
