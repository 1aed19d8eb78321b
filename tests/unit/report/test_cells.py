"""Cells of tables, and numbers in sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.report.cells import planned_cell, time_cell
from ddbbackup.report.documents.diff import TableDifference
from ddbbackup.report.documents.restorable import Restorable, RestorableTable
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
