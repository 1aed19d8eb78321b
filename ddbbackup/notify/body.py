"""The text of a notification within the limits of its channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ddbbackup.model.numbers import counted
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import View

_BRIEF: Final = View(lines=24)
_LAST_LINE: Final = 60  # characters, of the line that says what is missing


def body(document: RunNotification, limit: int, *, size: Callable[[str], int]) -> str:
    """Everything if it fits; else without the tables that are well; else as many lines as fit, failures first.

    ``size`` measures a text as the channel does, after its own escapes.
    """
    whole = render(document, "text")
    if size(whole) <= limit:
        return whole
    brief = render(document, "text", _BRIEF)
    return brief if size(brief) <= limit else _first_lines(brief, limit, size)


def _first_lines(text: str, limit: int, size: Callable[[str], int]) -> str:
    lines = text.splitlines(keepends=True)
    kept, room = 0, limit - _LAST_LINE
    while kept < len(lines) and room >= size(lines[kept]):
        room -= size(lines[kept])
        kept += 1
    rest = len(lines) - kept
    shown = "".join(lines[:kept]).rstrip("\n") or text[: max(0, limit // 8)]
    return f"{shown}\n… and {counted(rest, 'more line')} in the report of the run\n"
