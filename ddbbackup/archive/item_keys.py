"""The keys of items in canonical form: the same bytes for keys that DynamoDB calls equal, other bytes for others.

The JSON of equal keys may differ: ``1`` and ``1.0``, ``é`` and ``\\u00e9``, base64 with other unused bits. A table's
key attributes have fixed types, so the types are not part of the form.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ddbbackup.archive.attribute_values import decimal_parts
from ddbbackup.ports import KeyAttribute

_CANONICAL_INTEGER: Final = re.compile(rb"0|-?[1-9][0-9]{0,37}")
_MAX_INTEGER_DIGITS: Final = 38
# JSON can only spell such a name in another way with a \u00 escape.
_NAME_WITHOUT_OTHER_SPELLING: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


class ItemKeys:
    """Reads keys of one table. ``names`` are the key attributes, the partition key first."""

    def __init__(self, keys: Sequence[KeyAttribute]) -> None:
        ordered = sorted(keys, key=lambda key: key.role != "HASH")
        self.names = tuple(key.name for key in ordered)
        self._types = tuple(key.type for key in ordered)
        self.have_one_spelling = all(map(_NAME_WITHOUT_OTHER_SPELLING.fullmatch, self.names))
        self._attributes: tuple[tuple[bytes, bytes, str], ...] = ()
        if self.have_one_spelling:
            self._attributes = tuple(
                (f'"{key.name}"'.encode(), f':{{"{key.type}":"'.encode(), key.type) for key in ordered
            )

    def of_item(self, item: object) -> bytes | None:
        """The key of a parsed item; None if it lacks a key attribute, or has it in another type."""
        if not isinstance(item, dict):
            return None
        values = []
        for name, kind in zip(self.names, self._types, strict=True):
            attribute = item.get(name)
            if not isinstance(attribute, dict) or attribute.keys() != {kind}:
                return None
            value = canonical_value(kind, attribute[kind])
            if value is None:
                return None
            values.append(value)
        return join_values(values)

    def of_line(self, line: bytes) -> bytes | None:
        """The key of the item in a line ``{"Item":{…}}``; None for a line that is no item, or has no such key.

        None also if a member is there twice: then it depends on the reader which of them counts.
        Searches the line for the key attributes, and parses it only if it does not contain the name of each exactly
        once, with its value behind it.
        """
        if not self._attributes or (b"\\" in line and b"\\u00" in line):
            return self._of_parsed(line)
        values = []
        for name, opening, kind in self._attributes:
            parts = line.split(name)
            if len(parts) != 2 or not parts[1].startswith(opening):
                return self._of_parsed(line)
            rest, start = parts[1], len(opening)
            end = rest.find(b'"', start)
            value = canonical_raw_value(kind, rest[start:end])
            if value is None or rest[end + 1 : end + 2] != b"}":
                return self._of_parsed(line)
            values.append(value)
        return join_values(values)

    def _of_parsed(self, line: bytes) -> bytes | None:
        try:
            document: Any = json.loads(line, object_pairs_hook=unique_members)
        except (ValueError, RecursionError):
            return None
        return self.of_item(document.get("Item")) if isinstance(document, Mapping) else None


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For ``object_pairs_hook`` of ``json``. Raises ``ValueError`` for an object that has a member twice."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a member is there twice")
    return document


def join_values(values: Sequence[bytes]) -> bytes:
    """The key of its canonical values. Two keys are equal only if each of their values is."""
    if len(values) == 1:
        return values[0]
    first, second = values
    return b"%d:%b%b" % (len(first), first, second)


def canonical_value(kind: str, value: object) -> bytes | None:
    """The canonical form of the value of a key attribute; None if it is no value of the type ``kind``."""
    if not isinstance(value, str):
        return None
    match kind:
        case "S":
            return value.encode("utf-8", "surrogatepass")
        case "N":
            return _canonical_number(value)
        case "B":
            return _decoded(value)
        case _:
            return None


def canonical_raw_value(kind: str, raw: bytes) -> bytes | None:
    """The same for a JSON string as it is in a line, without its quotes; None also if it has to be parsed."""
    if b"\\" in raw:
        return None
    if kind == "S":
        return raw
    if kind == "N" and _CANONICAL_INTEGER.fullmatch(raw):
        return raw
    try:
        return canonical_value(kind, raw.decode("ascii"))
    except UnicodeDecodeError:
        return None


def _canonical_number(text: str) -> bytes | None:
    """An integer of up to 38 digits as it is, another number as its significant digits and exponent."""
    parts = decimal_parts(text)
    if parts is None:
        return None
    negative, digits, exponent = parts
    if not digits:
        return b"0"
    sign = "-" if negative else ""
    if exponent >= 0 and len(digits) + exponent <= _MAX_INTEGER_DIGITS:
        return f"{sign}{digits}{'0' * exponent}".encode()
    return f"{sign}{digits}E{exponent}".encode()


def _decoded(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        return None
