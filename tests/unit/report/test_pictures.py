"""The pictures in ``docs/assets`` show what the program prints."""

from __future__ import annotations

import json

from tests.support.pictures import DIGESTS, FOLDER, digest, pages, terminal


def test_each_picture_was_made_of_what_is_printed_today() -> None:
    """By the digest of its page: `make pictures` draws them again. Look at them."""
    recorded = json.loads(DIGESTS.read_text(encoding="utf-8"))
    changed = [name for name, page in pages().items() if recorded.get(name) != digest(page)]
    assert changed == [], "run `make pictures`, and look at them"
    assert recorded.keys() == pages().keys()


def test_the_pictures_are_small_and_whole() -> None:
    """Everybody who clones the repository gets them."""
    files = [FOLDER / name for name in pages()]
    for file in files:
        content = file.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert content.endswith(b"IEND\xaeB`\x82")
    assert sum(file.stat().st_size for file in files) < 2_000_000


def test_colours_become_elements_and_text_stays_text() -> None:
    """Names may hold what HTML reads as markup."""
    page = terminal("x", "\x1b[1;31mFAILED\x1b[0m  <b>&\n", 80)
    assert '<span class="c1 c31">FAILED</span>  &lt;b&gt;&amp;' in page
