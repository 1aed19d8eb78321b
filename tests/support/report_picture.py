"""Draws the picture of the page of ``report`` in the documentation: ``make pictures``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ddbbackup.report.renderers import render
from tests.support.browser import Viewport, chromium, opened
from tests.support.histories import simulated_overview

PICTURE: Final = Path(__file__).parents[2] / "docs" / "assets" / "report-page.png"


def draw() -> None:
    """The list of tables of a plan, with one row open."""
    with (
        chromium() as browser,
        opened(browser, render(simulated_overview(50), "html"), Viewport(1200, 800)) as shown,
    ):
        shown.page.evaluate("document.getElementById('list').scrollIntoView()")
        shown.page.click(".t summary >> nth=0")
        shown.page.screenshot(path=PICTURE, animations="disabled")


if __name__ == "__main__":
    draw()
