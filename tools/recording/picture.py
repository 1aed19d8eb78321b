"""What a terminal shows, as an SVG that loads nothing from elsewhere and says its text to screen readers."""

from __future__ import annotations

import html
import io
import re
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_THEME: Final = TerminalTheme(
    (22, 27, 34),
    (214, 219, 224),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (214, 219, 224),
    ],
    [
        (139, 148, 158),
        (255, 161, 152),
        (126, 231, 135),
        (242, 204, 96),
        (165, 214, 255),
        (226, 197, 255),
        (179, 240, 255),
        (255, 255, 255),
    ],
)
# rich's own format loads a font from another host, and has no text for who does not see the picture.
_FORMAT: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="shown">
<desc id="shown">DESCRIPTION</desc>
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, monospace; }}
.{unique_id}-title {{ font: bold 16px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw(shown: str, columns: int) -> str:
    """``shown`` is what a program writes to a terminal of this width, with its colors."""
    text = Text.from_ansi(shown)
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    console.print(text, overflow="fold")
    description = html.escape(text.plain).replace("{", "{{").replace("}", "}}")
    picture = console.export_svg(
        title="ddbbackup",
        theme=_THEME,
        code_format=_FORMAT.replace("DESCRIPTION", description),
        unique_id="terminal",
    )
    return re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE)


def text_of(picture: str) -> str:
    """The text that the picture shows."""
    found = re.search(r"<desc[^>]*>(.*?)</desc>", picture, re.DOTALL)
    if found is None:
        raise ValueError("the picture has no description")
    return html.unescape(found[1])
