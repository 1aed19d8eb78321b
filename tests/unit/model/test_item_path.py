"""Paths of attributes, as a plan writes them."""

from __future__ import annotations

import pytest

from ddbbackup.model.item_path import EVERY, InvalidPath, parse_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("email", ("email",)),
        ("address.street", ("address", "street")),
        ("lines[0].note", ("lines", 0, "note")),
        ("lines[*].note", ("lines", EVERY, "note")),
        ("address.*", ("address", EVERY)),
        ("a b-c_d", ("a b-c_d",)),
    ],
)
def test_paths(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", ".", "a.", "a..b", "[0]", "a[x]", "a[0", "a]b", "a[0]b", "a.[0]"])
def test_texts_that_are_no_paths(text: str) -> None:
    with pytest.raises(InvalidPath):
        parse_path(text)
