"""Cells of tables, and numbers in sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.report.cells import planned_cell, time_cell
from ddbbackup.report.documents.diff import TableDifference
from ddbbackup.report.documents.restorable import Restorable, RestorableTable
from ddbbackup.report.formatting import duration, size, sum_of_sizes
from ddbbackup.report.renderers import render
from ddbbackup.times import parse_time
from tests.support.documents import EXAMPLES

TIME = datetime(2026, 11, 24, 9, 0, 1, 345_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (TIME, "2026-11-24T09:00:02Z"),
        (TIME.replace(microsecond=0), "2026-11-24T09:00:01Z"),
        (None, "-"),
    ],
)
def test_a_time_is_the_first_whole_second_that_has_the_data(time: datetime | None, text: str) -> None:
    """Rounded down, `--from` with what `list` shows would find an older restore point."""
    assert time_cell(time) == text
    if time is not None:
        shown = parse_time(text, now=TIME)
        assert time <= shown < time + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("seconds", "text"), [(86_400, "24h"), (90_000, "25h"), (5400, "90m"), (604_800, "7d"), (None, "-")]
)
def test_an_rpo_is_shown_as_plans_have_it(seconds: int | None, text: str) -> None:
    assert planned_cell(seconds) == text


def test_what_can_be_restored_has_times_in_whole_seconds() -> None:
    document = EXAMPLES["restorable"]
    assert isinstance(document, Restorable)
    row = document.tables[0]
    assert isinstance(row, RestorableTable)
    text = render(replace(document, tables=(replace(row, time=TIME),)), "text")
    assert "  2026-11-24T09:00:02Z  " in text


def test_one_item_is_singular_in_a_difference() -> None:
    document = EXAMPLES["diff"]
    assert isinstance(document, TableDifference)
    text = render(replace(document, backup_items=1, table_items=1200), "text")
    assert ": 1 item\n" in text
    assert ": 1 200 items\n" in text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1_048_575, "1.0 MiB"),
        ((1 << 30) - 1, "1.0 GiB"),
        (1 << 50, "1024.0 TiB"),
        (None, "–"),
    ],
)
def test_a_size_is_in_the_unit_that_it_is_rounded_to(size_bytes: int | None, text: str) -> None:
    assert size(size_bytes) == text


@pytest.mark.parametrize(("seconds", "text"), [(4, "4.0s"), (9.97, "10s"), (59.8, "1m 0s"), (7200, "2h 0m")])
def test_a_duration_has_two_figures_or_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("sizes", "text"), [((1024, 1024), "2.0 KiB"), ((1024, None), "at least 1.0 KiB"), ((None,), "–")]
)
def test_a_sum_without_some_sizes_is_said_to_be_the_least(sizes: tuple[int | None, ...], text: str) -> None:
    assert sum_of_sizes(sizes) == text
