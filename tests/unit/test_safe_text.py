"""The door for text: nothing that passes it moves a cursor, forges a line, reorders text or holds a password."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.safe_text import LONGEST, Secrets, escape, escape_json, escape_lines, escaped

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


def unsafe(text: str) -> list[str]:
    return [
        c for c in text if unicodedata.category(c) in ("Cc", "Cs") or c in BIDI or c in "\u2028\u2029\ufeff"
    ]


@given(any_text)
def test_a_value_is_one_line_without_anything_that_acts(text: str) -> None:
    """Controls, C1, bidi marks, line separators and lone surrogates, wherever they are."""
    shown = escape(text)
    assert unsafe(shown) == []
    shown.encode()


@given(any_text)
def test_what_is_harmless_is_left_as_it_is(text: str) -> None:
    """So names of tables and people's words stay readable."""
    harmless = "".join(c for c in text if c.isalnum() or c in " .-_/'")
    if not any(unicodedata.category(c) == "Cs" for c in harmless):
        assert escape(harmless) == harmless


@given(any_text)
def test_json_keeps_its_values(text: str) -> None:
    """Escaped as JSON does it; readers get what was meant."""
    document = json.dumps({"key": text}, ensure_ascii=False, indent=2)
    shown = escape_json(document)
    assert [c for c in unsafe(shown) if c != "\n"] == []
    assert json.loads(shown) == {"key": text}


def test_our_own_lines_stay_lines() -> None:
    """A report has many; what stands in them was escaped before."""
    assert escape_lines("one\ntwo\x1b[2J\n") == "one\ntwo\\x1b[2J\n"


def test_a_value_that_is_a_book_is_cut() -> None:
    """And its length is said."""
    shown = escape("A" * 100_000)
    assert len(shown) < LONGEST + 50
    assert "100000 characters" in shown


def test_everything_in_a_document_is_escaped() -> None:
    """At any depth, keys too."""

    @dataclass(frozen=True)
    class Row:
        name: str
        facts: dict[str, object]
        items: int | None = None

    shown = escaped((Row("a\x1b", {"k\n": ["\u202eb", {"c": "\x9b"}]}, items=3),))
    assert shown == (Row(r"a\x1b", {r"k\n": [r"\u202eb", {"c": r"\x9b"}]}, items=3),)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cr3t@proxy.example:3128",
        "http://user:s3cr3t#x@127.0.0.1:1",
        "http://user:s3cr3t/x@127.0.0.1:1",
        "socks5://user:s3cr3t@127.0.0.1:1",
        "https://token-s3cr3t@hooks.example/x",
    ],
)
def test_the_password_of_an_address_is_never_shown(url: str) -> None:
    """Wherever a library quotes the address, or a part of it."""
    secrets = Secrets()
    secrets.add_environment({"https_proxy": url})
    rest = url.partition("://")[2]
    for text in (
        url,
        f"cannot connect to {url}: refused",
        f"Invalid URL '{rest}'",
        f"Port could not be cast: '{rest}'",
    ):
        assert "s3cr3t" not in secrets.mask(text), text


def test_keys_and_tokens_of_the_environment_are_masked() -> None:
    """Short values are not: they would mask half of all words."""
    secrets = Secrets()
    secrets.add_environment({"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG", "AWS_SESSION_TOKEN": "abc"})
    assert secrets.mask("key wJalrXUtnFEMI/K7MDENG, abc") == "key ***, abc"
