"""Lines as a terminal shows them: broken at spaces, so that names, IDs and commands stay whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ddbbackup.report.renderers.view import View

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_WORD: Final = re.compile(r"(?:`[^`\n]*`|\S)+")
"""A command in backticks is one word: it can be selected and typed."""
_GAP: Final = re.compile(r"(?<=\S)  +(?=\S)")
"""Between the columns of a line."""
_FURTHER: Final = 2  # columns that the rest of a broken line is indented, if it has no columns


def wrapped(text: str, view: View) -> str:
    """``text`` with lines that fit the width of a terminal. A word that is wider stays whole on a line of its own.

    The rest of a line stands below its last column, if that begins in the left half of the terminal.
    """
    width = view.width
    if width is None:
        return text
    return "".join(
        line if _columns(line) <= width else _broken(line, width) for line in text.splitlines(keepends=True)
    )


def height(text: str, view: View) -> int:
    """The lines that ``text`` takes on the terminal, which breaks words that are wider than itself."""
    width = view.width
    if width is None:
        return len(text.splitlines())
    return sum(max(1, -(-_columns(line) // width)) for line in wrapped(text, view).splitlines())


def _columns(line: str) -> int:
    return len(_COLOUR.sub("", line.removesuffix("\n")))


def _broken(line: str, width: int) -> str:
    words = list(_WORD.finditer(line))
    indented = words[0].start() + _FURTHER if words else 0
    gaps = [_columns(line[: gap.end()]) for gap in _GAP.finditer(line)]
    below = max((column for column in gaps if indented < column <= width // 2), default=indented)
    lines, end = [line[: words[0].end()] if words else line], words[0].end() if words else 0
    for word in words[1:]:
        longer = lines[-1] + line[end : word.end()]
        if _columns(longer) <= width:
            lines[-1] = longer
        else:
            fits = below + _columns(word.group()) <= width
            lines.append(" " * (below if fits else indented) + word.group())
        end = word.end()
    return "".join(f"{each}\n" for each in lines)
