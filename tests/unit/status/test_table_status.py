"""How a table stands against its RPO."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ddbbackup.catalog import RecordedData, RecordedFailure
from ddbbackup.plan.model import TableEntry
from ddbbackup.status.table_status import assess_status
from tests.support.records import record

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
HOUR = TableEntry(position=0, destination="vault", name="t", rpo_seconds=3600)
RECORD = record(
    state="complete",
    at=NOW - timedelta(minutes=30),
    export={"time": NOW - timedelta(minutes=30)},
    data=RecordedData(item_count=7),
)


def test_a_backup_younger_than_the_rpo_is_fresh() -> None:
    """The age counts from the instant whose data the backup holds."""
    standing = assess_status("t", HOUR, RECORD, [], NOW)
    assert (standing.state, standing.age_seconds, standing.breaks_rpo) == ("fresh", 1800, False)


def test_a_backup_older_than_the_rpo_is_stale() -> None:
    """One second is enough."""
    old = replace(RECORD, export=replace(RECORD.export, time=NOW - timedelta(seconds=3601)))
    assert assess_status("t", HOUR, old, [], NOW).breaks_rpo


def test_never_backed_up_breaks_an_rpo_but_not_its_absence() -> None:
    """A table without RPO promises nothing."""
    assert assess_status("t", HOUR, None, [], NOW).breaks_rpo
    assert not assess_status("t", replace(HOUR, rpo_seconds=None), None, [], NOW).breaks_rpo


def test_what_runs_and_what_failed_since_is_told() -> None:
    """A failing backup shows before the RPO is broken."""
    running = replace(RECORD, id="20261123T135500Z-0123abcd", state="in_progress")
    failed = replace(RECORD, state="failed", failure=RecordedFailure(message="no bucket"))
    standing = assess_status("t", HOUR, RECORD, [running, failed], NOW)
    assert (standing.running, standing.last_failure) == (running.id, "no bucket")
