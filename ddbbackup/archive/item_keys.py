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
from ddbbackup.archive.forbidden_tokens import contains
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
        self._attributes: tuple[tuple[bytes, bytes, int], ...] = ()
        if self.have_one_spelling:
            self._attributes = tuple(
                (f'"{key.name}"'.encode(), f':{{"{key.type}":"'.encode(), len(':{"S":"')) for key in ordered
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
        if b"\\" in line and b"\\u00" in line:
            return self._of_parsed(line)
        values = []
        for name, opening, start in self._attributes:
            parts = line.split(name)
            if len(parts) != 2 or not parts[1].startswith(opening):
                return self._of_parsed(line)
            rest = parts[1]
            end = rest.find(b'"', start)
            if rest[end + 1 : end + 2] != b"}":
                return self._of_parsed(line)
            values.append(rest[start:end])
        return join_raw_values(self._types, values) or self._of_parsed(line)

    def of_block(self, block: bytes, lines: Sequence[bytes]) -> list[bytes | None]:
        """The same as ``of_line`` for each of ``lines``, which are those of ``block``, with newlines. Faster."""
        columns = [self._raw_values(block, lines, *attribute) for attribute in self._attributes]
        if not columns or None in columns or (b"\\" in block and contains(block, b"\\u00")):
            return [self.of_line(line) for line in lines]
        if self._types == ("S",) and b"\\" not in block:
            return list(columns[0] or ())
        rows = zip(*(column or () for column in columns), strict=True)
        return [
            join_raw_values(self._types, row) or self._of_parsed(line)
            for row, line in zip(rows, lines, strict=True)
        ]

    @staticmethod
    def _raw_values(
        block: bytes, lines: Sequence[bytes], name: bytes, opening: bytes, start: int
    ) -> list[bytes] | None:
        """The values of a key attribute, unless a line does not have its name exactly once, with a value behind it.

        From one name to the next there is then exactly one newline. Fastest if it is the first attribute everywhere.
        """
        first = b'{"Item":{' + name + opening
        if min(lines) >= first and max(lines) < first + b"\xff" and block.count(name) == len(lines):
            start += len(first) - len(opening)
            try:
                values = [line[start : line.index(b'"}', start)] for line in lines]
            except ValueError:
                return None
            return None if b'"' in b"".join(values) else values
        behind = block.split(name)
        del behind[0]
        values = [
            each[start:end]
            for each in behind
            if each.startswith(opening)
            and each.startswith(b'"}', end := each.find(b'"', start))
            and each.count(b"\n") == 1
        ]
        return values if len(values) == len(behind) == len(lines) else None

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


def wire_key(key: bytes, keys: Sequence[KeyAttribute]) -> dict[str, dict[str, str]]:
    """A canonical key as DynamoDB writes it: ``{"id": {"S": "a"}}``. ``keys`` are those of its table."""
    ordered = sorted(keys, key=lambda each: each.role != "HASH")
    values = [key]
    if len(ordered) > 1:
        size, _, rest = key.partition(b":")
        values = [rest[: int(size)], rest[int(size) :]]
    return {
        each.name: {each.type: _wire_value(each.type, value)}
        for each, value in zip(ordered, values, strict=True)
    }


def _wire_value(kind: str, value: bytes) -> str:
    if kind == "B":
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    return value.decode("utf-8", "surrogatepass")


def join_raw_values(kinds: Sequence[str], raw_values: Sequence[bytes]) -> bytes | None:
    """The key of values as they are in a line, without quotes; None if the line has to be parsed for it."""
    values = []
    for kind, raw in zip(kinds, raw_values, strict=False):
        value = raw if kind == "S" and b"\\" not in raw else canonical_raw_value(kind, raw)
        if value is None:
            return None
        values.append(value)
    return join_values(values) if values else None


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
