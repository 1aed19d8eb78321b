"""This machine's clock beside AWS's: signatures and recovery windows are by time."""

from __future__ import annotations

from typing import Final

from ddbbackup.checks.check import ok, warning
from ddbbackup.clock import Clock
from ddbbackup.model.check import Check
from ddbbackup.ports import Cloud

WARN_SECONDS: Final = 60.0


def check_clock(cloud: Cloud, clock: Clock) -> Check:
    """The answer's Date has whole seconds and was written between question and answer, so less is no skew."""
    before = clock.now()
    there = cloud.server_time()
    after = clock.now()
    if there is None:
        return Check("clock", "skew", "unknown", "the service does not say what time it is")
    ahead = (before - there).total_seconds()
    behind = (there - after).total_seconds()
    skew = max(0.0, ahead - 1.0, behind)
    if skew <= WARN_SECONDS:
        return ok("clock", "skew", "less than a second" if skew < 1 else f"{skew:.0f} seconds")
    return warning(
        "clock",
        "skew",
        f"this machine's clock is {skew:.0f} seconds {'ahead of' if ahead > behind else 'behind'} AWS's, which "
        "refuses requests that are signed by a clock that is far off",
        "set the clock, and let it be kept by NTP",
    )
