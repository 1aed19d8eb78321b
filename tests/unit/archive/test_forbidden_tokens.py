"""Words in blocks, by the C library and without it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive import forbidden_tokens

letters = st.lists(st.sampled_from([b"R", b"e", b"q", b"\0", b"Request", b"\xff"]), max_size=12).map(b"".join)


@pytest.mark.parametrize("with_library", [True, False])
def test_a_word_is_found_wherever_it_stands_and_only_there(
    monkeypatch: pytest.MonkeyPatch, with_library: bool
) -> None:
    """As ``in`` finds it, with zero bytes and at both ends too."""
    if not with_library:
        monkeypatch.setattr(forbidden_tokens, "_memmem", None)

    @given(block=letters, word=letters.filter(bool))
    def law(block: bytes, word: bytes) -> None:
        assert forbidden_tokens.holds(block, word) == (word in block)

    law()
