"""The interval that an on-demand backup covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.backup.snapshot import UNCERTAIN, coverage

CREATED = datetime(2026, 11, 26, 16, 59, 7, 400_000, tzinfo=UTC)
SECOND = CREATED.replace(microsecond=0)


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (timedelta(seconds=9), timedelta(seconds=10)),
        (timedelta(hours=1), UNCERTAIN),
        (-timedelta(minutes=3), timedelta(0)),
    ],
)
def test_a_backup_that_is_available_holds_nothing_that_is_written_later(
    after: timedelta, end: timedelta
) -> None:
    """`list` showed a time in the future, which `--from` would refuse. The clock may be wrong."""
    covered = coverage(CREATED, now=CREATED + after)
    assert covered.start == SECOND - UNCERTAIN
    assert covered.end == SECOND + end
