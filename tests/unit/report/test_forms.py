"""Every form of a night of 1, 50 and 200 tables, as people see it: ``DDBBACKUP_UPDATE=1`` writes the files anew.

Look at each file that changes: it is what somebody reads at 3 a.m. Its picture is beside it (``make pictures``).
"""

from __future__ import annotations

import os
import re

import pytest

from ddbbackup.report.renderers import Form, render
from tests.support.forms import (
    FILES,
    FOLDER,
    LINES,
    MESSAGES,
    TABLES,
    TERMINAL,
    WIDTHS,
    before_the_question,
    document,
    message,
    night,
    on_terminal,
)


def compare(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("DDBBACKUP_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"look at the change, then run with DDBBACKUP_UPDATE=1: {name}"
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("name", TERMINAL)
def test_on_a_terminal(name: str, tables: int, width: int) -> None:
    """A screenful at most, within its width."""
    text = on_terminal(name, tables, width)
    sentences = ("  ", "BLOCKED ", "note: ", "`match: ", "Estimated ")  # they wrap
    lines = [line for line in text.splitlines() if not line.startswith(sentences)]
    assert len(text.splitlines()) <= LINES + 2
    if width == 140:
        assert max(map(len, lines)) <= width
    compare(f"{name}-{tables}-{width}.txt", text)


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize(("name", "form", "suffix"), FILES)
def test_in_files(name: str, form: Form, suffix: str, tables: int) -> None:
    """Everything, failures first."""
    label = {"report": "annotations", "restored": "restored-annotations"}[name] if form == "github" else name
    compare(f"{label}-{tables}.{suffix}", render(document(name, tables), form))


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("name", MESSAGES)
def test_in_a_message(name: str, tables: int) -> None:
    """What Slack, a topic of SNS and a monitor of heartbeats get."""
    compare(f"{name}-{tables}.txt", message(name, tables))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tables", TABLES)
def test_before_anything_is_overwritten(tables: int, width: int) -> None:
    """What is shown above the question."""
    compare(f"question-{tables}-{width}.txt", before_the_question(tables, width))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tables", TABLES)
def test_while_it_runs(tables: int, width: int) -> None:
    """While exports are queued: 45 seconds after the start, 200 seconds with 200 tables."""
    lines = night(tables).progress[width]
    assert len(lines) <= 7  # all tables, the reason for waiting if it has no room there, and five tables
    assert max(map(len, lines)) <= width
    compare(f"progress-{tables}-{width}.txt", "".join(f"{line}\n" for line in lines))


def test_the_pace_is_said_before_it_is_felt() -> None:
    """In the preview of many tables only."""
    assert [each for each in night(200).before.notes if "AWS accepts 40 starts a minute" in each]
    assert not [each for each in night(1).before.notes if "starts" in each]


def test_colours_only_colour() -> None:
    """The words are the same."""
    for name in TERMINAL:
        coloured = on_terminal(name, 50, 80, colour=True)
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == on_terminal(name, 50, 80)
