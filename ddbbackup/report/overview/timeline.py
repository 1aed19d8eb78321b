"""When a table could be restored: stretches of restore points, and when the RPO was broken. Pure.

A page shows the history of thousands of tables, so what lies close together is one stretch, and each day of the last
month is one state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from ddbbackup.plan.model import Retention
from ddbbackup.report.documents.overview import RECENT_DAYS, DayState, Period, Sample, Stretch
from ddbbackup.report.overview.points import KnownPoint

_DAY: Final = timedelta(days=1)
_PERIODS: Final = (("keep_hourly", 3600), ("keep_daily", 86_400), ("keep_weekly", 7 * 86_400))


def stretches(times: Sequence[datetime], now: datetime, *, at_most: int) -> tuple[Stretch, ...]:
    """``times`` are sorted. Gaps of more than one part in ``at_most`` are seen."""
    if not times:
        return ()
    close = max(now - times[0], timedelta(seconds=1)) / at_most
    found: list[Stretch] = []
    for each in times:
        last = found[-1] if found else None
        if last is not None and each - last.until < close:
            found[-1] = Stretch(last.since, each, last.points + 1)
        else:
            found.append(Stretch(each, each, 1))
    return tuple(found)


def tolerance(rpo_seconds: int) -> timedelta:
    """How late a backup may be before that is shown: runs on a schedule take a little longer or shorter each time."""
    return timedelta(seconds=max(900, rpo_seconds // 20))


def breaches(
    times: Sequence[datetime], rpo_seconds: int | None, *, known_since: datetime, now: datetime
) -> tuple[Period, ...]:
    """When the newest restore point was older than the RPO, since ``known_since``. ``times`` are sorted."""
    if rpo_seconds is None or not times:
        return ()
    rpo, late = timedelta(seconds=rpo_seconds), tolerance(rpo_seconds)
    following = [*times[1:], now]
    found = (
        Period(max(each + rpo, known_since), after)
        for each, after in zip(times, following, strict=True)
        if after - each > rpo
    )
    # The last may have just begun, and counts at once: `status` says so, too.
    return tuple(
        period
        for period in found
        if period.until > known_since and (period.until - period.since > late or period.until == now)
    )


def known_since(policy: Retention | None, points: Sequence[KnownPoint], rpo_seconds: int | None) -> datetime:
    """From when on retention removes no restore point that the RPO asks for: earlier gaps may be its work.

    ``points`` are sorted, and not empty. A rule counts if its periods are not longer than the RPO.
    """
    newest, oldest = points[-1].reaches, points[0].reaches
    if policy is None:
        return oldest
    since = newest
    if policy.keep_last:
        since = points[-policy.keep_last :][0].reaches
    if policy.keep_within_seconds is not None:
        since = min(since, newest - timedelta(seconds=policy.keep_within_seconds))
    for rule, seconds in _PERIODS:
        if rpo_seconds is not None and seconds <= rpo_seconds and (count := getattr(policy, rule)):
            since = min(since, newest - timedelta(seconds=seconds * (count - 1)))
    return max(since, oldest)


def days(
    times: Sequence[datetime],
    broken: Sequence[Period],
    *,
    known_since: datetime | None,
    has_rpo: bool,
    now: datetime,
) -> tuple[DayState, ...]:
    """The state of each of the last days, in UTC, the last one today."""
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=RECENT_DAYS - 1)
    with_points = {each.astimezone(UTC).date() for each in times if each.astimezone(UTC).date() >= first}
    recent = [each for each in broken if each.until.astimezone(UTC).date() >= first]
    return tuple(
        _day(first + _DAY * number, times, with_points, recent, known_since, has_rpo, now)
        for number in range(RECENT_DAYS)
    )


def _day(
    day: date,
    times: Sequence[datetime],
    with_points: set[date],
    broken: Sequence[Period],
    known_since: datetime | None,
    has_rpo: bool,
    now: datetime,
) -> DayState:
    start = datetime.combine(day, time(), UTC)
    end = min(start + _DAY, now)
    if not times or times[0] >= end:
        return "none"
    if not has_rpo:
        return "met" if day in with_points else "none"
    late = sum(
        (
            min(each.until, end) - max(each.since, start)
            for each in broken
            if each.since < end and each.until > start
        ),
        timedelta(),
    )
    if late >= end - start:
        return "missed"
    if late:
        return "late"
    if known_since is not None and start < known_since and day not in with_points:
        return "thinned"
    return "met"


def samples(points: Iterable[KnownPoint], *, at_most: int) -> tuple[Sample, ...]:
    """The first and the last backup, and the largest of each part between them."""
    known = [
        Sample(point.reaches, point.size_bytes, point.item_count)
        for point in points
        if point.size_bytes is not None
    ]
    if len(known) <= at_most:
        return tuple(known)
    return (known[0], *_largest_of_each_part(known[1:-1], at_most - 2), known[-1])


def _largest_of_each_part(known: Sequence[Sample], parts: int) -> Iterator[Sample]:
    for number in range(parts):
        part = known[number * len(known) // parts : (number + 1) * len(known) // parts]
        yield max(part, key=lambda each: each.size_bytes)
