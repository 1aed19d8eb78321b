"""How large the page of ``report`` is for two thousand tables, and how fast a browser opens it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from ddbbackup.report.renderers import render
from tests.benchmarks.targets import Target
from tests.support.browser import DESKTOP, PHONE, Viewport, chromium, opened
from tests.support.histories import simulated_overview

TABLES: Final = 2_000
_OPENINGS: Final = 3
_LOADED: Final = "performance.getEntriesByType('navigation')[0].loadEventEnd"


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """Medians of seconds from the request to the end of the load event. None: the machine has no browser."""

    size_bytes: int
    desktop_seconds: float | None
    phone_seconds: float | None


def open_report(work: Path, *, tables: int = TABLES) -> OpenedReport:
    page = work / "report.html"
    page.write_text(render(simulated_overview(tables), "html"), encoding="utf-8")
    try:
        with chromium() as browser:
            seconds = [_seconds(browser, page, viewport) for viewport in (DESKTOP, PHONE)]
    except pytest.skip.Exception:
        return OpenedReport(page.stat().st_size, None, None)
    return OpenedReport(page.stat().st_size, *seconds)


def _seconds(browser: Browser, page: Path, viewport: Viewport) -> float:
    found = []
    for _ in range(_OPENINGS):
        with opened(browser, page, viewport) as shown:
            milliseconds: float = shown.page.evaluate(_LOADED)
            found.append(milliseconds / 1000)
    return statistics.median(found)


def targets(report: OpenedReport) -> list[Target]:
    size = Target(
        f"page of `report` for {TABLES:,} tables",
        "< 5 MB",
        f"{report.size_bytes / 1e6:.2f} MB",
        report.size_bytes < 5e6,
    )
    times = [
        Target(f"time in which Chromium opens this page, {name}", "≤ 1 s", f"{seconds:.2f} s", seconds <= 1)
        for name, seconds in (("desktop", report.desktop_seconds), ("phone", report.phone_seconds))
        if seconds is not None
    ]
    return [size, *times]
