"""The browser of the tests sees what people see: colours, scripts, requests and what hinders people."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import DESKTOP, PHONE, chromium, opened, picture

PAGE = """<!doctype html><html lang="en"><title>t</title><meta name="viewport" content="width=device-width">
<style>@media (prefers-color-scheme: dark) { body { background: black; color: white } }</style>
<main><h1>Hello</h1><button onclick="this.textContent = 'clicked'">click</button></main>"""


def test_a_page_is_opened_in_light_and_dark_wide_and_narrow_with_and_without_scripts(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    background = "getComputedStyle(document.body).backgroundColor"
    with chromium() as browser:
        with opened(browser, file, PHONE, dark=True) as phone:
            phone.page.click("button")
            assert phone.page.inner_text("button") == "clicked"
            assert phone.page.evaluate(background) == "rgb(0, 0, 0)"
            assert phone.page.evaluate("innerWidth") == 390
            assert phone.serious_findings() == []
        with opened(browser, file, DESKTOP, scripts=False) as desktop:
            desktop.page.click("button")
            assert desktop.page.inner_text("button") == "click"
        png = picture(browser, file)
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 1440


def test_requests_errors_and_what_keeps_people_from_using_a_page_are_noted() -> None:
    bad = """<!doctype html><title>t</title><img src="https://example.com/a.png"><button></button>
    <script>throw new Error("no")</script><p style="width: 2000px">wide</p>"""
    with chromium() as browser, opened(browser, bad, PHONE) as page:
        found = [each.partition(":")[0] for each in page.serious_findings()]
        assert {"html-has-lang", "image-alt", "button-name"} <= set(found)
        assert page.requests == ["https://example.com/a.png"]
        assert any("no" in error for error in page.errors)
        assert page.is_wider_than_the_screen
