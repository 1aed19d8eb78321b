"""Search for tokens in blocks, with the C library and without it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive import forbidden_tokens

letters = st.lists(st.sampled_from([b"R", b"e", b"q", b"\0", b"Request", b"\xff"]), max_size=12).map(b"".join)


@pytest.mark.parametrize("with_library", [True, False])
def test_a_token_is_found_wherever_it_occurs(monkeypatch: pytest.MonkeyPatch, with_library: bool) -> None:
    """Exactly as ``in`` finds it: also at both ends, and with zero bytes."""
    if not with_library:
        monkeypatch.setattr(forbidden_tokens, "_memmem", None)

    @given(block=letters, token=letters.filter(bool))
    def same_as_in(block: bytes, token: bytes) -> None:
        assert forbidden_tokens.contains(block, token) == (token in block)

    same_as_in()
