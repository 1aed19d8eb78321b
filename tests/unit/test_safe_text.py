"""The door for text: nothing that passes it moves a cursor, forges a line, reorders text or holds a password."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.safe_text import (
    LONGEST,
    SECRETS,
    Secrets,
    escape,
    escape_json,
    escape_json_to_ascii,
    escape_lines,
    escaped,
    masked,
)

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u2028\u2029\ufeff\u00ad\u200b\u3164\U000e0041"
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """The secrets of this process, without those that another test added."""
    monkeypatch.setattr(SECRETS, "_known", set())
    monkeypatch.setattr(SECRETS, "_pattern", None)
    return SECRETS


def unsafe(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cs") or c in BIDI + INVISIBLE]


@given(any_text)
def test_a_value_is_one_line_without_anything_that_acts(text: str) -> None:
    """Controls, C1, bidi marks, line separators, invisible characters and lone surrogates, wherever they are."""
    shown = escape(text)
    assert unsafe(shown) == []
    shown.encode()


@given(any_text)
def test_what_is_harmless_is_left_as_it_is(text: str) -> None:
    """Names of tables and people's words stay readable."""
    harmless = "".join(c for c in text if c.isalnum() or c in " .-_/'")
    if not any(unicodedata.category(c) == "Cs" for c in harmless):
        assert escape(harmless) == harmless


@given(any_text)
def test_json_keeps_its_values(text: str) -> None:
    """Escaped as JSON does it; readers get the same values, also through a stream that is not UTF-8."""
    document = json.dumps({"key": text}, ensure_ascii=False, indent=2)
    shown = escape_json(document)
    assert [c for c in unsafe(shown) if c != "\n"] == []
    assert json.loads(shown) == {"key": text}
    ascii_only = escape_json_to_ascii(shown)
    assert ascii_only.isascii()
    assert json.loads(ascii_only) == {"key": text}


def test_a_text_of_lines_keeps_its_newlines() -> None:
    """A traceback has many lines."""
    assert escape_lines("one\ntwo\x1b[2J\n") == "one\ntwo\\x1b[2J\n"


@pytest.mark.parametrize(
    "text", ["::error::x", " \t::set-output name=x::y", "::", "a ##[error]x", "##vso[task.x]"]
)
def test_a_value_is_no_command_of_a_ci_system(text: str) -> None:
    """GitHub obeys lines that begin with `::`, and `##[` anywhere; Azure obeys `##vso[`."""
    for shown in (escape(text), escape_lines(f"first\n{text}").partition("\n")[2]):
        assert not shown.lstrip().startswith("::")
        assert "##[" not in shown
        assert "##vso[" not in shown
    document = json.dumps({"key": text})
    assert "##[" not in escape_json(document)
    assert json.loads(escape_json(document)) == {"key": text}
    assert escape("arn::x C:: #[1] ##") == "arn::x C:: #[1] ##", "these are none"


def test_a_value_that_is_a_book_is_cut() -> None:
    """The text says how long it was."""
    shown = escape("A" * 100_000)
    assert len(shown) < LONGEST + 50
    assert "100000 characters" in shown


@pytest.mark.parametrize(
    "text", ["A" * 100_000, "a://" * 25_000, "://:" * 25_000, ":" * 100_000, "a://:" * 20_000]
)
def test_no_text_takes_long(text: str) -> None:
    """The time is linear in the length, whatever the text holds."""
    begun = time.process_time()
    escape_lines(text)
    escape(text, longest=None)
    assert time.process_time() - begun < 2


def test_everything_in_a_document_is_escaped() -> None:
    """At any depth, keys too."""

    @dataclass(frozen=True)
    class Row:
        name: str
        facts: dict[str, object]
        items: int | None = None

    shown = escaped((Row("a\x1b", {"k\n": ["\u202eb", {"c": "\x9b"}]}, items=3),))
    assert shown == (Row(r"a\x1b", {r"k\n": [r"\u202eb", {"c": r"\x9b"}]}, items=3),)


def test_everything_in_a_document_is_masked(secrets: Secrets) -> None:
    """For JSON, which has its own escapes: numbers that look like a password stay numbers."""
    secrets.add("1234")
    document = masked({"pin": "is 1234", "items": 1234, "1234": ["http://u:p@h/"]})
    assert document == {"pin": "is ***", "items": 1234, "***": ["http://***@h/"]}


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cr3t@proxy.example:3128",
        "http://user:s3cr3t#x@127.0.0.1:1",
        "http://user:s3cr3t/x@127.0.0.1:1",
        "socks5://user:s3cr3t@127.0.0.1:1",
        "https://token-s3cr3t@hooks.example/x",
        "user:s3cr3t/x@127.0.0.1:1",
        "http://user:s3cr3t%23x@127.0.0.1:1",
    ],
)
def test_the_password_of_an_address_is_never_shown(url: str) -> None:
    """Wherever a library quotes the address, or a part of it."""
    secrets = Secrets()
    secrets.add_environment({"https_proxy": url})
    rest = url.partition("://")[2] or url
    for text in (
        url,
        f"cannot connect to {url}: refused",
        f"Invalid URL '{rest}'",
        f"Port could not be cast: '{rest}'",
        f"Failed to parse: '{rest.partition('#')[0].partition('/')[0]}' is not a valid host or port",
    ):
        assert "s3cr3t" not in secrets.mask(text), text


def test_keys_and_tokens_of_the_environment_are_masked() -> None:
    """Short values are not: they would mask parts of ordinary words."""
    secrets = Secrets()
    secrets.add_environment({"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG", "AWS_SESSION_TOKEN": "secret"})
    assert secrets.mask("key wJalrXUtnFEMI/K7MDENG, secret") == "key ***, secret"


def test_a_secret_at_the_cut_of_a_long_value_is_masked(secrets: Secrets) -> None:
    """Not shown up to the cut."""
    secrets.add("s3cr3t-password")
    assert "s3cr3t" not in escape("x" * (LONGEST - 7) + "s3cr3t-password" + "x" * LONGEST)


@pytest.mark.parametrize(
    "quoted",
    [
        repr,
        lambda secret: repr(secret.encode(errors="surrogateescape")),
        lambda secret: " ".join(secret.split()),
    ],
    ids=["text", "bytes", "one line"],
)
def test_a_secret_is_masked_as_a_library_quotes_it(secrets: Secrets, quoted: Callable[[str], str]) -> None:
    """http.client quotes the bytes of a header that it refuses."""
    token = "tok\u00e9n-of-a-session\r\nX-Injected: 1"
    secrets.add_environment({"AWS_SESSION_TOKEN": token})
    shown = escape(f"invalid header value {quoted(token)}")
    assert "session" not in shown
    assert "***" in shown


def test_a_secret_that_is_not_unicode_is_no_reason_to_fail(secrets: Secrets) -> None:
    secrets.add_environment({"AWS_SECRET_ACCESS_KEY": "not-utf-8-\udcff"})
    assert escape("key not-utf-8-\udcff!") == "key ***!"
