"""The simulated nights side by side: what must be reached, and the chapter of the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.orchestration.runs import Night, origins_night, our_night
from tests.benchmarks.targets import Target
from tests.support.simulated_aws import IN_FLIGHT

TABLES = 1000
CALLS = 8000
_GET_USD = 0.0004 / 1000  # GET and HEAD requests of S3 Standard in us-east-1


@dataclass(frozen=True)
class Nights:
    """``blind`` is ours where S3 does not answer, so that only DynamoDB tells that an export has ended."""

    origin: Night
    ours: Night
    blind: Night


def simulate(directory: Path, *, seed: int = 1, tables: int = TABLES) -> Nights:
    """Deterministic for a seed; takes a minute and sleeps none."""
    return Nights(
        origin=origins_night(tables, seed=seed),
        ours=our_night(tables, seed=seed, directory=directory),
        blind=our_night(tables, seed=seed, directory=directory, s3_answers_looks=False),
    )


def targets(nights: Nights) -> list[Target]:
    """Of the calls, only those count that start exports and wait for them: the origin records nothing."""
    ours = nights.ours
    share = ours.throttled / ours.waiting_calls
    return [
        _below("mean lag of 1,000 tables, simulated", ours.mean_lag, 15),
        _below("worst lag of 1,000 tables, simulated", ours.worst_lag, 45),
        Target(
            "calls of DynamoDB and STS to start and wait, simulated",
            f"≤ {CALLS:,}",
            f"{ours.waiting_calls:,}",
            ours.waiting_calls <= CALLS,
        ),
        Target("calls that were throttled, simulated", "≤ 1%", f"{share:.1%}", share <= 0.01),
    ]


def chapter(nights: Nights) -> str:
    """Markdown."""
    ours = nights.ours
    text = f"""
## A thousand tables

Not measured but simulated, on a clock that jumps: 1,000 tables whose exports take 2 to 60 minutes each, {IN_FLIGHT}
in flight at most, each table with 90 days of hourly exports. Starts and reads are throttled as observed on AWS (how
fast AWS forgives is assumed), and ListExports is sorted by table. ddbbackup's own executor, steps and export
scheduler run in it. The origin starts all, then waits for one table after the other with get-caller-identity,
list-exports and a sleep of 60 s. The lag is from an export's end to its record; the origin keeps no record, so there
it is until the end was noticed, and nothing is verified.

| | mean lag | worst lag | all done after | calls of DynamoDB and STS | throttled | looks at S3 |
|---|---|---|---|---|---|---|
"""
    for label, night in (
        ("the origin's loop", nights.origin),
        ("**ddbbackup**", ours),
        ("ddbbackup, if S3 does not answer", nights.blind),
    ):
        text += (
            f"| {label} | {night.mean_lag:,.0f} s | {night.worst_lag:,.0f} s | {night.seconds / 60:.0f} min "
            f"| {night.waiting_calls:,} | {night.throttled} | {night.looks:,} |\n"
        )
    return (
        text
        + f"""
With such a history no call of DynamoDB shows more than one running export, and to look at each of them every 30
seconds would take {sum(ours.alive_seconds) / 30:,.0f} calls, more than AWS allows. ddbbackup asks S3 for the last
manifest of each export instead ([decision 20](decisions/0020-the-end-of-an-export-is-seen-in-s3.md)). These requests
cost {ours.looks * _GET_USD:.2f} USD.
"""
    )


def _below(text: str, seconds: float, wanted: float) -> Target:
    return Target(text, f"< {wanted:.0f} s", f"{seconds:.1f} s", seconds < wanted)
