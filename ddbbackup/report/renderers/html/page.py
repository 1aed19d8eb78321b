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
    """A table, the fragment of its row, and its plan, which is empty if there is only one."""

    table: str
    anchor: str
    plan: str


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
    """``keys`` are numbers to sort by: findings, age, restore points, bytes, items, verification. ``words`` are what
    the search finds besides the texts of the row. ``plan`` is empty if there is only one.
    """

    anchor: str
    keys: str
    words: str
    table: str
    plan: str
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
    link: Link
    backup: str
    kind: str
    since: str


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One of several plans. ``error`` is why it is not shown; then the rest is empty."""

    name: str
    files: str
    place: str
    within: str
    problems: str
    cost: str
    error: str


@dataclass(frozen=True, slots=True)
class Covered:
    """One account and region; ``place`` is empty if there is only one."""

    place: str
    text: str
    uncovered: Sequence[str]
    unnamed: int


@dataclass(frozen=True, slots=True)
class Page:
    """The whole of it. ``plans`` are empty if there is only one; ``plan_names`` are those that can be chosen."""

    title: str
    heading: str
    place: str
    made: str
    verdict: str
    verdict_class: str
    tiles: Sequence[tuple[str, str, str]]
    plans: Sequence[PlanLine]
    plan_names: Sequence[str]
    problems: Sequence[ProblemGroup]
    running: Sequence[Running]
    coverage: Sequence[Covered]
    coverage_note: str
    kept: Sequence[Item]
    kept_unnamed: int
    retention: Sequence[tuple[str, str]]
    retention_notes: Sequence[str]
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
