"""The site is built from ``docs``: every page is in its navigation, and every link leads somewhere."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.site.__main__ import foreign_parts
from tools.site.stage import stage

CHECKOUT = Path(__file__).parents[3]
DOCS = CHECKOUT / "docs"
SOURCE = "https://example.com/acme/tool"


def pages_of(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for inner in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from pages_of(inner)


def test_every_page_is_in_the_navigation_once() -> None:
    """Decisions are reached from their index. A page that nothing leads to is not found."""
    listed = list(pages_of(tomllib.loads((CHECKOUT / "zensical.toml").read_text())["project"]["nav"]))
    assert len(listed) == len(set(listed))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "decisions"}
    assert set(listed) == pages | {"decisions/README.md"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "how-to").mkdir(parents=True)
    (tmp_path / "configs").mkdir()
    (tmp_path / "LICENSE").touch()
    (tmp_path / "docs" / "plan.md").write_text("# Plan\n")
    return tmp_path


@pytest.mark.parametrize(
    ("link", "staged"),
    [
        ("../plan.md#keys", "../plan.md#keys"),
        ("#here", "#here"),
        ("https://example.org/a", "https://example.org/a"),
        ("../../LICENSE", f"{SOURCE}/blob/main/LICENSE"),
        ("../../LICENSE#terms", f"{SOURCE}/blob/main/LICENSE#terms"),
        ("../../configs", f"{SOURCE}/tree/main/configs"),
        ("../../configs/", f"{SOURCE}/tree/main/configs"),
        ("../../gone.md", "../../gone.md"),
    ],
)
def test_links_that_leave_docs_lead_to_the_repository(checkout: Path, link: str, staged: str) -> None:
    """All others stay, broken ones too, so that the builder finds them."""
    (checkout / "docs" / "how-to" / "a.md").write_text(f"See [it]({link}).\n")
    stage(checkout, SOURCE, checkout / "staged")
    assert (checkout / "staged" / "how-to" / "a.md").read_text() == f"See [it]({staged}).\n"


def test_what_is_gone_from_docs_is_gone_from_the_copy(checkout: Path) -> None:
    """Otherwise a link to a deleted page would still work here, and nowhere else."""
    (checkout / "staged").mkdir()
    (checkout / "staged" / "old.md").touch()
    stage(checkout, SOURCE, checkout / "staged")
    assert not (checkout / "staged" / "old.md").exists()


@pytest.mark.parametrize(
    ("html", "foreign"),
    [
        ('<link rel="stylesheet" href="assets/a.css"><script src="../a.js"></script>', 0),
        ('<a href="https://example.org">a</a><link rel="canonical" href="https://example.org/">', 0),
        ('<script src="https://example.org/a.js"></script>', 1),
        ('<img alt="a" src="//example.org/a.png">', 1),
        ('<link rel="preconnect" href="https://fonts.example.org">', 1),
        ('<link href="https://fonts.example.org/css" rel="stylesheet">', 1),
    ],
)
def test_no_page_loads_anything_from_another_host(tmp_path: Path, html: str, foreign: int) -> None:
    """No fonts, no analytics: who reads the documentation is nobody's business. Links may lead anywhere."""
    (tmp_path / "index.html").write_text(html)
    assert len(foreign_parts(tmp_path)) == foreign
