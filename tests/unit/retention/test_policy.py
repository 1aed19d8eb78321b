"""What a retention policy keeps: examples, and the laws that no history and no policy may break."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.model.backup_id import time_of_id
from ddbbackup.plan.model import Retention
from ddbbackup.retention.policy import NEWEST, NEWEST_VERIFIED, Verdict, chains_of, decide

ALL = {each.name for each in fields(Retention)}


@dataclass(frozen=True, slots=True)
class Point:
    id: str
    needs: tuple[str, ...]
    verified: str | None = "checksums"


def an_id(time: str | datetime, digest: int = 0) -> str:
    instant = datetime.fromisoformat(time).replace(tzinfo=UTC) if isinstance(time, str) else time
    return f"{instant:%Y%m%dT%H%M%SZ}-{digest:08x}"


def fulls(*times: str, verified: str | None = "checksums") -> list[Point]:
    return [Point(an_id(each), (an_id(each),), verified) for each in times]


def nightly(first: str, nights: int) -> list[Point]:
    start = datetime.fromisoformat(first)
    return fulls(*((start + timedelta(days=each)).isoformat() for each in range(nights)))


def chain(*times: str) -> list[Point]:
    ids = [an_id(each) for each in times]
    return [Point(each, tuple(ids[: index + 1])) for index, each in enumerate(ids)]


def decide_points(points: Iterable[Point], policy: Retention) -> Verdict:
    """For restore points that are all known."""
    by_id = {point.id: point for point in points}
    return decide(chains_of(by_id.values()), policy, lambda each: by_id[each].verified is not None)


def kept_dates(verdict: Verdict) -> list[str]:
    return [f"{time_of_id(each):%m-%d}" for each in sorted(verdict.kept)]


def all_kept(verdict: Verdict) -> set[str]:
    return verdict.kept.keys() | verdict.needed.keys()


# ---- examples


def test_without_restore_points_there_is_nothing_to_decide() -> None:
    assert decide_points([], Retention(keep_last=1)) == Verdict({}, {}, ())


def test_the_last_ones_are_kept() -> None:
    verdict = decide_points(nightly("2026-11-01", 5), Retention(keep_last=2))
    assert kept_dates(verdict) == ["11-04", "11-05"]
    assert verdict.removed == (an_id("2026-11-03"), an_id("2026-11-02"), an_id("2026-11-01"))
    assert verdict.kept[an_id("2026-11-05")] == (NEWEST, "keep_last: 2")
    assert verdict.kept[an_id("2026-11-04")] == ("keep_last: 2",)


def test_days_are_those_of_utc_and_their_newest_restore_point_is_kept() -> None:
    points = fulls("2026-11-01T00:00:00", "2026-11-01T23:59:59", "2026-11-02T00:00:00", "2026-11-02T12:00:00")
    verdict = decide_points(points, Retention(keep_daily=2))
    assert verdict.kept == {
        an_id("2026-11-02T12:00:00"): (NEWEST, "keep_daily: 2026-11-02"),
        an_id("2026-11-01T23:59:59"): ("keep_daily: 2026-11-01",),
    }


def test_hours_without_a_restore_point_do_not_count() -> None:
    """If backups stop for a week, the older ones must not expire because of it."""
    points = fulls("2026-11-01T10:10:00", "2026-11-01T11:10:00", "2026-11-08T09:10:00", "2026-11-08T09:40:00")
    verdict = decide_points(points, Retention(keep_hourly=3))
    assert verdict.removed == (an_id("2026-11-08T09:10:00"),)
    assert verdict.kept[an_id("2026-11-01T10:10:00")] == ("keep_hourly: 2026-11-01T10:00Z",)


def test_a_week_begins_on_monday() -> None:
    """1 November 2026 is a Sunday."""
    verdict = decide_points(nightly("2026-10-26", 9), Retention(keep_weekly=2))
    assert verdict.kept == {
        an_id("2026-11-03"): (NEWEST, "keep_weekly: the week of 2026-11-02"),
        an_id("2026-11-01"): ("keep_weekly: the week of 2026-10-26",),
    }


def test_the_week_of_the_new_year_is_one_week() -> None:
    verdict = decide_points(nightly("2026-12-28", 7), Retention(keep_weekly=1))
    assert kept_dates(verdict) == ["01-03"]


def test_months_and_years() -> None:
    verdict = decide_points(nightly("2025-11-15", 420), Retention(keep_monthly=2, keep_yearly=2))
    assert verdict.kept == {
        an_id("2027-01-08"): (NEWEST, "keep_monthly: 2027-01", "keep_yearly: 2027"),
        an_id("2026-12-31"): ("keep_monthly: 2026-12", "keep_yearly: 2026"),
    }


def test_the_oldest_stays_while_a_rule_has_too_few_periods() -> None:
    """Otherwise `keep_yearly` alone would keep nothing but the newest until the first year ends."""
    verdict = decide_points(nightly("2026-03-01", 30), Retention(keep_yearly=3))
    assert verdict.kept == {
        an_id("2026-03-30"): (NEWEST, "keep_yearly: 2026"),
        an_id("2026-03-01"): ("keep_yearly: the oldest, because fewer than 3 years have one",),
    }


def test_within_counts_back_from_the_newest_restore_point() -> None:
    """Not from now: a backup that stopped a month ago keeps its last week."""
    verdict = decide_points(nightly("2020-01-01", 20), Retention(keep_within_seconds=7 * 86400))
    assert kept_dates(verdict) == [f"01-{day}" for day in range(13, 21)]
    assert verdict.kept[an_id("2020-01-13")] == ("keep_within: 7d",)


def test_within_a_time_before_the_calendar_keeps_all() -> None:
    points = nightly("2020-01-01", 20)
    assert decide_points(points, Retention(keep_within_seconds=9_999_999 * 86400)).removed == ()


def test_what_a_kept_one_needs_is_kept_and_tails_are_removed() -> None:
    old = chain("2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04")
    new = chain("2026-10-30", "2026-10-31", "2026-11-01")
    verdict = decide_points([*old, *new], Retention(keep_last=1))
    assert verdict.removed == tuple(each.id for each in reversed(old))
    assert verdict.kept == {
        an_id("2026-11-01"): (NEWEST, "keep_last: 1"),
    }
    assert verdict.needed == {
        an_id("2026-10-31"): an_id("2026-11-01"),
        an_id("2026-10-30"): an_id("2026-11-01"),
    }


def test_the_tail_behind_the_last_kept_window_is_removed() -> None:
    old = chain("2026-10-01T00:00:00", "2026-10-01T08:00:00", "2026-10-01T16:00:00")
    new = chain("2026-10-01T12:00:00", "2026-10-02T00:00:00")
    in_use = {old[1].id: "a run uses it"}
    verdict = decide(chains_of([*old, *new]), Retention(keep_last=1), lambda _: True, in_use=in_use)
    assert verdict.removed == (old[2].id,)
    assert verdict.kept[old[1].id] == ("a run uses it",)
    assert verdict.needed[old[0].id] == old[1].id


def test_the_newest_verified_one_is_kept() -> None:
    points = nightly("2026-11-01", 6)
    points = [*points[:2], *(replace(each, verified=None) for each in points[2:])]
    verdict = decide_points(points, Retention(keep_last=2))
    assert verdict.kept[an_id("2026-11-02")] == (NEWEST_VERIFIED,)
    assert kept_dates(verdict) == ["11-02", "11-05", "11-06"]


def test_a_window_on_an_unverified_base_is_not_verified() -> None:
    old = nightly("2026-10-01", 1)
    new = [replace(each, verified=None) for each in chain("2026-11-01", "2026-11-02")]
    verdict = decide_points([*old, *new], Retention(keep_last=1))
    assert verdict.kept[an_id("2026-10-01")] == (NEWEST_VERIFIED,)


def test_more_verified_ones_are_kept_if_the_policy_wants_them() -> None:
    verdict = decide_points(nightly("2026-11-01", 6), Retention(keep_last=1, min_verified=3))
    assert kept_dates(verdict) == ["11-04", "11-05", "11-06"]
    assert verdict.kept[an_id("2026-11-05")] == ("min_verified: 3",)


def test_few_verifications_are_asked_for() -> None:
    """Each may be a request, and a chain has hundreds of windows."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    ids = tuple(an_id(start + timedelta(hours=each)) for each in range(720))
    old = tuple(an_id(start - timedelta(days=40) + timedelta(hours=each)) for each in range(720))
    asked: set[str] = set()

    def is_verified(backup_id: str) -> bool:
        asked.add(backup_id)
        return True

    verdict = decide([old, ids], Retention(keep_daily=7), is_verified)
    assert set(verdict.removed) == set(old)
    assert asked == {ids[0]}
    decide([old, ids], Retention(keep_daily=7, min_verified=5), is_verified)
    assert asked == set(ids[:5])


# ---- laws


def is_point_verified(points: dict[str, Point], verified: set[str], backup_id: str) -> bool:
    return all(each in verified for each in points[backup_id].needs)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Point], set[str]]:
    """Restore points of full backups and chains, which may fork and overlap, and the verified backups."""
    time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 40_000_000)))
    points: list[Point] = []
    gaps = st.sampled_from([1, 900, 3600, 7200, 86_400, 700_000, 3_000_000, 20_000_000])
    for digest in range(draw(st.integers(0, 30))):
        time += timedelta(seconds=draw(gaps))
        backup_id = an_id(time, digest)
        before = draw(st.sampled_from([None, *points[-4:]]))
        points.append(Point(backup_id, (*(before.needs if before else ()), backup_id), None))
    verified = draw(st.sets(st.sampled_from([each.id for each in points]))) if points else set()
    by_id = {each.id: each for each in points}
    return [
        replace(each, verified="items" if is_point_verified(by_id, verified, each.id) else None)
        for each in points
    ], verified


counts = st.integers(0, 6)
policies = st.builds(
    Retention,
    keep_last=counts,
    keep_hourly=counts,
    keep_daily=counts,
    keep_weekly=counts,
    keep_monthly=counts,
    keep_yearly=counts,
    keep_within_seconds=st.none() | st.sampled_from([60, 3600, 86_400, 30 * 86_400]),
    min_verified=st.integers(1, 4),
)


def newest_of_the_last(points: Iterable[Point], count: int, period: Callable[[datetime], object]) -> set[str]:
    """The definition of the rules for periods, without any economy."""
    newest: dict[object, str] = {}
    for each in sorted(points, key=lambda each: each.id, reverse=True):
        newest.setdefault(period(time_of_id(each.id)), each.id)
    chosen = list(newest.values())[:count]
    return {*chosen, min(each.id for each in points)} if count > len(newest) else set(chosen)


def required(points: list[Point], policy: Retention) -> set[str]:
    """What the rules name, without verification and without what it needs."""
    ids = sorted(each.id for each in points)
    wanted = {ids[-1], *(ids[-policy.keep_last :] if policy.keep_last else ())}
    if policy.keep_within_seconds is not None:
        within = timedelta(seconds=policy.keep_within_seconds)
        wanted |= {each for each in ids if time_of_id(ids[-1]) - time_of_id(each) <= within}
    for count, period in (
        (policy.keep_hourly, lambda time: time.replace(minute=0, second=0)),
        (policy.keep_daily, lambda time: time.date()),
        (policy.keep_weekly, lambda time: time.isocalendar()[:2]),
        (policy.keep_monthly, lambda time: (time.year, time.month)),
        (policy.keep_yearly, lambda time: time.year),
    ):
        if count:
            wanted |= newest_of_the_last(points, count, period)
    return wanted


@given(histories(), policies)
def test_the_laws_of_retention(history: tuple[list[Point], set[str]], policy: Retention) -> None:
    points, _ = history
    by_id = {each.id: each for each in points}
    verdict = decide_points(points, policy)
    kept, removed = all_kept(verdict), set(verdict.removed)

    # Every restore point is decided once, and removed before what it needs.
    assert kept | removed == by_id.keys()
    assert not kept & removed
    assert not verdict.kept.keys() & verdict.needed.keys()
    assert list(verdict.removed) == sorted(removed, reverse=True)
    if not points:
        return
    # The policy is satisfied, and the newest restore point stays.
    wanted = required(points, policy)
    assert wanted <= kept
    # Chains stay whole.
    assert {need for each in kept for need in by_id[each].needs} <= kept
    # The newest verified restore point stays, and as many as the policy wants.
    verified = sorted(each.id for each in points if each.verified)
    assert set(verified[-1:]) <= kept
    assert len(kept & set(verified)) >= min(policy.min_verified, len(verified))
    # Every reason is true, and nothing is kept without one.
    for backup_id, reasons in verdict.kept.items():
        assert reasons
        for reason in reasons:
            if reason == NEWEST_VERIFIED:
                assert backup_id == verified[-1]
            elif reason.startswith("min_verified"):
                assert backup_id in verified
            else:
                assert backup_id in wanted
    for backup_id, user in verdict.needed.items():
        assert backup_id in by_id[user].needs[:-1]
        assert user in verdict.kept


@given(histories(), policies)
def test_a_second_prune_removes_nothing(history: tuple[list[Point], set[str]], policy: Retention) -> None:
    points, _ = history
    kept = all_kept(decide_points(points, policy))
    assert decide_points([each for each in points if each.id in kept], policy).removed == ()


@given(histories(), policies)
def test_backups_one_by_one_decide_as_restore_points_do(
    history: tuple[list[Point], set[str]], policy: Retention
) -> None:
    points, verified = history
    one_by_one = decide(chains_of(points), policy, verified.__contains__)
    assert one_by_one == decide_points(points, policy)


@given(histories(), policies, st.data())
def test_what_is_in_use_stays_with_what_it_needs(
    history: tuple[list[Point], set[str]], policy: Retention, data: st.DataObject
) -> None:
    points, verified = history
    if not points:
        return
    used = data.draw(st.sampled_from(points))
    verdict = decide(
        chains_of(points), policy, verified.__contains__, in_use={used.id: "a backup in progress needs it"}
    )
    assert set(used.needs) <= all_kept(verdict)


@pytest.mark.parametrize("rule", sorted(ALL - {"keep_within_seconds", "min_verified"}))
def test_every_rule_alone_keeps_something_of_a_long_history(rule: str) -> None:
    points = nightly("2025-01-01", 400)
    verdict = decide_points(points, Retention(**{rule: 2}))
    assert len(verdict.kept) == 2
    assert len(verdict.removed) == 398
