"""Copies ``docs`` for the builder of the site.

The pages are read in two places: on GitHub, where a link may lead to any file of the repository, and on the site,
which has only ``docs``. So links that leave ``docs`` get the address of the file in the repository.
"""

from __future__ import annotations

import os.path
import re
import shutil
from pathlib import Path
from typing import Final

LINK: Final = re.compile(r"(?<=\]\()(?P<target>[^)#\s]+)")


def stage(checkout: Path, source_url: str, target: Path) -> None:
    """Writes the pages and pictures of ``checkout/docs`` to ``target``, which is replaced."""
    docs = checkout / "docs"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(docs, target)
    for page in target.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(
            _with_addresses(text, docs / page.relative_to(target), checkout, source_url), encoding="utf-8"
        )


def _with_addresses(text: str, page: Path, checkout: Path, source_url: str) -> str:
    def address(link: re.Match[str]) -> str:
        target = link["target"]
        if ":" in target:
            return target
        path = Path(os.path.normpath(page.parent / target))
        if path.is_relative_to(checkout / "docs") or not path.exists():
            return target  # a broken link stays as it is, so that the builder finds it
        kind = "tree" if path.is_dir() else "blob"
        return f"{source_url}/{kind}/main/{path.relative_to(checkout).as_posix()}"

    return LINK.sub(address, text)
