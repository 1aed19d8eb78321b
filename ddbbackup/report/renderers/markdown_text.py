"""Markdown itself: escaped text, code, tables, and parts that are collapsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

COMMENT_CHARACTERS: Final = 65_536 - 1_536
"""GitHub refuses a longer body of a comment; a pipeline may add a link. GitLab takes a million characters."""
SHORTENED: Final = (
    "Shortened to fit into a comment. `--output json=FILE` writes everything; a job of GitHub Actions has it in its "
    "summary and its artifact."
)
_LONG_LINE: Final = 2_000
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~@])")
_REFERENCE: Final = re.compile(r"(?<=\\[@#])(?=\w)")
"""Where a mention or a reference begins. GitHub looks for them after Markdown, which has removed the backslash
(github/cmark-gfm, issue 181), so a space of no width stands between."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """``heads`` and ``rows`` are Markdown already: see ``plain`` and ``code``."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def collapsed(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<details><summary>{heading}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def cut(text: str, characters: int) -> str:
    """The beginning of a text that is too long, with a remark at its end. What matters most must come first."""
    if len(text) <= characters:
        return text
    closing, remark = "\n\n</details>", f"\n\n> {SHORTENED}\n"
    kept = text[: characters - len(closing) - len(remark)]
    lines, _, rest = kept.rpartition("\n")
    kept = lines if len(rest) < _LONG_LINE else f"{kept}…"
    is_open = kept.count("<details>") > kept.count("</details>")
    return f"{kept.rstrip()}{closing if is_open else ''}{remark}"


def plain(text: str) -> str:
    """Escaped text on one line, which mentions nobody; words in backticks stay code."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    return "".join(code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    return _REFERENCE.sub("&#8203;", _SPECIAL.sub(r"\\\1", text))


def code(text: str) -> str:
    """Text as code on one line, also inside a table."""
    quoted = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{quoted}`" if quoted else ""
