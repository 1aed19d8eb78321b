"""Colours, one for each meaning. They repeat what the words say: without colours nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ddbbackup.report.commands import typed

if TYPE_CHECKING:
    from ddbbackup.report.renderers.view import View

Style = Literal["ok", "running", "stale", "failed", "blocked", "error", "hint", "heading", "minor"]

_CODES: Final[dict[Style, str]] = {
    "ok": "32",  # green
    "running": "34",  # blue
    "stale": "33",  # yellow
    "failed": "1;31",  # bold red
    "blocked": "1;35",  # bold magenta
    "error": "31",  # red
    "hint": "36",  # cyan
    "heading": "1",
    "minor": "2",
}
"""Parameters of SGR (ECMA-48, 8.3.117), of the eight colours that every theme of a terminal sets."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A cell of a table, or a part of a line, that has a meaning."""

    text: str
    style: Style


def paint(text: str, style: Style | None, view: View) -> str:
    """``text`` in the colour of ``style``. Pad before: the codes count as characters."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if view.colour and style and text.strip() else text


def hint(text: str, view: View) -> str:
    """``hint: …``; its commands name the plan files that this run was given."""
    return paint(f"hint: {typed(text, view.plan_files)}", "hint", view)
