"""``make site``: builds ``build/site/html`` from ``docs``, and fails if a link leads nowhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from tools.site.stage import stage

CHECKOUT: Final = Path(__file__).parents[2]
BUILD: Final = CHECKOUT / "build" / "site"
COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
LOADED: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="?(?:https?:)?//[^">\s]+"""
    r"""|<link\b(?=[^>]*\brel="?(?:stylesheet|preconnect|preload|icon))[^>]*\bhref="?(?:https?:)?//[^">\s]+""",
)


def main() -> int:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stage(CHECKOUT, project["urls"]["Source"], BUILD / "docs")
    shutil.copy(CHECKOUT / "zensical.toml", BUILD / "zensical.toml")
    # The builder warns of links to pages and headings that do not exist; with --strict it then fails.
    builder = Path(sys.executable).with_name("zensical")
    done = subprocess.run(
        [str(builder), "build", "--clean", "--strict"], cwd=BUILD, capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = COLOR.sub("", done.stdout + done.stderr)
        print(output.partition("Traceback")[0])
        return 1
    foreign = foreign_parts(BUILD / "html")
    for line in foreign:
        print(f"the site loads from another host: {line}")
    if not foreign:
        print(
            f"wrote {BUILD.relative_to(CHECKOUT)}/html, {len(list((BUILD / 'html').rglob('*.html')))} pages"
        )
    return 1 if foreign else 0


def foreign_parts(site: Path) -> list[str]:
    """What a page would load from another host: fonts, scripts, pictures."""
    return [
        f"{page.relative_to(site)}: {found}"
        for page in sorted(site.rglob("*.html"))
        for found in LOADED.findall(page.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    sys.exit(main())
