"""``make docs``: writes the generated pages of ``docs``. With ``--check`` it only lists those that are stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tools.docs import (
    command_line,
    environment,
    events,
    exit_codes,
    man_page,
    metrics,
    permissions,
    plan,
    settings,
    steps,
)

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final[dict[str, Callable[[], str]]] = {
    "command-line.md": command_line.page,
    "ddbbackup.1": man_page.page,
    "environment.md": environment.page,
    "events.md": events.page,
    "exit-codes.md": exit_codes.page,
    "metrics.md": metrics.page,
    "permissions.md": permissions.page,
    "plan.md": plan.page,
    "settings.md": settings.page,
    "steps.md": steps.page,
}


def stale_pages(directory: Path = DOCS) -> list[str]:
    """The names of the pages that are missing from ``directory`` or differ from what the program says."""
    return [name for name, page in PAGES.items() if _read(directory / name) != page()]


def write_pages(directory: Path = DOCS) -> list[str]:
    """Writes the stale pages and returns their names."""
    stale = stale_pages(directory)
    for name in stale:
        (directory / name).write_text(PAGES[name](), encoding="utf-8")
    return stale


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Generate the reference pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    if not parser.parse_args(argv).check:
        for name in write_pages():
            print(f"wrote docs/{name}")
        return 0
    stale = stale_pages()
    for name in stale:
        print(f"docs/{name} is stale; run `make docs`")
    return 1 if stale else 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
