"""When a table could be restored, and when its RPO was broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ddbbackup.plan.model import Retention
from ddbbackup.report.documents.overview import RECENT_DAYS, Period, Stretch
from ddbbackup.report.overview.points import KnownPoint
from ddbbackup.report.overview.timeline import breaches, days, known_since, samples, stretches

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def point(at: datetime, size_bytes: int | None = 1) -> KnownPoint:
    return KnownPoint(f"{at:%Y%m%dT%H%M%SZ}-00000000", at, at, "full", size_bytes, size_bytes)


def nightly(count: int, *, until: datetime = NOW - 10 * HOUR) -> list[datetime]:
    return [until - DAY * number for number in reversed(range(count))]


def test_restore_points_that_lie_close_together_are_one_stretch() -> None:
    times = [NOW - 100 * HOUR, NOW - 99 * HOUR, NOW - 98 * HOUR, NOW - 10 * HOUR]
    assert stretches(times, NOW, at_most=10) == (
        Stretch(times[0], times[2], 3),
        Stretch(times[3], times[3], 1),
    )
    assert stretches([], NOW, at_most=10) == ()


def test_the_rpo_is_broken_from_the_end_of_the_rpo_to_the_next_restore_point() -> None:
    times = [NOW - 5 * DAY, NOW - 2 * DAY, NOW - HOUR]
    found = breaches(times, 86_400, known_since=times[0], now=NOW)
    assert found == (Period(NOW - 4 * DAY, NOW - 2 * DAY), Period(NOW - DAY, NOW - HOUR))


def test_a_short_delay_is_not_shown_but_a_breach_of_now_is() -> None:
    times = [NOW - 3 * DAY, NOW - 2 * DAY + 10 * timedelta(minutes=1), NOW - DAY - timedelta(minutes=1)]
    found = breaches(times, 86_400, known_since=times[0], now=NOW)
    assert found == (Period(NOW - timedelta(minutes=1), NOW),)


def test_gaps_that_retention_may_have_made_are_not_breaches() -> None:
    """`keep_last: 3` keeps nothing dense before the third newest one."""
    points = [point(NOW - DAY * ago) for ago in (40, 20, 3, 2, 1)]
    times = [each.begins for each in points]
    since = known_since(Retention(keep_last=3, keep_monthly=12), points, 86_400)
    assert since == NOW - 3 * DAY
    assert breaches(times, 86_400 + 3600, known_since=since, now=NOW) == ()
    assert known_since(None, points, 86_400) == times[0]


def test_a_rule_counts_if_its_periods_are_not_longer_than_the_rpo() -> None:
    points = [point(each) for each in nightly(40)]
    newest = points[-1].reaches
    daily = Retention(keep_daily=14)
    assert known_since(daily, points, 86_400) == newest - 13 * DAY
    assert known_since(daily, points, 3600) == newest
    assert known_since(Retention(keep_within_seconds=7 * 86_400), points, None) == newest - 7 * DAY


def test_the_days_of_a_month() -> None:
    times = [each for each in nightly(20) if not timedelta(days=5) < NOW - each < timedelta(days=9)]
    broken = breaches(times, 30 * 3600, known_since=times[0], now=NOW)
    states = days(times, broken, known_since=times[0], has_rpo=True, now=NOW)
    assert len(states) == RECENT_DAYS
    assert states[:10] == ("none",) * 10
    assert states[-1] == "met"
    assert states[20:26] == ("met", "late", "missed", "missed", "missed", "late")


def test_days_before_what_retention_keeps_are_unknown() -> None:
    times = [NOW - 25 * DAY, *nightly(3)]
    states = days(times, (), known_since=times[1], has_rpo=True, now=NOW)
    assert states[4] == "met"  # it has a restore point
    assert set(states[5:27]) == {"thinned"}
    assert states[27:] == ("met", "met", "met")


def test_without_an_rpo_a_day_has_a_restore_point_or_none() -> None:
    states = days([NOW - 2 * DAY], (), known_since=NOW - 2 * DAY, has_rpo=False, now=NOW)
    assert states[-3:] == ("met", "none", "none")


def test_a_selection_of_many_backups_has_the_first_the_last_and_the_largest() -> None:
    points = [point(NOW - HOUR * ago, size_bytes=1000 if ago == 50 else 1) for ago in range(200, 0, -1)]
    found = samples(points, at_most=20)
    assert len(found) == 20
    assert (found[0].time, found[-1].time) == (points[0].reaches, points[-1].reaches)
    assert max(each.size_bytes for each in found) == 1000
    assert len(samples(points[:5], at_most=20)) == 5
    assert samples([point(NOW, None)], at_most=20) == ()
