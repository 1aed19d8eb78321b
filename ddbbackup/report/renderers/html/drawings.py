"""Pictures of time as the paths of inline SVG. A path joins what is alike, so that thousands of tables stay small.

Coordinates are whole numbers: a picture is stretched to the width of its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from ddbbackup.report.documents.overview import DayState, Period, Stretch

DAY_WIDTH = 8
TIMELINE_WIDTH = 1000
CHART_WIDTH, CHART_HEIGHT = 300, 60
_BAR = 3  # the least width of a stretch, so that a single restore point is seen


class Path(NamedTuple):
    """``name`` is the class of the path: what it means, and so its colour."""

    name: str
    d: str


def day_strip(days: Sequence[DayState]) -> tuple[Path, ...]:
    """One line for each run of days of one state; the style draws each line as a row of bars."""
    segments: dict[DayState, list[str]] = {}
    position = 0
    for state, run in groupby(days):
        width = DAY_WIDTH * len(list(run))
        segments.setdefault(state, []).append(f"M{position} 8h{width}")
        position += width
    return tuple(Path(state, "".join(lines)) for state, lines in segments.items())


def timeline(
    stretches: Sequence[Stretch], breaches: Sequence[Period], since: datetime, now: datetime
) -> tuple[Path, ...]:
    """The whole history: when the RPO was broken, and above it where there are restore points."""
    place = _scale(since, now, TIMELINE_WIDTH)
    broken = _bars((place(each.since), place(each.until)) for each in breaches)
    points = _bars((place(each.since), place(each.until)) for each in stretches)
    return tuple(each for each in (Path("missed", broken), Path("point", points)) if each.d)


def chart(known: Sequence[tuple[datetime, int]]) -> str:
    """The line through these values and down to a base of zero; empty for less than two."""
    if len(known) < 2:
        return ""
    place = _scale(known[0][0], known[-1][0], CHART_WIDTH)
    highest = max(number for _, number in known) or 1
    room = CHART_HEIGHT - 4
    line = "L".join(
        f"{place(time)} {CHART_HEIGHT - round(number / highest * room)}" for time, number in known
    )
    return f"M0 {CHART_HEIGHT}L{line}V{CHART_HEIGHT}"


def _bars(spans: Iterable[tuple[int, int]]) -> str:
    """Lines, which the style draws as high as bars. Those that touch are one."""
    joined: list[list[int]] = []
    for start, end in spans:
        wide = max(end, start + _BAR)
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], wide)
        else:
            joined.append([start, wide])
    return "".join(f"M{start} 12h{end - start}" for start, end in joined)


def _scale(since: datetime, until: datetime, width: int) -> Callable[[datetime], int]:
    whole = max(until - since, timedelta(seconds=1))

    def place(time: datetime) -> int:
        return round(min(max((time - since) / whole, 0), 1) * width)

    return place
