"""A headless Chromium that opens pages as people see them, and makes pictures of them.

``make`` unpacks one into ``.tools`` on Linux on x86-64, with its own fonts, so that pictures look the same on every
machine. Elsewhere an installed Chrome or Chromium is used, and tests are skipped where there is none.

The pages reach no network: every request that a page makes is aborted and noted, except for the page itself.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.support.servers import MODULES, TOOLS

_FOLDER: Final = TOOLS / "chromium"
_INSTALLED: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_MACOS: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_AXE: Final = MODULES / "axe-core" / "axe.min.js"


class Viewport(NamedTuple):
    """In CSS pixels."""

    width: int
    height: int


PHONE: Final = Viewport(390, 844)
DESKTOP: Final = Viewport(1440, 900)


@dataclass
class OpenPage:
    """A page of the browser. ``requests`` are the addresses that it asked for besides its own, ``errors`` what it
    wrote to the console, such as what its Content-Security-Policy kept from running."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def serious_findings(self) -> list[str]:
        """What axe-core finds that keeps people from using the page: rule, element and reason of each."""
        self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['target']}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
            if rule["impact"] in ("serious", "critical")
        ]

    @property
    def is_wider_than_the_screen(self) -> bool:
        """Whether the page as a whole scrolls sideways."""
        wider: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wider


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, until the end of the block. Skips the test on a machine that can have none.

    Nothing may call ``asyncio.run`` within the block, which programs that run in this process do: Playwright has
    its own event loop in this thread.
    """
    executable, environment = _executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            env=environment,
            args=["--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser,
    page: Path | str,
    viewport: Viewport = DESKTOP,
    *,
    dark: bool = False,
    scripts: bool = True,
    scale: float = 1,
) -> Iterator[OpenPage]:
    """A file, or a text of HTML, opened in a window of its own. ``scripts``: JavaScript is on."""
    context = browser.new_context(
        viewport={"width": viewport.width, "height": viewport.height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        device_scale_factor=scale,
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        opened = OpenPage(context.new_page())
        own = page.resolve().as_uri() if isinstance(page, Path) else None

        def abort(route: Route) -> None:
            if route.request.url.partition("#")[0] == own:
                route.continue_()
            else:
                opened.requests.append(route.request.url)
                route.abort()

        context.route("**/*", abort)
        opened.page.on(
            "console",
            lambda message: opened.errors.append(message.text) if message.type == "error" else None,
        )
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        if own is not None:
            opened.page.goto(own)
        else:
            opened.page.set_content(str(page))
        yield opened
    finally:
        context.close()


def picture(browser: Browser, page: Path | str, viewport: Viewport = DESKTOP, *, dark: bool = False) -> bytes:
    """A PNG of the whole page, as high as it is."""
    with opened(browser, page, viewport, dark=dark) as shown:
        return shown.page.screenshot(full_page=True, animations="disabled")


def _executable() -> tuple[str, dict[str, str | float | bool]]:
    """The program, and its environment."""
    own = _FOLDER / "chromium"
    if own.exists():
        libraries = {
            "LD_LIBRARY_PATH": str(_FOLDER / "lib"),
            "FONTCONFIG_FILE": str(_FOLDER / "fonts.conf"),
            "XDG_CACHE_HOME": str(_FOLDER / "cache"),
        }
        return str(own), {**os.environ, **libraries}
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        pytest.fail(f"{own} does not exist: run `make .tools/.ready`")
    for installed in (*filter(None, map(shutil.which, _INSTALLED)), str(_ON_MACOS)):
        if Path(installed).exists():
            return installed, {**os.environ}
    pytest.skip("no Chrome or Chromium is installed, and none can be unpacked on this machine")
