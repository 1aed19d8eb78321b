"""The one door for text that leaves the program: what passes it cannot act on a terminal and holds no password.

Object keys, records, file names and the answers of servers are written by others. Whoever prints, logs or sends such
text escapes it here first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

T = TypeVar("T")

# C0, DEL and C1 controls; soft hyphens and other invisible characters; marks that reorder or hide text (Unicode TR 9,
# "Trojan Source"); line and paragraph separators; lone surrogates, which no encoding takes; the byte order mark;
# tags, which spell invisible words.
_C0: Final = "\x00-\x1f"
_OTHERS: Final = (
    "\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_UNSAFE: Final = re.compile(f"[{_C0}{_OTHERS}]")
_UNSAFE_IN_LINES: Final = re.compile(f"[\x00-\x09\x0b-\x1f{_OTHERS}]")
# In JSON C0 controls are escaped already, and newlines between members are its own.
_UNSAFE_IN_JSON: Final = re.compile(f"[{_OTHERS}]")
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# Runners of CI systems obey lines that begin with `::` (GitHub), and `##[` or `##vso[` anywhere (GitHub, Azure).
_COMMAND_AT_START: Final = re.compile(r"\A(\s*):(?=:)")
_COMMAND: Final = re.compile(r"##(?=\[|vso\[)")
LONGEST: Final = 2000
"""Characters of one value: a record or an object key may hold many more."""

# user:password@ in an address, also where the password holds characters that end the authority of a URL. The bounds
# keep the search linear in the length of hostile texts.
_USER_INFO: Final = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s@/?#:]{0,300}:[^\s@]{0,1000}@"
)
_ENDS_OF_AUTHORITY: Final = re.compile("[/?#]")
_MASK: Final = "***"
_SHORTEST_SECRET: Final = 4  # shorter texts would mask parts of ordinary words
_SHORTEST_KEY: Final = 8  # emulators accept any key, such as `secret` and `test`


class Secrets:
    """Texts that must not be shown: what a process knows of passwords, tokens and keys."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, *texts: str | None) -> None:
        """Also in the forms that they have in URLs and in the errors of libraries.

        Texts of less than four characters are ignored.
        """
        for text in texts:
            if text and len(text) >= _SHORTEST_SECRET:
                self._known.update(form for form in _forms(text) if len(form) >= _SHORTEST_SECRET)
        if self._known:
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Passwords of proxies and endpoints, and AWS's keys and tokens."""
        for name, value in environ.items():
            upper = name.upper()
            if upper.endswith("_PROXY") or upper.startswith("AWS_ENDPOINT_URL"):
                self.add_url(value)
            elif upper in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
                self.add_key(value)

    def add_key(self, *keys: str | None) -> None:
        """Keys and tokens. Those of less than eight characters are ignored: no service issues such keys."""
        self.add(*(key for key in keys if key and len(key) >= _SHORTEST_KEY))

    def add_url(self, url: str) -> None:
        """The password of a URL, up to its last ``@``: it may hold ``/`` and ``#`` although it should not.

        A parser would cut such a password, so its first part is a secret too.
        """
        rest = url.partition("://")[2] or url
        user_info, at, _ = rest.rpartition("@")
        if at:
            password = user_info.partition(":")[2] or user_info
            self.add(password, _ENDS_OF_AUTHORITY.split(password)[0])

    def mask(self, text: str) -> str:
        """``text`` without any of them, and without the user and password of any address."""
        text = _USER_INFO.sub(rf"\g<scheme>{_MASK}@", text)
        return text if self._pattern is None else self._pattern.sub(_MASK, text)


def _forms(text: str) -> set[str]:
    """In URLs, on one line, and as Python quotes texts and bytes. A text of the environment may not be UTF-8."""
    encoded = text.encode(errors="surrogatepass")
    in_urls = {unquote(text), quote(encoded, safe="")}
    return {text, *in_urls, " ".join(text.split()), repr(text)[1:-1], repr(encoded)[2:-1]}


SECRETS: Final = Secrets()
"""Those of this process."""


def escape(text: str, *, longest: int | None = LONGEST) -> str:
    """One value on one line: what is unsafe is shown as ``\\x1b`` or ``\\u202e``; secrets are masked."""
    if longest is None:
        masked = SECRETS.mask(text)
    else:
        masked = SECRETS.mask(
            text[: 2 * longest]
        )  # a secret that the cut divides must not show its first part
        if len(masked) > longest or len(text) > 2 * longest:
            masked = f"{masked[:longest]}… ({len(text)} characters)"
    return _without_commands(_UNSAFE.sub(_escaped, masked))


def escape_lines(text: str) -> str:
    """A text of several lines, such as a traceback: newlines stay; secrets are masked."""
    safe = _UNSAFE_IN_LINES.sub(_escaped, SECRETS.mask(text))
    return "\n".join(_without_commands(line) for line in safe.split("\n"))


def escape_json(text: str) -> str:
    """A JSON document: what is unsafe is escaped as JSON does it, so that readers get the same values.

    Does not mask secrets, because a password such as ``1234`` could be a number of the document: ``masked`` does,
    before the document is encoded.
    """
    return _COMMAND.sub(r"#\\u0023", _UNSAFE_IN_JSON.sub(_escaped_in_json, text))


def escape_json_to_ascii(text: str) -> str:
    """A JSON document for a stream that is not UTF-8."""
    return re.sub("[^\x00-\x7f]", _escaped_in_json, text)


def escaped(value: T) -> T:
    """The same value with every text in it escaped: dataclasses, mappings and sequences, at any depth."""
    return _walk(value, escape)  # type: ignore[no-any-return]  # each branch returns the type that it was given


def masked(value: T) -> T:
    """The same value with the secrets in every text masked, for forms that escape texts in their own way."""
    return _walk(value, SECRETS.mask)  # type: ignore[no-any-return]  # as above


def _walk(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if value is None or isinstance(value, bool | int | float | datetime | bytes):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        members = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        changed = {
            name: walked
            for name, member in members.items()
            if (walked := _walk(member, change)) is not member
        }
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {_walk(key, change): _walk(each, change) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_walk(each, change) for each in value))
    if isinstance(value, list | tuple | set | frozenset):
        walked = [_walk(each, change) for each in value]
        same = all(new is old for new, old in zip(walked, value, strict=True))
        return value if same else type(value)(walked)
    if isinstance(value, Iterable):
        return [_walk(each, change) for each in value]
    return value


def _without_commands(text: str) -> str:
    return _COMMAND.sub(r"#\\x23", _COMMAND_AT_START.sub(r"\1\\x3a", text))


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _escaped_in_json(match: re.Match[str]) -> str:
    """Characters beyond the BMP are two escapes (RFC 8259, 7)."""
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
