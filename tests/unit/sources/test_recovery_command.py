"""What a hint says of point-in-time recovery where no backup is as old as the asked time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.ports import PitrWindow
from ddbbackup.sources.resolve import recovery_command

ASKED = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_recovery_that_reaches_the_time_is_a_command() -> None:
    """It can be typed as it is."""
    window = PitrWindow(enabled=True, earliest=ASKED - HOUR, latest=ASKED + HOUR)
    assert recovery_command("orders", ASKED, window) == (
        ", or run `ddbbackup restore --table orders --to orders-restored --method point-in-time "
        "--from 2026-11-26T12:00:00Z`"
    )


@pytest.mark.parametrize(
    "window",
    [
        PitrWindow(enabled=False),
        PitrWindow(enabled=True),
        PitrWindow(enabled=True, earliest=ASKED + HOUR, latest=ASKED + HOUR),
        PitrWindow(enabled=True, earliest=ASKED - 2 * HOUR, latest=ASKED - HOUR),
    ],
)
def test_recovery_that_does_not_reach_the_time_is_not_mentioned(window: PitrWindow) -> None:
    assert recovery_command("orders", ASKED, window) == ""
