"""Tables in text: they fit the terminal, and never break a name or an ID."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.report.renderers.text.style import Styled
from ddbbackup.report.renderers.text.tables import Column, table
from ddbbackup.report.renderers.view import PLAIN, View

COLUMNS = (
    Column("TABLE"),
    Column("NOTE", shorten=True),
    Column("SIZE", drop=2),
    Column("ITEMS", drop=1),
    Column("STATE"),
)
ROWS = [
    ("orders", "a sentence that says why this table is late", "1.5 GiB", "1 204", Styled("FAILED", "failed")),
    ("billing-refunds-2026", "", "–", "–", Styled("ok", "ok")),
]


def test_off_a_terminal_nothing_is_dropped() -> None:
    """Whatever reads a pipe gets every column."""
    assert table(COLUMNS, ROWS, PLAIN).splitlines() == [
        "TABLE                 NOTE                                         SIZE     ITEMS  STATE",
        "orders                a sentence that says why this table is late  1.5 GiB  1 204  FAILED",
        "billing-refunds-2026                                               –        –      ok",
    ]


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (89, ["TABLE", "NOTE", "SIZE", "ITEMS", "STATE"]),
        (88, ["TABLE", "NOTE", "SIZE", "STATE"]),
        (82, ["TABLE", "NOTE", "SIZE", "STATE"]),
        (79, ["TABLE", "NOTE", "STATE"]),
        (20, ["TABLE", "NOTE", "STATE"]),
    ],
)
def test_a_narrow_terminal_loses_the_least_important_columns_first(width: int, heads: list[str]) -> None:
    """In the order that the columns say."""
    assert table(COLUMNS, ROWS, View(width=width)).splitlines()[0].split() == heads


def test_a_narrow_column_comes_back_where_a_wide_one_did_not_fit() -> None:
    columns = (Column("TABLE"), Column("KIND", drop=1), Column("RUNNING", drop=2))
    row = ("orders", "full", "20261125T030000Z-0badcafe")
    assert table(columns, [row], View(width=38)).splitlines()[0].split() == ["TABLE", "RUNNING"]
    assert table(columns, [row], View(width=30)).splitlines()[0].split() == ["TABLE", "KIND"]
    assert table(columns, [row], View(width=10)).splitlines()[0].split() == ["TABLE"]


def test_only_sentences_are_shortened_and_only_as_a_last_resort() -> None:
    """Names stay whole, even if a line becomes wider than the terminal."""
    head, first, second = table(COLUMNS, ROWS, View(width=60)).splitlines()
    assert first == "orders                a sentence that says why this…  FAILED"
    assert max(map(len, (head, first, second))) <= 60
    assert "billing-refunds-2026" in table(COLUMNS, ROWS, View(width=5))


def test_colours_do_not_move_columns() -> None:
    """The codes have no width."""
    coloured = table(COLUMNS, ROWS, View(colour=True))
    assert "\x1b[1;31mFAILED\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == table(COLUMNS, ROWS, PLAIN)


_NAMES = st.text(string.ascii_letters, max_size=8)  # none is much longer than the others
_TEXTS = st.text(string.ascii_letters + string.digits + " -", max_size=30).map(str.strip)


@given(
    st.lists(st.tuples(_NAMES, *[_TEXTS] * (len(COLUMNS) - 1)), max_size=6),
    st.integers(min_value=1, max_value=120),
    st.booleans(),
)
def test_names_survive_every_width(rows: list[tuple[str, ...]], width: int, colour: bool) -> None:
    """A table has a line for each row, no line ends in blanks, and the columns that are kept are whole."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", table(COLUMNS, rows, View(width=width, colour=colour)))
    lines = text.splitlines()
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        assert line == line.rstrip()
        assert line.startswith(row[0])
        assert line.endswith(row[4])


def test_a_few_long_names_cost_no_column() -> None:
    """They have lines of their own, whole, above the other cells of their rows; the columns stay in line."""
    columns = (Column("TABLE"), Column("SIZE", drop=1), Column("STATE"))
    long = "Acme" * 9
    rows = [
        ("orders", "1 KiB", "ok"),
        (long, "2 KiB", "ok"),
        ("users", "3 KiB", "ok"),
        ("carts", "4 KiB", "ok"),
    ]
    assert table(columns, rows, View(width=40)) == (
        f"TABLE   SIZE   STATE\norders  1 KiB  ok\n{long}\n        2 KiB  ok\nusers   3 KiB  ok\ncarts   4 KiB  ok\n"
    )


def test_names_that_are_all_long_cost_columns() -> None:
    """There is nothing to gain: every row would need two lines."""
    columns = (Column("TABLE"), Column("SIZE", drop=1), Column("STATE"))
    rows = [(letter * 34, "1 KiB", "ok") for letter in "abcd"]
    lines = table(columns, rows, View(width=40)).splitlines()
    assert [line.split() for line in lines] == [
        ["TABLE", "STATE"],
        *([letter * 34, "ok"] for letter in "abcd"),
    ]
