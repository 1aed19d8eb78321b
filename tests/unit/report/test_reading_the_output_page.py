"""``docs/reading-the-output.md`` explains every word that a table of the program shows, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from ddbbackup.catalog.record import State
from ddbbackup.cli import main
from ddbbackup.model.outcome import Status
from ddbbackup.report.documents.status import TableRow
from ddbbackup.report.renderers import Form
from ddbbackup.report.renderers.text import catalog

PAGE = (Path(__file__).parents[3] / "docs" / "reading-the-output.md").read_text(encoding="utf-8")


def words_below(head: str) -> list[str]:
    """The first column of the table with this head."""
    table = PAGE.split(f"| {head} | ", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def test_forms() -> None:
    """`html` and the forms of policies belong to one verb each, which explains them."""
    assert set(words_below("form")) <= set(get_args(Form))
    assert {"text", "json", "junit", "markdown", "github", "gitlab"} == set(words_below("form"))


def test_words_of_outcomes() -> None:
    """A step that stopped waiting is said to be running."""
    shown = {"done": "ok", "failed": "FAILED"}
    assert set(words_below("word")) == {shown.get(status, status) for status in get_args(Status)} | {
        "running"
    }


def test_words_of_status() -> None:
    """Of each table, and of a destination."""
    statuses = get_args(get_type_hints(TableRow)["status"])
    assert {*statuses, "unreadable"} == set(words_below("`STATUS`"))


def test_words_of_list() -> None:
    """Those of records, and those that say why a record or a restore point is none."""
    assert set(words_below("`STATE`")) == {*get_args(State), *catalog._STATES, "expiring", "unreadable"}


def test_columns_of_list() -> None:
    assert set(words_below("column")) <= {column.head for column in catalog._LIST_COLUMNS}


def test_the_example_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Word for word."""
    assert main(["backup", "--onyl", "orders"]) == 64
    assert f"$ ddbbackup backup --onyl orders\n{capsys.readouterr().err}```" in PAGE
