"""Lines of incremental exports, cut into what has to be written: an item to put, or a key to delete.

A line is one change: ``{"Metadata":{"WriteTimestampMicros":{"N":"…"}},"Keys":{…},"OldImage":{…},"NewImage":{…}}``, in
this order (observed on AWS). ``OldImage`` is missing for an insert, and in exports with the view NEW_IMAGE;
``NewImage`` is missing for a delete. Images and keys are cut as bytes. They are never serialized anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ddbbackup.archive.forbidden_tokens import contains
from ddbbackup.archive.item_keys import ItemKeys, join_raw_values, unique_members
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import KeyAttribute

_HEAD: Final = rb'\{"Metadata":\{"WriteTimestampMicros":\{"N":"([0-9]{1,18})"\}\},"Keys":'
_OLD: Final = b',"OldImage":{"'
_NEW: Final = b',"NewImage":{"'
_TYPES: Final = (b'S"', b'N"', b'B"', b'M"', b'L"', b'SS"', b'NS"', b'BS"', b'BOOL"', b'NULL"')
_ITEM: Final = b'{"Item":{"'
_AFTER_TYPE: Final = len(_ITEM) + max(map(len, _TYPES))
_MAX_TIMESTAMP: Final = 10**18
_MEMBERS: Final = ("Metadata", "Keys", "OldImage", "NewImage")
_DECODER: Final = json.JSONDecoder(object_pairs_hook=unique_members)
_QUOTED_MEMBERS: Final = tuple(f'"{name}"'.encode() for name in _MEMBERS)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HINT: Final = "use another restore point of the table: this one was damaged or changed after AWS wrote it"


class Heads(NamedTuple):
    """Columns: of each change its canonical key (``item_keys``) and the microseconds of its write."""

    keys: Sequence[bytes]
    micros: Sequence[int]


class Change(NamedTuple):
    """One change as a whole. ``written_at`` is in microseconds since 1970.

    ``key`` is canonical, ``key_attributes`` is the same key parsed. ``line`` is the new image as ``{"Item":{…}}``
    with a newline, None for a delete. The images are parsed; None if there is none.
    """

    key: bytes
    written_at: int
    key_attributes: Mapping[str, Any]
    line: bytes | None
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


class _Pattern(NamedTuple):
    """Heads of lines with the key attributes in one order. ``plain`` are those before an image.

    Group 1 are the microseconds, then of each attribute the whole and its value. ``values`` are the groups of the
    values, that of the partition key first.
    """

    any: re.Pattern[bytes]
    plain: re.Pattern[bytes]
    values: tuple[int, ...]


class ChangeCutter:
    """Cuts the lines of one table's windows."""

    def __init__(self, keys: Sequence[KeyAttribute]) -> None:
        self._keys = ItemKeys(keys)
        names, kinds = self._keys.names, {key.name: key.type for key in keys}
        self._types = [kinds[name] for name in names]
        self._patterns: list[_Pattern] = []
        if self._keys.have_one_spelling:
            self._patterns.append(_pattern(names, kinds, (3, 5)[: len(names)]))
            if len(names) > 1:
                self._patterns.append(_pattern(names[::-1], kinds, (5, 3)))

    def read_heads(self, lines: Sequence[bytes]) -> Heads:
        """Raises ``DataIncomplete`` for a line that is not a change.

        A head as AWS writes it is believed without a look at the images, which ``cut`` checks.
        """
        for pattern in self._patterns:
            matches = _match_all(pattern.any, lines)
            keys = self._keys_in(matches, pattern) if matches else None
            if matches and keys:
                return Heads(keys, [int(match[1]) for match in matches])
        heads = [self._read_head(line) for line in lines]
        return Heads([key for key, _ in heads], [micros for _, micros in heads])

    def _read_head(self, line: bytes) -> tuple[bytes, int]:
        for pattern in self._patterns:
            match = pattern.any.match(line)
            if match is not None:
                key = join_raw_values(self._types, [match[group] for group in pattern.values])
                if key is not None:
                    return key, int(match[1])
        return self._parse(line)[:2]

    def _keys_in(self, matches: Sequence[re.Match[bytes]], pattern: _Pattern) -> list[bytes] | None:
        """None if a key has to be parsed."""
        if self._types == ["S"]:  # the pattern takes no text with escapes
            return [match[3] for match in matches]
        keys = [
            key
            for match in matches
            if (key := join_raw_values(self._types, [match[group] for group in pattern.values])) is not None
        ]
        return keys if len(keys) == len(matches) else None

    def cut_all(self, block: bytes, lines: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """What ``cut`` makes of ``lines``, which are some of ``block``: lines to put, and lines to delete. Faster."""
        puts, others = self._cut_plain_puts(block, lines) or ([], lines)
        deletes: list[bytes] = []
        for change in map(self.cut, others):
            (puts if change.startswith(b'{"Item"') else deletes).append(change)
        return puts, deletes

    def _cut_plain_puts(
        self, block: bytes, lines: Sequence[bytes]
    ) -> tuple[list[bytes], Sequence[bytes]] | None:
        """Lines to put, and the lines without a new image. None if one may have to be parsed.

        The conditions are those of ``_cut_behind``, each for all lines at once.
        """
        if b"\\" in block and contains(block, b"\\u00"):
            return None
        places = [line.find(_NEW) for line in lines]
        others = [line for line, at in zip(lines, places, strict=True) if at < 0]
        if others:
            lines = [line for line, at in zip(lines, places, strict=True) if at >= 0]
            places = [at for at in places if at >= 0]
        puts = [_ITEM + line[at + len(_NEW) :] for line, at in zip(lines, places, strict=True)]
        images = b"".join(puts)
        if any(contains(images, name) for name in _QUOTED_MEMBERS):
            return None
        if any(start.startswith(_TYPES) for start in {put[len(_ITEM) : _AFTER_TYPE] for put in puts}):
            return None
        if {put[-2:] for put in puts} != {b"}\n"}:
            return None
        for pattern in self._patterns:
            matches = _match_all(pattern.plain, lines)
            if matches:
                keys = self._keys_in(matches, pattern)
                return (puts, others) if keys and keys == self._keys.of_block(images, puts) else None
        return None

    def cut(self, line: bytes) -> bytes:
        """What to write: ``{"Item":{…}}`` with the new image, or ``{"Key":{…}}`` to delete; ends with a newline.

        Raises ``DataIncomplete`` for a line that is not exactly one change of an item with the table's key.
        """
        for pattern in self._patterns:
            match = pattern.any.match(line)
            if match is not None:
                return _cut_behind(line, match) or self._parse(line)[2]
        return self._parse(line)[2]

    def parse(self, line: bytes) -> Change:
        """For a few lines: slower than ``cut``. Raises ``DataIncomplete`` as that does."""
        key, timestamp, text = self._parse(line)
        members = {name: member.value for name, member in _members(line).items()}
        new = members.get("NewImage")
        return Change(
            key, timestamp, members["Keys"], text if new is not None else None, members.get("OldImage"), new
        )

    def _parse(self, line: bytes) -> tuple[bytes, int, bytes]:
        members = _members(line)
        keys, new = members.get("Keys"), members.get("NewImage")
        key = self._keys.of_item(keys.value) if keys else None
        timestamp = _timestamp(members)
        if keys is None or key is None or timestamp is None or set(keys.value) != set(self._keys.names):
            raise _damaged("a line is not a change of an item with the key of the table")
        if new is None:
            return key, timestamp, b'{"Key":' + keys.text + b"}\n"
        if self._keys.of_item(new.value) != key:
            raise _damaged("a line has another key than its new image")
        return key, timestamp, b'{"Item":' + new.text + b"}\n"


def _pattern(names: Sequence[str], kinds: Mapping[str, str], values: tuple[int, ...]) -> _Pattern:
    attributes = (rf'("{re.escape(name)}":\{{"{kinds[name]}":"([^"\\\n]*)"\}})'.encode() for name in names)
    head = _HEAD + rb"\{" + b",".join(attributes) + rb"\}"
    return _Pattern(re.compile(head), re.compile(head + rb'(?=,"(?:Old|New)Image":\{")'), values)


def _match_all(pattern: re.Pattern[bytes], lines: Sequence[bytes]) -> list[re.Match[bytes]] | None:
    matches = [match for match in map(pattern.match, lines) if match is not None]
    return matches if len(matches) == len(lines) else None


def _cut_behind(line: bytes, head: re.Match[bytes]) -> bytes | None:
    """None for a line that has to be parsed, because its parts cannot be told apart with certainty.

    In a line without ``\\u00`` a name has one spelling, and ``,"`` cannot be inside of a string, where quotes are
    escaped. So what is found is a member of an object: of the line, or of an image that has an attribute with this
    name. Only an attribute has a type as the first name in its value.
    """
    if (b"\\" in line and b"\\u00" in line) or not line.endswith(b"}\n"):
        return None
    start = head.end()
    at = line.find(_NEW, start)
    if at != start and not line.startswith(_OLD, start) and line[start:] != b"}\n":
        return None
    attributes = head.groups()[1::2]
    if at < 0:
        if b'"NewImage"' in line:
            return None
        return b'{"Key":{' + b",".join(attributes) + b"}}\n"
    if line.startswith(_TYPES, at + len(_NEW)):
        return None
    image = line[at + len(_NEW) - 2 :]
    if b'}},"' in image and any(name in image for name in _QUOTED_MEMBERS):
        return None  # perhaps a member that is there twice, or behind the new image
    for attribute in attributes:
        if attribute not in image or image.count(attribute[: attribute.index(b":")]) != 1:
            return None  # perhaps another item
    return b'{"Item":' + image


class _Member(NamedTuple):
    value: Any
    text: bytes


def _members(line: bytes) -> dict[str, _Member]:
    """The members of a JSON object with the bytes of their values. Others than those of a change are ignored.

    Raises ``DataIncomplete`` for anything else, and for a member that is there twice.
    """
    try:
        text = line.decode()
        members: dict[str, _Member] = {}
        position = _expect(text, _skip(text, 0), "{")
        while True:
            name, position = _DECODER.raw_decode(text, _skip(text, position))
            start = _skip(text, _expect(text, _skip(text, position), ":"))
            value, end = _DECODER.raw_decode(text, start)
            if not isinstance(name, str) or name in members:
                raise _damaged("a line has a member twice")
            if name in _MEMBERS and not isinstance(value, dict):
                raise _damaged(f"the member {name} of a line is not an object")
            members[name] = _Member(value, text[start:end].encode())
            position = _skip(text, end)
            if text.startswith("}", position):
                break
            position = _expect(text, position, ",")
        if _skip(text, position + 1) != len(text):
            raise _damaged("a line has more than one JSON object")
    except (ValueError, RecursionError):
        raise _damaged("a line is not a JSON object") from None
    return members


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _expect(text: str, position: int, character: str) -> int:
    if not text.startswith(character, position):
        raise ValueError(character)
    return position + 1


def _timestamp(members: dict[str, _Member]) -> int | None:
    metadata = members.get("Metadata")
    written_at = metadata.value.get("WriteTimestampMicros") if metadata else None
    number = written_at.get("N") if isinstance(written_at, dict) and len(written_at) == 1 else None
    if not isinstance(number, str) or not number.isascii() or not number.isdigit():
        return None
    return int(number) if len(number) <= len(str(_MAX_TIMESTAMP)) and int(number) < _MAX_TIMESTAMP else None


def _damaged(why: str) -> DataIncomplete:
    return DataIncomplete(why, hint=_HINT)
