"""What an incremental backup makes next: a pure decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.backup.next_backup import (
    LONGEST_WINDOW,
    SHORTEST_WINDOW,
    FullExport,
    NextBackup,
    NotDue,
    Window,
    next_backup,
)
from ddbbackup.catalog import RecordedData
from ddbbackup.catalog.find_point import NewestChain, NoChain
from ddbbackup.ports import PitrWindow
from tests.support.records import NOW, TABLE_ID, instant, record

DAY = 86_400
BASE = record(
    at=NOW, covers=instant(NOW), state="complete", completed_at=NOW, data=RecordedData(size_bytes=1)
)
PITR = PitrWindow(True, NOW - timedelta(days=35), NOW)


def chain(*, length: int = 1) -> NewestChain:
    last = replace(BASE, chain=replace(BASE.chain, needs=(BASE.id,) * length))
    return NewestChain(last, BASE)


def following(
    until: datetime,
    *,
    after: NewestChain | None = None,
    pitr: PitrWindow = PITR,
    table_id: str = TABLE_ID,
) -> NextBackup:
    return next_backup(
        after or chain(), table_id=table_id, pitr=pitr, until=until, full_every_seconds=30 * DAY
    )


def test_the_first_backup_of_a_table_is_full() -> None:
    made = next_backup(NoChain(), table_id=TABLE_ID, pitr=PITR, until=NOW, full_every_seconds=DAY)
    assert isinstance(made, FullExport)
    assert (made.restarted.reason, made.restarted.missing_from) == ("first", None)


def test_records_that_cannot_be_used_are_not_called_none() -> None:
    made = next_backup(
        NoChain(unusable=True), table_id=TABLE_ID, pitr=PITR, until=NOW, full_every_seconds=DAY
    )
    assert isinstance(made, FullExport)
    assert made.restarted.reason == "unusable"
    assert "records of earlier backups" in made.because


def test_a_window_begins_exactly_at_the_end_of_the_chain() -> None:
    made = following(NOW + timedelta(hours=1))
    assert isinstance(made, Window)
    assert (made.start, made.end, made.more) == (NOW, NOW + timedelta(hours=1), False)
    assert made.previous.id == BASE.id


def test_times_are_whole_seconds() -> None:
    """AWS does not accept others; the window begins a little before the end of the backup, not after it."""
    later = replace(BASE, covers=instant(NOW + timedelta(milliseconds=700)))
    made = following(NOW + timedelta(hours=1, milliseconds=300), after=NewestChain(later, later))
    assert isinstance(made, Window)
    assert (made.start, made.end) == (NOW, NOW + timedelta(hours=1))


def test_a_run_that_comes_too_early_makes_nothing() -> None:
    """AWS refuses a window of less than 15 minutes."""
    early = following(NOW + SHORTEST_WINDOW - timedelta(seconds=1))
    assert isinstance(early, NotDue)
    assert early.due > NOW + SHORTEST_WINDOW
    assert isinstance(following(NOW + SHORTEST_WINDOW), Window)


def test_missed_runs_are_made_up_for_by_windows_of_a_day() -> None:
    made = following(NOW + timedelta(days=3))
    assert isinstance(made, Window)
    assert (made.end, made.more) == (NOW + LONGEST_WINDOW, True)


@pytest.mark.parametrize(
    ("members", "reason", "missing"),
    [
        ({"until": NOW + timedelta(days=30)}, "due", None),
        ({"after": chain(length=10_000)}, "due", None),
        ({"after": NewestChain(BASE, None)}, "broken", None),
        ({"table_id": "another"}, "recreated", NOW),
        ({"pitr": PitrWindow(True, NOW + timedelta(seconds=1), None)}, "gap", NOW),
        ({"pitr": PitrWindow(enabled=False)}, "disabled", NOW),
    ],
)
def test_a_new_chain_says_why_it_begins_and_what_is_missing(
    members: dict[str, object], reason: str, missing: datetime | None
) -> None:
    made = following(**{"until": NOW + timedelta(hours=1), **members})  # type: ignore[arg-type]  # by name
    assert isinstance(made, FullExport)
    assert (made.restarted.reason, made.restarted.missing_from) == (reason, missing)
    assert made.because


@pytest.mark.parametrize(
    ("days", "earliest_days", "period", "reason", "says"),
    [
        (40, 5, 35, "outlived", "the last backup is older than the recovery window"),
        (40, 5, None, "outlived", "the last backup is older than the recovery window"),
        (9, 2, 7, "outlived", "the last backup is older than the recovery window"),
        (9, 2, 35, "gap", "was disabled after it, and enabled again"),
        (40, 39, 35, "gap", "was disabled after it, and enabled again"),
    ],
)
def test_a_recovery_window_that_moved_on_is_not_blamed_on_disabled_recovery(
    days: int, earliest_days: int, period: int | None, reason: str, says: str
) -> None:
    """The last backup is so many days old, and the window opened so many days after it."""
    pitr = PitrWindow(True, NOW + timedelta(days=earliest_days), None, period)
    made = following(NOW + timedelta(days=days) - timedelta(minutes=1), pitr=pitr)
    assert isinstance(made, FullExport)
    assert made.restarted.reason == reason
    assert says in made.because
    assert ("disabled" in made.because) == (reason == "gap")


def test_a_table_that_was_created_again_is_not_blamed_on_disabled_recovery() -> None:
    """Its recovery window begins later than the last backup, too."""
    pitr = PitrWindow(True, NOW + timedelta(hours=1), None, 35)
    made = following(NOW + timedelta(hours=2), pitr=pitr, table_id="another")
    assert isinstance(made, FullExport)
    assert "the table was deleted and created again" in made.because
    assert "disabled" not in made.because


def test_a_full_backup_in_the_second_in_which_recovery_was_enabled_begins_no_chain() -> None:
    """AWS refuses a window that begins before the recovery window, and a later one would miss changes."""
    earliest, taken = NOW + timedelta(milliseconds=300), NOW + timedelta(milliseconds=700)
    base = replace(BASE, covers=instant(taken))
    made = following(
        NOW + timedelta(hours=1), after=NewestChain(base, base), pitr=PitrWindow(True, earliest, None)
    )
    assert isinstance(made, FullExport)
    assert made.restarted.reason == "too_early"


def test_a_recovery_window_that_cannot_be_read_is_left_to_aws() -> None:
    assert isinstance(following(NOW + timedelta(hours=1), pitr=PitrWindow(enabled=True)), Window)


@given(st.timedeltas(timedelta(0), timedelta(days=40)), st.timedeltas(timedelta(0), timedelta(days=40)))
def test_every_window_is_one_that_aws_accepts(until: timedelta, earliest: timedelta) -> None:
    """Not shorter than 15 minutes, not longer than a day, and inside the recovery window."""
    pitr = PitrWindow(True, NOW + earliest - timedelta(days=20), None)
    made = following(NOW + until, pitr=pitr)
    if isinstance(made, Window):
        assert SHORTEST_WINDOW <= made.end - made.start <= LONGEST_WINDOW
        assert made.start == NOW
        assert made.end <= NOW + until
        assert pitr.earliest is not None
        assert made.start >= pitr.earliest
