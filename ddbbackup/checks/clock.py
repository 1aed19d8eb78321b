"""The clock of this machine, compared with that of AWS. Signatures and recovery windows depend on it."""

from __future__ import annotations

from typing import Final

from ddbbackup.checks.check import ok, warning
from ddbbackup.clock import Clock
from ddbbackup.model.check import Check
from ddbbackup.ports import Cloud

WARN_SECONDS: Final = 60.0


def check_clock(cloud: Cloud, clock: Clock) -> Check:
    """AWS writes the Date header between request and response, in whole seconds: a smaller difference is no skew."""
    before = clock.now()
    there = cloud.server_time()
    after = clock.now()
    if there is None:
        return Check("clock", "skew", "unknown", "the response of AWS has no time")
    ahead = (before - there).total_seconds()
    behind = (there - after).total_seconds()
    skew = max(0.0, ahead - 1.0, behind)
    if skew <= WARN_SECONDS:
        return ok("clock", "skew", "less than 1 second" if skew < 1 else f"{skew:.0f} seconds")
    direction = "ahead of" if ahead > behind else "behind"
    return warning(
        "clock",
        "skew",
        f"the clock of this machine is {skew:.0f} seconds {direction} that of AWS, which refuses requests that are "
        "signed with a wrong time",
        "synchronize the clock with NTP",
    )
