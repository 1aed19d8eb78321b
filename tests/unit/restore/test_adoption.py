"""Which table of an interrupted restore into a new table may be adopted: only what AWS itself proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ddbbackup.ports import TableFacts
from ddbbackup.restore.adoption import objection, snapshot_objection
from ddbbackup.restore.restore_progress import RestoreProgress

ORDERS = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
REQUESTED = datetime(2026, 11, 24, 10, tzinfo=UTC)
LATEST = REQUESTED - timedelta(minutes=5)
SAVED = RestoreProgress(
    run="r1",
    restore_id="0badcafe",
    source=f"{ORDERS}@latest",
    existing="fail",
    stage="requested",
    updated_at=REQUESTED,
    target_arn=f"{ORDERS}-copy",
    backup="orders",
    method="point-in-time",
    requested_time=LATEST.isoformat(),
)


SNAPSHOT = f"{ORDERS}/backup/01795400000000-0badcafe"
OF_SNAPSHOT = replace(SAVED, source=SNAPSHOT, method="snapshot", requested_time=None)


def table(*, created: datetime = REQUESTED + timedelta(seconds=3), **summary: Any) -> TableFacts:
    described: dict[str, Any] = {
        "SourceTableArn": ORDERS,
        "RestoreDateTime": LATEST.isoformat(),
        "RestoreInProgress": True,
    }
    description: dict[str, Any] = {
        "CreationDateTime": created.isoformat(),
        "RestoreSummary": {**described, **summary},
    }
    return TableFacts("orders-copy", f"{ORDERS}-copy", "id-1", "CREATING", (), 0, 0, description)


def reason(
    found: TableFacts, saved: RestoreProgress | None = SAVED, time: datetime | None = None
) -> str | None:
    source = f"{ORDERS}@latest" if time is None else f"{ORDERS}@{time.isoformat()}"
    return objection(saved, found, source_key=source, source_arn=ORDERS, time=time)


def test_the_table_that_was_requested_is_accepted() -> None:
    """The latest restorable time may have moved on until AWS received the request."""
    assert reason(table()) is None
    assert reason(table(RestoreDateTime=(LATEST + timedelta(seconds=2)).isoformat())) is None


def test_a_time_that_was_requested_is_compared_to_the_second() -> None:
    """The API has no fractions of a second."""
    saved = replace(SAVED, source=f"{ORDERS}@{LATEST.isoformat()}")
    assert reason(table(), saved, LATEST) is None
    for seconds in (-1, 1):
        other = table(RestoreDateTime=(LATEST + timedelta(seconds=seconds)).isoformat())
        assert "did not request" in str(reason(other, saved, LATEST))


@pytest.mark.parametrize(
    ("found", "saved", "words"),
    [
        (table(), None, "no earlier run"),
        (table(), replace(SAVED, stage="writing"), "no earlier run"),
        (table(), replace(SAVED, method="import"), "no earlier run"),
        (table(), replace(SAVED, table_id="id-2"), "no earlier run"),
        (replace(table(), description={"CreationDateTime": REQUESTED.isoformat()}), SAVED, "only until"),
        (table(SourceTableArn=f"{ORDERS}-2"), SAVED, "another table"),
        (table(RestoreInProgress=False), SAVED, "has ended"),
        (table(created=REQUESTED - timedelta(minutes=3)), SAVED, "older than the request"),
        (table(), replace(SAVED, source=f"{ORDERS}@2026-11-24T08:00:00Z"), "another time"),
        (table(), replace(SAVED, requested_time=None), "did not request"),
        (table(RestoreDateTime=None), SAVED, "did not request"),
        (table(RestoreDateTime=(LATEST - timedelta(hours=1)).isoformat()), SAVED, "did not request"),
        (table(RestoreDateTime=(REQUESTED + timedelta(hours=1)).isoformat()), SAVED, "did not request"),
    ],
)
def test_what_is_not_proven_is_not_accepted(
    found: TableFacts, saved: RestoreProgress | None, words: str
) -> None:
    """Each part of the proof alone is not enough."""
    assert words in str(reason(found, saved))


def test_the_table_of_an_on_demand_backup_is_accepted_by_the_arn_of_the_backup() -> None:
    def reason_of(found: TableFacts, saved: RestoreProgress | None = OF_SNAPSHOT) -> str | None:
        return snapshot_objection(saved, found, source_key=SNAPSHOT, snapshot_arn=SNAPSHOT)

    made = table(SourceBackupArn=SNAPSHOT)
    assert reason_of(made) is None
    assert "not restored from this" in str(reason_of(table(SourceBackupArn=f"{SNAPSHOT}1")))
    assert "not restored from this" in str(reason_of(table()))
    assert "not restored from this" in str(reason_of(made, replace(OF_SNAPSHOT, source="another")))
    assert "no earlier run" in str(reason_of(made, SAVED))
    assert "has ended" in str(reason_of(table(SourceBackupArn=SNAPSHOT, RestoreInProgress=False)))
    old = table(SourceBackupArn=SNAPSHOT, created=REQUESTED - timedelta(minutes=3))
    assert "older than the request" in str(reason_of(old))
