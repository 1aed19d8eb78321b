"""The same night twice: the origin's loop and ddbbackup's own executor, steps and export desk, a thousand tables."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ddbbackup.backup.planning import backup_steps
from ddbbackup.catalog import Catalog
from ddbbackup.errors import Throttled
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan import load
from ddbbackup.plan.selection import select
from ddbbackup.ports import ExportRequest
from ddbbackup.steps.executor import run_steps
from ddbbackup.steps.inventory import take_inventory
from tests.support.contexts import run_context
from tests.support.simulated_aws import SimulatedAws
from tests.support.simulated_cloud import SimulatedCloud
from tests.support.virtual_time import SimulatedThreads, VirtualClock, run_virtually

CALL_SECONDS = 0.1
HEAVY_SECONDS = 0.5
CLI_SECONDS = 0.5  # starting the AWS CLI, once a call
ORIGIN_SLEEP_SECONDS = 60.0
WAITING = ("ExportTableToPointInTime", "DescribeExport", "ListExports", "GetCallerIdentity")
_PLAN = """
version: 1
name: sim
destinations: {vault: {bucket: acme-vault, prefix: "ddb/{table}/"}}
defaults: {destination: vault}
tables: [{match: "*"}]
"""


@dataclass(frozen=True)
class Night:
    """``lags`` are seconds from each export's end to its record (or, for the origin, to its being noticed)."""

    lags: tuple[float, ...]
    alive_seconds: tuple[float, ...]  # how long each export ran
    seconds: float
    calls: Counter[str]
    throttled: int
    most_in_flight: int

    @property
    def mean_lag(self) -> float:
        return statistics.fmean(self.lags)

    @property
    def worst_lag(self) -> float:
        return max(self.lags)

    @property
    def waiting_calls(self) -> int:
        """Calls of DynamoDB and STS that start exports and wait for them, which is all that the origin does."""
        return sum(self.calls[operation] for operation in WAITING)

    @property
    def looks(self) -> int:
        """Requests to S3 that look for the last manifest of an export."""
        return self.calls["s3.HeadObject"]


def our_night(
    tables: int, *, seed: int, directory: Path, history: bool = True, s3_answers_looks: bool = True
) -> Night:
    """``backup`` as the program wires it, but for the clock and AWS. The plan lies in ``directory``.

    ``history``: every table was exported every hour of the last 90 days. Without ``s3_answers_looks``, only DynamoDB
    tells that an export has ended.
    """
    random.seed(seed)  # the jitter of pauses
    clock = VirtualClock()
    arns = table_arns(tables)
    aws = SimulatedAws(clock, seed=seed, history=arns if history else ())
    cloud = cast("Any", SimulatedCloud(aws, tables, s3_answers_looks=s3_answers_looks))
    (directory / "plan.yaml").write_text(_PLAN)
    plan = load([str(directory / "plan.yaml")], {})
    recorded: dict[str, float] = {}

    def note(outcome: Outcome) -> None:
        assert outcome.status == "done", outcome
        recorded[cloud.tables.arn(outcome.table)] = clock.monotonic()

    async def night() -> None:
        context = run_context(
            clock,
            plan=plan,
            threads=SimulatedThreads(call_seconds=CALL_SECONDS, heavy_seconds=HEAVY_SECONDS),
            source=cloud,
            catalog=Catalog(cloud.objects, plan=plan.name),
        )
        selection = select(plan, await take_inventory(context))
        await run_steps(backup_steps(plan, selection, export_time=None), context, on_outcome=note)

    run_virtually(night(), clock)
    return _night(aws, recorded)


def origins_night(tables: int, *, seed: int) -> Night:
    """All started, then one table after the other: get-caller-identity, list-exports, sleep 60 s if not yet.

    The script forgot starts that AWS refused; here it waits and tries again, or it would not have them at all.
    """
    clock = VirtualClock()
    aws = SimulatedAws(clock, seed=seed)
    arns = table_arns(tables)
    noticed: dict[str, float] = {}
    for arn in arns:
        while not _started(aws, arn):
            clock.advance(ORIGIN_SLEEP_SECONDS)
    for arn in arns:
        while not _ended(aws, arn):
            clock.advance(ORIGIN_SLEEP_SECONDS)
        noticed[arn] = clock.monotonic()
    return _night(aws, noticed)


def table_arns(tables: int) -> list[str]:
    return [f"arn:aws:dynamodb:eu-west-1:123456789012:table/table-{number:04d}" for number in range(tables)]


def _started(aws: SimulatedAws, arn: str) -> bool:
    aws.clock.advance(CLI_SECONDS)
    try:
        aws.start(ExportRequest(table_arn=arn, bucket="acme-vault", client_token=arn))
    except Throttled:
        return False
    return True


def _ended(aws: SimulatedAws, arn: str) -> bool:
    aws.clock.advance(CLI_SECONDS)
    aws.called("GetCallerIdentity")
    aws.clock.advance(CLI_SECONDS)
    try:
        return aws.page(table_arn=arn).summaries[0].status == "COMPLETED"
    except Throttled:
        return False


def _night(aws: SimulatedAws, known_at: dict[str, float]) -> Night:
    lags = tuple(known_at[arn] - ended_at for arn, ended_at in aws.ended_at.items())
    alive = tuple(ended_at - aws.started_at[arn] for arn, ended_at in aws.ended_at.items())
    return Night(lags, alive, max(known_at.values()), aws.calls, aws.throttled.total(), aws.most_in_flight)
