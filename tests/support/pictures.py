"""Pictures of what people see: coloured text on a terminal, and Markdown as a pull request shows it.

``make pictures`` writes them to ``docs/assets``, each with the digest of the page that it was made of: a test finds a
picture that no longer shows what the program prints. Only that test and this program know what is in the folder.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog
from markdown_it import MarkdownIt

from ddbbackup.cli.destruction_facts import facts
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import View
from tests.support.histories import simulated_overview
from tests.support.simulated_night import Night, simulated_night

FOLDER: Final = Path(__file__).parents[2] / "docs" / "assets"
DIGESTS: Final = FOLDER / "pictures.json"
MARGIN: Final = 16  # CSS pixels around the text
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
table { border-collapse: collapse } td, th { border: 1px solid #d1d9e0; padding: 4px 10px }
"""
_COMMANDS: Final = {
    "before": "ddbbackup preview backup",
    "checks": "ddbbackup doctor",
    "report": "ddbbackup backup",
    "status": "ddbbackup status",
    "backups": "ddbbackup list",
    "verification": "ddbbackup verify",
    "against": "ddbbackup preview backup --against origin/main",
    "restore": "ddbbackup preview restore rollback",
    "restored": "ddbbackup restore rollback",
    "prune": "ddbbackup prune",
    "pruned": "ddbbackup prune --apply",
}
_TERMINALS: Final = (
    ("report", 1, 80),
    ("report", 50, 80),
    ("report", 200, 140),
    ("status", 1, 80),
    ("status", 50, 80),
    ("status", 200, 140),
    ("backups", 200, 140),
    ("before", 200, 140),
    ("checks", 200, 140),
    ("verification", 50, 80),
    ("against", 200, 140),
    ("restore", 50, 80),
    ("restored", 50, 80),
    ("prune", 200, 140),
    ("pruned", 200, 80),
)
_REPORTS: Final = {
    "page-1-desktop.png": (1, 1440, 900),
    "page-200-desktop.png": (200, 1440, 1800),
    "page-200-phone.png": (200, 390, 1700),
}
"""Of the page of ``report``: how many tables, and the size of the window."""


@cache
def night(tables: int) -> Night:
    """Without its log."""
    with TemporaryDirectory() as folder:
        try:
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
            return simulated_night(tables, Path(folder))
        finally:
            structlog.reset_defaults()


@cache
def pages() -> dict[str, str]:
    """The page of each picture, by the name of its file."""
    found = {}
    for name, tables, width in _TERMINALS:
        view = View(width=width, lines=32, colour=True)
        text = render(getattr(night(tables), name), "text", view)
        found[f"{name}-{tables}.png"] = terminal(_COMMANDS[name], text, width)
    for tables in (50, 200):
        lines = night(tables).progress
        red = re.sub("([1-9][0-9]* failed)", "\x1b[1;31m\\1\x1b[0m\x1b[1m", lines[0])
        text = f"\x1b[1m{red}\x1b[0m\n" + "".join(f"{line}\n" for line in lines[1:])
        found[f"progress-{tables}.png"] = terminal("ddbbackup backup", text, 110)
        found[f"comment-{tables}.png"] = comment(render(night(tables).report, "markdown"))
    asked = night(50)
    above = list(facts(asked.question, asked.restored.started_at, View(width=80, lines=32)))
    question = f"Type the name of the plan, prod, to confirm this for {len(asked.question)} tables: "
    found["question-50.png"] = terminal("ddbbackup restore rollback", "\n".join([*above, question]), 80)
    for name, (tables, _, _) in _REPORTS.items():
        found[name] = render(simulated_overview(tables), "html")
    return found


def terminal(command: str, text: str, width: int) -> str:
    """A terminal of ``width`` characters, after a command."""
    shown = f"<b>$ {html.escape(command)}</b>\n{''.join(_spans(text.rstrip()))}"
    style = f"{_TERMINAL_STYLE} pre {{ width: {width}ch }}"
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><pre>{shown}\n</pre>'


def comment(markdown: str) -> str:
    """A comment on GitHub, details closed."""
    shown = MarkdownIt("commonmark").enable("table").render(markdown)
    return f'<!doctype html><meta charset="utf-8"><style>{_COMMENT_STYLE}</style><body>{shown}</body>'


def _spans(text: str) -> Iterable[str]:
    """The text with an element for each colour."""
    parts = _CODE.split(text)
    yield html.escape(parts[0])
    for code, part in zip(parts[1::2], parts[2::2], strict=True):
        classes = " ".join(f"c{each}" for each in code.split(";") if each.strip("0"))
        yield f'<span class="{classes}">{html.escape(part)}</span>' if classes else html.escape(part)


def digest(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()


def main() -> None:
    from tests.support.browser import Viewport, chromium, opened  # noqa: PLC0415 - only the pictures need it

    drawn = pages()  # before there is a browser, which has an event loop of its own
    with chromium() as browser:
        for name, page in drawn.items():
            if name in _REPORTS:
                with opened(browser, page, Viewport(*_REPORTS[name][1:])) as shown:
                    (FOLDER / name).write_bytes(shown.page.screenshot(animations="disabled"))
                continue
            with opened(browser, page, Viewport(1240, 100)) as shown:
                element = shown.page.locator("pre" if "<pre" in page else "body").first
                (FOLDER / name).write_bytes(element.screenshot(animations="disabled"))
    digests = {name: digest(page) for name, page in drawn.items()}
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
