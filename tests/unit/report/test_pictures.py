"""The pictures beside the texts of ``forms``, and in ``docs/assets``, show what the program prints."""

from __future__ import annotations

import json
from functools import cache

from tests.support.forms import FOLDER
from tests.support.pictures import DIGESTS, Picture, pictures, terminal


@cache
def current() -> list[Picture]:
    return pictures()


def test_each_picture_was_made_of_what_is_printed_today() -> None:
    """By the digest of its page: `make pictures` draws them again. Look at them."""
    recorded = json.loads(DIGESTS.read_text(encoding="utf-8"))
    changed = [each.path.name for each in current() if recorded.get(each.path.name) != each.digest]
    assert changed == [], "run `make pictures`, and look at them"
    assert set(recorded) == {each.path.name for each in current()}


def test_there_is_a_picture_of_every_form_size_and_width() -> None:
    """Each text for people has its picture; XML and annotations are for machines."""
    texts = {path.stem for path in FOLDER.iterdir() if path.suffix in (".txt", ".md")}
    drawn = {each.path.stem for each in current()}
    unseen = {stem for stem in texts if stem.startswith(("annotations-", "restored-annotations-", "page-"))}
    assert texts - unseen <= drawn
    assert {f"page-{tables}-{device}" for tables in (1, 50, 200) for device in ("desktop", "phone")} <= drawn


def test_the_pictures_are_small_and_whole() -> None:
    """Everybody who clones the repository gets them."""
    files = [each.path for each in current()]
    for file in files:
        content = file.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert content.endswith(b"IEND\xaeB`\x82")
    assert sum(file.stat().st_size for file in files) < 4_000_000


def test_colours_become_elements_and_text_stays_text() -> None:
    """Names may hold what HTML reads as markup."""
    page = terminal("x", "\x1b[1;31mFAILED\x1b[0m  <b>&\n", 80)
    assert '<span class="c1 c31">FAILED</span>  &lt;b&gt;&amp;' in page
