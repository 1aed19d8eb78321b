"""The page of ``report`` as a text: what it loads, what it escapes, how large it is."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from ddbbackup.report.renderers import render
from tests.support.documents import EXAMPLES
from tests.support.histories import HOSTILE, simulated_overview

POLICY = re.compile(
    r"default-src 'none'; style-src '(\S+)'; script-src '(\S+)'; base-uri 'none'; form-action 'none'"
)


class Elements(HTMLParser):
    """The tags of a page, with their attributes and the text of styles and scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("style", "script"):
            self.texts[self._open] = self.texts.get(self._open, "") + data
            self._open = ""


@pytest.fixture(scope="module")
def hostile() -> str:
    return render(simulated_overview(0, names=HOSTILE, unreadable=True), "html")


def test_the_policy_allows_only_the_style_and_the_script_of_the_page(hostile: str) -> None:
    elements = Elements(hostile)
    (policy,) = [each["content"] for tag, each in elements.tags if tag == "meta" and "http-equiv" in each]
    assert policy is not None
    match = POLICY.fullmatch(policy)
    assert match is not None
    hashes = [
        f"sha256-{b64encode(sha256(elements.texts[each].encode()).digest()).decode()}"
        for each in ("style", "script")
    ]
    assert list(match.groups()) == hashes


def test_hostile_names_add_no_element_and_no_attribute(hostile: str) -> None:
    """The page has the same elements as one with ordinary names."""
    plain = Elements(
        render(simulated_overview(0, names=[f"n{i}" for i in range(10)], unreadable=True), "html")
    )
    found = Elements(hostile)
    assert {tag for tag, _ in found.tags} == {tag for tag, _ in plain.tags}
    assert sum(tag == "script" for tag, _ in found.tags) == 1
    names = {name for _, attributes in found.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert "style" not in names
    assert "src" not in names
    links = {each.get("href") for tag, each in found.tags if tag == "a"}
    assert all(link is not None and re.fullmatch(r"#t[0-9]+", link) for link in links)
    for character in "\u202e\x1b":
        assert character not in hostile
    assert "{{ 7 * 7 }}" in hostile  # not evaluated


def test_a_failure_is_a_page_too() -> None:
    page = render(EXAMPLES["error"], "html")
    assert "The report could not be made" in page
    assert "<script" not in page


def test_hundreds_of_tables_that_fail_for_one_reason_are_one_line() -> None:
    page = render(simulated_overview(120), "html")
    never = page.split("Never backed up", 1)[1].split("</div>", 1)[0]
    assert never.count("<li") == 1


def test_two_thousand_tables_have_less_than_five_megabytes() -> None:
    """By the tables of a smaller page that is shown as coarsely."""
    tables = 310
    page = render(simulated_overview(tables), "html").encode()
    fixed = len(render(simulated_overview(1, quiet=True), "html").encode())
    assert fixed + (len(page) - fixed) / tables * 2000 < 5_000_000
