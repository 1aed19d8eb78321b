"""The status of a table: its last backup measured against its RPO."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ddbbackup.catalog import RecordedCoverage, RecordedData, RecordedFailure
from ddbbackup.plan.model import TableEntry
from ddbbackup.status.table_status import assess_status
from tests.support.records import instant, record

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
HOUR = TableEntry(position=0, destination="vault", name="t", rpo_seconds=3600)
RECORD = record(
    state="complete",
    at=NOW - timedelta(minutes=30),
    covers=instant(NOW - timedelta(minutes=30)),
    data=RecordedData(item_count=7),
)


def test_a_backup_younger_than_the_rpo_is_ok() -> None:
    """The age is that of the data in the backup."""
    status = assess_status("t", HOUR, RECORD, [], NOW)
    assert (status.state, status.age_seconds, status.breaks_rpo) == ("ok", 1800, False)


def test_a_backup_older_than_the_rpo_is_stale() -> None:
    """One second over the RPO is enough."""
    old = replace(RECORD, covers=instant(NOW - timedelta(seconds=3601)))
    assert assess_status("t", HOUR, old, [], NOW).breaks_rpo


def test_a_table_without_any_backup_breaks_its_rpo() -> None:
    """A table without an RPO breaks none."""
    assert assess_status("t", HOUR, None, [], NOW).breaks_rpo
    assert not assess_status("t", replace(HOUR, rpo_seconds=None), None, [], NOW).breaks_rpo


def test_a_running_backup_and_a_failure_since_the_last_backup_are_reported() -> None:
    """A failing backup shows before the RPO is broken."""
    running = replace(RECORD, id="20261123T135500Z-0123abcd", state="in_progress")
    failed = replace(RECORD, state="failed", failure=RecordedFailure(message="no bucket"))
    status = assess_status("t", HOUR, RECORD, [running, failed], NOW)
    assert (status.running, status.last_failure) == ((running.id,), "no bucket")


def test_every_backup_in_progress_is_reported() -> None:
    """`wait` continues with all of them."""
    first, second = (
        replace(RECORD, id=f"20261123T1{hour}5500Z-0123abcd", state="in_progress") for hour in (3, 2)
    )
    status = assess_status("t", HOUR, RECORD, [first, second], NOW)
    assert status.running == (first.id, second.id)


def test_the_age_of_a_backup_that_covers_an_interval_counts_from_its_start() -> None:
    """What was written later may be missing from it. Its end may lie a minute ahead."""
    covers = RecordedCoverage(
        kind="interval", start=NOW - timedelta(seconds=3601), end=NOW + timedelta(minutes=1)
    )
    status = assess_status("t", HOUR, replace(RECORD, covers=covers), [], NOW)
    assert (status.age_seconds, status.breaks_rpo) == (3601, True)
