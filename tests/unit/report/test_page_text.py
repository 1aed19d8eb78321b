"""The words of the page of ``report`` for 1, 50 and 200 tables: ``DDBBACKUP_UPDATE=1`` writes the files anew.

How it looks is in the pictures beside them (``make pictures``) and in ``tests/functional/test_browser.py``.
"""

from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ddbbackup.report.renderers import render
from tests.support.histories import simulated_overview

FOLDER = Path(__file__).parent / "forms"
_LINES = frozenset(
    ("h1", "h2", "h3", "p", "div", "li", "tr", "details", "summary", "section", "header", "footer", "figure")
)
_UNSEEN = frozenset(("style", "script", "title"))


class Words(HTMLParser):
    """What a page says, one line for each of its blocks; what pictures show in brackets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._text = ""
        self._open: list[str] = []
        self.feed(page)

    @property
    def lines(self) -> list[str]:
        return [line for line in (" ".join(each.split()) for each in self._text.split("\n")) if line]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        label = dict(attrs).get("aria-label")
        self._text += "\n" if tag in _LINES else " "
        if tag == "svg" and label:
            self._text += f"[{label}]"

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        self._text += "\n" if tag in _LINES else " "

    def handle_data(self, data: str) -> None:
        if not _UNSEEN & set(self._open):
            self._text += data.replace("\n", " ")


@pytest.mark.parametrize("tables", [1, 50, 200])
def test_what_the_page_says(tables: int) -> None:
    text = "".join(f"{line}\n" for line in Words(render(simulated_overview(tables), "html")).lines)
    path = FOLDER / f"page-{tables}.txt"
    if os.environ.get("DDBBACKUP_UPDATE"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"look at the change, then run with DDBBACKUP_UPDATE=1: {path.name}"
    )
