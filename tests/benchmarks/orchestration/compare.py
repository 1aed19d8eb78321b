"""The simulated nights side by side: what must be reached, and the chapter of the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ddbbackup.backup.export_scheduler import SWEEPS
from tests.benchmarks.orchestration.runs import Night, origins_night, our_night
from tests.benchmarks.targets import Target
from tests.support.simulated_aws import IN_FLIGHT

TABLES = 1000
RARE_SECONDS = (118.0, 126.0)  # looks so seldom that ddbbackup makes as many calls as the origin
_PAGE = 25


@dataclass(frozen=True)
class Nights:
    """``rare`` is ours, looking at exports only every two minutes."""

    origin: Night
    ours: Night
    rare: Night


def simulate(directory: Path, *, seed: int = 1, tables: int = TABLES) -> Nights:
    """Deterministic for a seed; takes some seconds and sleeps none."""
    return Nights(
        origin=origins_night(tables, seed=seed),
        ours=our_night(tables, seed=seed, directory=directory),
        rare=our_night(
            tables, seed=seed, directory=directory, sweeps=replace(SWEEPS, longest_seconds=RARE_SECONDS)
        ),
    )


def targets(nights: Nights) -> list[Target]:
    """Of the calls, only those count that start exports and wait for them: the origin records nothing."""
    ours, origin = nights.ours, nights.origin
    share = ours.throttled / ours.waiting_calls
    return [
        _below("mean lag of 1,000 tables, simulated", ours.mean_lag, 15),
        _below("worst lag of 1,000 tables, simulated", ours.worst_lag, 45),
        Target(
            "AWS calls to start and wait, simulated",
            f"≤ {origin.waiting_calls:,} (the origin's)",
            f"{ours.waiting_calls:,}",
            ours.waiting_calls <= origin.waiting_calls,
            "it does not go together with the mean lag, see below",
        ),
        Target("calls that were throttled, simulated", "≤ 1%", f"{share:.1%}", share <= 0.01),
    ]


def chapter(nights: Nights) -> str:
    """Markdown."""
    ours = nights.ours
    alive = sum(ours.alive_seconds)
    bound = int(alive / 30 / _PAGE)
    text = f"""
## A thousand tables

Not measured but simulated, on a clock that jumps: 1,000 tables whose exports take 2 to 60 minutes each, {IN_FLIGHT}
in flight at most, starts and reads throttled as observed on AWS (how fast AWS forgives is assumed). ddbbackup's own
executor, steps and export desk run in it. The origin starts all, then waits for one table after the other with
get-caller-identity, list-exports and a sleep of 60 s. The lag is from an export's end to its record; the origin keeps
no record, so there it is until the end was noticed, and nothing is verified.

| | mean lag | worst lag | all done after | calls to start and wait | throttled |
|---|---|---|---|---|---|
"""
    for label, night in (
        ("the origin's loop", nights.origin),
        ("**ddbbackup**", ours),
        ("ddbbackup, looking every two minutes", nights.rare),
    ):
        text += (
            f"| {label} | {night.mean_lag:,.0f} s | {night.worst_lag:,.0f} s | {night.seconds / 60:.0f} min "
            f"| {night.waiting_calls:,} | {night.throttled} |\n"
        )
    return (
        text
        + f"""
As few calls as the origin makes and a mean lag below 15 s do not go together: each export would have to be looked at
every 30 s, ListExports shows 25 at a time, so even if all of those were in flight that alone were {bound:,} calls,
and starting them is {len(ours.lags):,} more. With the origin's number of calls ddbbackup knows of an end after a
minute on average, the origin after {nights.origin.mean_lag / 60:.0f} minutes.
"""
    )


def _below(text: str, seconds: float, wanted: float) -> Target:
    return Target(text, f"< {wanted:.0f} s", f"{seconds:.1f} s", seconds < wanted)
