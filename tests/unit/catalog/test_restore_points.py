"""What can be restored, judged by the records alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.catalog import (
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedVerification,
    restore_points,
)
from ddbbackup.catalog.record import Level
from ddbbackup.catalog.restore_points import Unrestorable, judge, judge_one, why_not_restorable
from tests.support.records import NOW, instant, record

HOUR = timedelta(hours=1)


def full(at: datetime = NOW, *, run: str = "full") -> Record:
    data = RecordedData(item_count=100, size_bytes=1000)
    return record(run=run, at=at, covers=instant(at), state="complete", completed_at=at, data=data)


def window(after: Record, hours: int = 1, *, start: datetime | None = None) -> Record:
    """The window that follows a backup."""
    assert after.time is not None
    end = after.time + hours * HOUR
    covers = RecordedCoverage(kind="window", start=start or after.time, end=end)
    data = RecordedData(item_count=5, size_bytes=50)
    own = record(run=f"w{end}", at=end, covers=covers, state="complete", completed_at=end, data=data)
    chain = RecordedChain(base=after.chain.base, previous=after.id, needs=(*after.chain.needs, own.id))
    return replace(own, chain=chain)


def chain(windows: int) -> list[Record]:
    records = [full()]
    for _ in range(windows):
        records.append(window(records[-1]))
    return records


def reasons(records: Sequence[Record]) -> dict[str, str]:
    return {each.id: each.reason for each in judge(records) if isinstance(each, Unrestorable)}


def test_a_full_backup_is_a_restore_point() -> None:
    (point,) = restore_points([full()])
    assert (point.id, point.time, point.since, point.kind) == (full().id, NOW, NOW, "full")
    assert (point.needs, point.item_count, point.size_bytes) == ((full().id,), 100, 1000)


def test_every_window_of_a_chain_is_a_restore_point() -> None:
    """It needs the full backup and all windows before it, in this order."""
    records = chain(3)
    points = restore_points(reversed(records))
    assert [point.time for point in points] == [NOW + n * HOUR for n in range(4)]
    assert points[-1].needs == tuple(each.id for each in records)
    assert (points[-1].item_count, points[-1].size_bytes) == (None, 1150)


def test_an_interval_says_since_when_it_shows_the_table() -> None:
    """A scan shows no single instant."""
    scanned = replace(full(), covers=RecordedCoverage(kind="interval", start=NOW, end=NOW + HOUR))
    (point,) = restore_points([scanned])
    assert (point.since, point.time) == (NOW, NOW + HOUR)


@pytest.mark.parametrize("state", ["in_progress", "failed", "not_whole", "expiring"])
def test_a_backup_that_is_not_complete_is_no_restore_point(state: str) -> None:
    """Nor is any window after it."""
    base, first, second = chain(2)
    unfinished = replace(first, state=state)  # type: ignore[arg-type]  # one of the states
    assert [point.id for point in restore_points([base, unfinished, second])] == [base.id]
    assert f"it is {state}, not complete" in reasons([base, unfinished, second])[second.id]


def test_a_missing_window_breaks_the_chain_from_there() -> None:
    base, first, second, third = chain(3)
    assert [point.id for point in restore_points([base, first, third])] == [base.id, first.id]
    assert second.id in reasons([base, first, third])[third.id]


def test_a_window_that_begins_too_late_is_refused() -> None:
    """The changes between the two are in no backup."""
    base = full()
    late = window(base, start=NOW + timedelta(minutes=1))
    assert "the changes between them are missing" in reasons([base, late])[late.id]
    overlapping = window(base, start=NOW - HOUR)
    assert reasons([base, overlapping]) == {}


def test_backups_of_two_tables_with_one_name_make_no_chain() -> None:
    """The table was deleted and created again."""
    base, first = chain(1)
    other = replace(base, table=replace(base.table, id="another"))
    assert "another table with the same name" in reasons([other, first])[first.id]


def test_a_chain_that_its_members_do_not_confirm_is_refused() -> None:
    """Each window must name the same backups before it."""
    base, first, second = chain(2)
    lies = replace(second, chain=replace(second.chain, needs=(base.id, second.id)))
    assert "another chain" in reasons([base, first, lies])[second.id]
    rebased = replace(second, chain=replace(second.chain, needs=(first.id, second.id), base=first.id))
    assert "it is a window, not a base" in reasons([base, first, rebased])[second.id]
    doubled = full(NOW + HOUR, run="again")
    mixed = replace(second, chain=replace(second.chain, needs=(base.id, doubled.id, second.id)))
    assert "not a window" in reasons([base, doubled, mixed])[second.id]


def test_a_restore_point_is_as_verified_as_its_weakest_backup() -> None:
    def verified(level: Level, *, result: str = "ok") -> RecordedVerification:
        return RecordedVerification(level=level, at=NOW, result=result)  # type: ignore[arg-type]  # a test's text

    base, first = chain(1)
    base = replace(base, verified=verified("items"))
    assert restore_points([base, first])[-1].verified is None
    (_, point) = restore_points([base, replace(first, verified=verified("listing"))])
    assert point.verified == verified("listing")
    (_, point) = restore_points([base, replace(first, verified=verified("items", result="damaged"))])
    assert point.verified is None


def damaged(each: Record) -> Record:
    return replace(each, verified=RecordedVerification(level="items", at=NOW, result="damaged"))


def test_a_damaged_backup_is_named_by_every_window_that_needs_it() -> None:
    """The restore points before it are not affected."""
    base, first, second = chain(2)
    points = restore_points([base, damaged(first), second])
    found = "it was found damaged by `verify --level items` at 2026-11-24T10:00:00Z"
    expected = [None, found, f"it needs the backup {first.id}, but {found}"]
    assert [why_not_restorable(point) for point in points] == expected
    assert [point.damage.culprit for point in points if point.damage] == [first.id] * 2


def test_a_record_that_cannot_be_used_is_named_with_its_error() -> None:
    base, first, second = chain(2)
    judged = judge([base, second], unusable={first.id: "it cannot be used: it is no JSON"})
    reason = f"it needs the backup {first.id}, but it cannot be used: it is no JSON"
    assert [why_not_restorable(each) for each in judged] == [None, reason]


@given(st.integers(1, 8), st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)))
def test_all_backups_are_judged_as_each_one_alone(
    windows: int, missing: set[int], failed: set[int], bad: set[int]
) -> None:
    """What is known of the backups before it saves work and changes nothing."""
    changed = [
        replace(each, state="failed") if number in failed else damaged(each) if number in bad else each
        for number, each in enumerate(chain(windows))
        if number not in missing
    ]
    by_id = {each.id: each for each in changed}
    for judged in judge(changed):
        assert judged == judge_one(by_id[judged.id], by_id)


def test_a_chain_of_a_hundred_days_is_judged_in_one_pass() -> None:
    """Each window is compared with the one before it only: ``list`` judges thousands."""
    records = chain(1500)
    seconds = time.process_time()
    judged = judge(records[1:])
    assert {each.reason for each in judged if isinstance(each, Unrestorable)} == {
        f"it needs the backup {records[0].id}, but it does not exist"
    }
    assert len(restore_points(records)) == len(records)
    assert time.process_time() - seconds < 5


@given(st.integers(1, 12), st.sets(st.integers(0, 12)))
def test_a_restore_point_never_needs_a_backup_that_is_missing(windows: int, missing: set[int]) -> None:
    """Whatever is left of a chain."""
    records = [each for number, each in enumerate(chain(windows)) if number not in missing]
    points = restore_points(records)
    present = {each.id for each in records}
    assert all(set(point.needs) <= present for point in points)
    first_missing = min(missing | {windows + 1})
    assert len(points) == min(first_missing, windows + 1)
