"""The one door for text that leaves the program: what passes it cannot act on a terminal and holds no password.

Object keys, records, file names and the answers of servers are written by others. Whoever prints, logs or sends such
text escapes it here first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import unquote

T = TypeVar("T")

# C0, DEL and C1 controls; line and paragraph separators; marks that reorder or hide text (Unicode TR 9, "Trojan
# Source"); lone surrogates, which no encoding takes; the byte order mark.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_UNSAFE_IN_LINES: Final = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
# In JSON C0 controls are escaped already, and newlines between members are its own.
_UNSAFE_IN_JSON: Final = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", ""))
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\x1b": r"\x1b"}
LONGEST: Final = 2000  # characters of one value; a record may hold megabytes

# user:password@ in an address, also where the password holds characters that end the authority of a URL.
_USER_INFO: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s@/?#]*:[^\s@]*@")
_MASK: Final = "***"


class Secrets:
    """Texts that must not be shown: what a process knows of passwords, tokens and keys."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, *texts: str | None) -> None:
        """Also in the form that they have inside of a URL. Short ones would mask half of all words."""
        for text in texts:
            if text and len(text) >= 4:
                self._known.update({text, unquote(text)})

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Passwords of proxies and endpoints, and AWS's keys and tokens."""
        for name, value in environ.items():
            upper = name.upper()
            if upper.endswith("_PROXY") or upper.startswith("AWS_ENDPOINT_URL"):
                self.add_url(value)
            elif upper in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
                self.add(value)

    def add_url(self, url: str) -> None:
        """The password of a URL, up to its last ``@``: it may hold ``/`` and ``#`` though it should not."""
        _, _, rest = url.partition("://")
        user_info, at, _ = rest.rpartition("@")
        if at:
            self.add(user_info.partition(":")[2] or user_info)

    def mask(self, text: str) -> str:
        """``text`` without any of them, and without the user of any address."""
        text = _USER_INFO.sub(rf"\g<scheme>{_MASK}@", text)
        for secret in sorted(self._known, key=len, reverse=True):
            if secret in text:
                text = text.replace(secret, _MASK)
        return text


SECRETS: Final = Secrets()
"""Those of this process."""


def escape(text: str, *, longest: int | None = LONGEST) -> str:
    """One value on one line: what is unsafe is shown as ``\\x1b`` or ``\\u202e``; secrets are masked."""
    if longest is not None and len(text) > longest:
        text = f"{text[:longest]}… ({len(text)} characters)"
    return _UNSAFE.sub(_escaped, SECRETS.mask(text))


def escape_lines(text: str) -> str:
    """A text of our own with several lines: newlines stay."""
    return _UNSAFE_IN_LINES.sub(_escaped, SECRETS.mask(text))


def escape_json(text: str) -> str:
    """A JSON document: what is unsafe is escaped as JSON does it, so that readers get the same values."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", SECRETS.mask(text))


def escaped(value: T) -> T:
    """The same value with every text in it escaped: dataclasses, mappings and sequences, at any depth."""
    return _walk(value)  # type: ignore[no-any-return]  # each branch returns what it was given


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if value is None or isinstance(value, bool | int | float | datetime | bytes):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _walk(getattr(value, each.name)) for each in fields(value) if each.init}
        )
    if isinstance(value, Mapping):
        return {_walk(key): _walk(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_walk(each) for each in value)
    if isinstance(value, Iterable):
        return [_walk(each) for each in value]
    return value


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
