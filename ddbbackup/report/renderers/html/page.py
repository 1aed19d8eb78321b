"""What the template shows: texts, classes and paths, so that it only places them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ddbbackup.report.documents.overview import RECENT_DAYS, Finding
from ddbbackup.report.renderers.html.drawings import (
    CHART_HEIGHT,
    CHART_WIDTH,
    DAY_WIDTH,
    TIMELINE_WIDTH,
    Path,
)

NAMED: Final = 400
"""Tables of a list that are named at all; `--output json` has all."""


class Link(NamedTuple):
    """A table, and the fragment of its row; empty if there is none."""

    table: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list: tables, of which ``unnamed`` are only counted, and what is true of all of them."""

    links: Sequence[Link]
    text: str
    unnamed: str = ""


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    title: str
    hint: str
    severity: str
    total: str
    first: Sequence[Item]
    rest: Sequence[Item]
    unnamed: int


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    line: str
    since: str
    until: str
    highest: str
    last: str


@dataclass(frozen=True, slots=True)
class Row:
    """``keys`` are numbers to sort by: findings, age, restore points, bytes, items, verification."""

    anchor: str
    keys: str
    words: str
    table: str
    status: str
    flag: str
    flag_class: str
    age: str
    rpo: str
    is_late: bool
    strip: Sequence[Path]
    strip_text: str
    points: str
    bytes: str
    items: str
    verified: str
    verified_is_bad: bool
    facts: Sequence[tuple[str, str]]
    timeline: Sequence[Path]
    timeline_text: str
    since: str
    charts: Sequence[Chart]
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Running:
    table: str
    anchor: str
    backup: str
    kind: str
    since: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole of it."""

    title: str
    plan: str
    place: str
    made: str
    verdict: str
    verdict_class: str
    tiles: Sequence[tuple[str, str, str]]
    problems: Sequence[ProblemGroup]
    running: Sequence[Running]
    coverage: str
    uncovered: Sequence[str]
    uncovered_unnamed: int
    kept: Sequence[Item]
    kept_unnamed: int
    retention: Sequence[tuple[str, str]]
    removals: Sequence[Item]
    removals_unnamed: int
    costs: Sequence[tuple[str, str]]
    cost_total: str
    cost_notes: Sequence[str]
    rows: Sequence[Row]
    states: Sequence[tuple[str, str]]
    strip_width: int = DAY_WIDTH * RECENT_DAYS
    timeline_width: int = TIMELINE_WIDTH
    chart_width: int = CHART_WIDTH
    chart_height: int = CHART_HEIGHT
