"""The width and the colours of a terminal: found where the text goes, not where the program was started."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from ddbbackup.cli.streams import stdout_view
from ddbbackup.report.renderers.view import LOG, View


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A terminal of 97 columns."""
    controller, number = pty.openpty()
    fcntl.ioctl(number, termios.TIOCSWINSZ, struct.pack("HHHH", 43, 97, 0, 0))
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(number, "w") as stream:
        yield stream
    os.close(controller)


def view_on(stream: TextIO | None) -> View:
    """pytest sets stdout anew before each test, so no fixture can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        return stdout_view()


def test_a_terminal_has_a_width_and_colours(terminal: TextIO) -> None:
    """As the terminal says itself."""
    assert view_on(terminal) == View(width=97, lines=43, colour=True)


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("", 97), ("wide", 97), ("0", 97), ("-5", 97)])
def test_columns_set_the_width(
    terminal: TextIO, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """If it is a positive number."""
    monkeypatch.setenv("COLUMNS", columns)
    assert view_on(terminal).width == width


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_switched_off(
    terminal: TextIO, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The width stays."""
    monkeypatch.setenv(name, value)
    assert view_on(terminal) == View(width=97, lines=43, colour=False)


def test_a_terminal_that_does_not_know_its_width_drops_nothing(terminal: TextIO) -> None:
    """It answers 0 columns, as the terminals of some containers do."""
    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    assert view_on(terminal).width is None


@pytest.mark.parametrize(("lines", "shown"), [(5, 24), (24, 24), (50, 50), (200, 60)])
def test_a_list_may_fill_the_terminal_but_not_more_than_that(
    terminal: TextIO, lines: int, shown: int
) -> None:
    """And a large terminal not as a whole."""
    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", lines, 97, 0, 0))
    assert view_on(terminal).lines == shown


def test_off_a_terminal_the_text_is_plain_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS is often exported; a pipe must not lose columns for it."""
    monkeypatch.setenv("COLUMNS", "40")
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        assert view_on(stream) == LOG
    os.close(read)
    assert view_on(None) == LOG
