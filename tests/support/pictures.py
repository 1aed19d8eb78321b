"""Pictures of what people see: text on a terminal, comments of pull requests, messages, and the page of ``report``.

``make pictures`` writes one of each form, size and width (``forms.py``), and those of the documentation, with the
digest of the page that each was made of: a test finds a picture that no longer shows what the program prints.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from playwright.sync_api import Page

from ddbbackup.cli.destruction_facts import question
from ddbbackup.report.renderers import render
from tests.support.forms import (
    FILES,
    FOLDER,
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
from tests.support.histories import simulated_overview

DIGESTS: Final = FOLDER / "pictures.json"
MARGIN: Final = 16  # CSS pixels around the text
COLOURS: Final = 64
"""Of a picture of text; a page has four times as many."""
HIGHEST: Final = 3000
"""Of a picture of text: what comes below looks the same."""
_ASSETS: Final = Path(__file__).parents[2] / "docs" / "assets"
_CODE = re.compile(r"\x1b\[([0-9;]*)m")
_TERMINAL_STYLE: Final = f"""
body {{ margin: 0; background: #0d1117 }}
pre {{ margin: 0; padding: {MARGIN}px; color: #d6dde5; font: 13px/1.4 monospace; display: inline-block;
  white-space: pre-wrap; overflow-wrap: anywhere }}
.c1 {{ font-weight: bold }} .c2 {{ color: #8b949e }} .c31 {{ color: #ff7b72 }} .c32 {{ color: #56d364 }}
.c33 {{ color: #e3b341 }} .c34 {{ color: #79c0ff }} .c35 {{ color: #d2a8ff }} .c36 {{ color: #76e3ea }}
"""
_COMMENT_STYLE: Final = """
body { margin: 0; padding: 20px; background: #fff; color: #1f2328; font: 14px/1.5 sans-serif; max-width: 860px }
h3 { margin: 0 0 12px; font-size: 17px; border-bottom: 1px solid #d1d9e0; padding-bottom: 8px }
ul { padding-left: 22px } li { margin: 6px 0 } details { margin-top: 12px }
code { background: #eff1f3; padding: 2px 5px; border-radius: 5px; font: 12px monospace }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px; overflow: hidden }
pre code { background: none; padding: 0 }
table { border-collapse: collapse } td, th { border: 1px solid #d1d9e0; padding: 4px 10px }
"""
_MESSAGE_STYLE: Final = """
body { margin: 0; padding: 20px; background: #fff; color: #1d1c1d; font: 15px/1.46 sans-serif; width: 620px;
  white-space: pre-wrap; overflow-wrap: anywhere }
"""
_WINDOWS: Final = {"desktop": (1440, 1800), "phone": (390, 1700)}
"""Of the page of ``report``: width and height."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``window`` is what is seen of the page; without it, all of its first ``element``."""

    path: Path
    page: str
    element: str = "body"
    window: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.page.encode()).hexdigest()


def pictures() -> list[Picture]:
    """Each as it would be drawn now."""
    return [*_forms(), *_in_the_documentation()]


def _forms() -> Iterator[Picture]:
    for tables in TABLES:
        for width in WIDTHS:
            for name, command in TERMINAL.items():
                page = terminal(command, on_terminal(name, tables, width, colour=True), width)
                yield Picture(FOLDER / f"{name}-{tables}-{width}.png", page, "pre")
            yield Picture(FOLDER / f"progress-{tables}-{width}.png", _progress(tables, width), "pre")
            yield Picture(FOLDER / f"question-{tables}-{width}.png", _question(tables, width), "pre")
        for name, form, _ in FILES:
            if form == "markdown":
                page = comment(render(document(name, tables), form))
                yield Picture(FOLDER / f"{name}-{tables}.png", page)
        for name in MESSAGES:
            yield Picture(FOLDER / f"{name}-{tables}.png", _message(message(name, tables)))
        for device, window in _WINDOWS.items():
            page = render(simulated_overview(tables), "html")
            yield Picture(FOLDER / f"page-{tables}-{device}.png", page, window=window)


def _in_the_documentation() -> Iterator[Picture]:
    shown = on_terminal("status", 50, 100, colour=True)
    yield Picture(_ASSETS / "status.png", terminal(TERMINAL["status"], shown, 100), "pre")
    yield Picture(_ASSETS / "comment.png", comment(render(document("against", 200), "markdown")))


def _progress(tables: int, width: int) -> str:
    first, *others = night(tables).progress[width]
    red = re.sub("([1-9][0-9]* failed)", "\x1b[1;31m\\1\x1b[0m\x1b[1m", first)
    lines = [f"\x1b[1m{red}\x1b[0m", *others]
    return terminal("ddbbackup backup", "\n".join(lines), width)


def _question(tables: int, width: int) -> str:
    _, asked = question(night(tables).question, "prod")
    return terminal(TERMINAL["restored"], f"{before_the_question(tables, width)}{asked}", width)


def terminal(command: str, text: str, width: int) -> str:
    """A terminal of ``width`` characters, after a command."""
    shown = f"<b>$ {html.escape(command)}</b>\n{''.join(_spans(text.rstrip()))}"
    style = f"{_TERMINAL_STYLE} pre {{ width: {width}ch }}"
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><pre>{shown}\n</pre>'


def comment(markdown: str) -> str:
    """A comment on GitHub, details closed."""
    shown = MarkdownIt("commonmark").enable("table").render(markdown)
    return f'<!doctype html><meta charset="utf-8"><style>{_COMMENT_STYLE}</style><body>{shown}</body>'


def _message(text: str) -> str:
    style = f"<style>{_MESSAGE_STYLE}</style>"
    return f'<!doctype html><meta charset="utf-8">{style}<body>{html.escape(text)}</body>'


def _spans(text: str) -> Iterable[str]:
    """The text with an element for each colour."""
    parts = _CODE.split(text)
    yield html.escape(parts[0])
    for code, part in zip(parts[1::2], parts[2::2], strict=True):
        classes = " ".join(f"c{each}" for each in code.split(";") if each.strip("0"))
        yield f'<span class="{classes}">{html.escape(part)}</span>' if classes else html.escape(part)


def main() -> None:
    """Draws those of which the page has changed."""
    from tests.support.browser import Viewport, chromium, opened  # noqa: PLC0415 - only the pictures need it

    recorded = json.loads(DIGESTS.read_text(encoding="utf-8")) if DIGESTS.exists() else {}
    drawn = pictures()  # before there is a browser, which has an event loop of its own
    with chromium() as browser:
        for each in drawn:
            if recorded.get(each.path.name) == each.digest and each.path.exists():
                continue
            with opened(browser, each.page, Viewport(*(each.window or (1240, 100)))) as shown:
                if each.window:
                    png = shown.page.screenshot(animations="disabled")
                else:
                    png = _element(shown.page, each.element)
            each.path.write_bytes(_small(png, 4 * COLOURS if each.window else COLOURS))
    for path in FOLDER.glob("*.png"):
        if path not in {each.path for each in drawn}:
            path.unlink()
    digests = {each.path.name: each.digest for each in drawn}
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


def _element(page: Page, name: str) -> bytes:
    box = page.locator(name).first.bounding_box()
    assert box is not None
    box["height"] = min(box["height"], HIGHEST)
    return page.screenshot(clip=box, full_page=True, animations="disabled")


def _small(png: bytes, colours: int) -> bytes:
    """With few colours: everybody who clones the repository gets the pictures."""
    from PIL import Image  # noqa: PLC0415 - see main

    written = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        few = image.convert("RGB").quantize(
            colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )  # rare colours, such as that of BLOCKED, stay
        few.save(written, "png", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    main()
