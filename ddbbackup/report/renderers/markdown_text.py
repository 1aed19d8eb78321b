"""Markdown itself: escaped text, code, tables, and parts that are collapsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~@])")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """``heads`` and ``rows`` are Markdown already: see ``plain`` and ``code``."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def collapsed(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<details><summary>{heading}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def plain(text: str) -> str:
    """Escaped text on one line; words in backticks stay code."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    return "".join(
        code(part) if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Text as code on one line, also inside a table."""
    quoted = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{quoted}`" if quoted else ""
