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

from ddbbackup.archive.item_keys import ItemKeys, canonical_raw_value, join_values, unique_members
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import KeyAttribute

_HEAD: Final = rb'\{"Metadata":\{"WriteTimestampMicros":\{"N":"([0-9]{1,18})"\}\},"Keys":'
_OLD: Final = b',"OldImage":{"'
_NEW: Final = b',"NewImage":{"'
_TYPES: Final = frozenset((b"S", b"N", b"B", b"SS", b"NS", b"BS", b"L", b"M", b"BOOL", b"NULL"))
_MAX_TIMESTAMP: Final = 10**18
_MEMBERS: Final = ("Metadata", "Keys", "OldImage", "NewImage")
_QUOTED_MEMBERS: Final = tuple(f'"{name}"'.encode() for name in _MEMBERS)
_DECODER: Final = json.JSONDecoder(object_pairs_hook=unique_members)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HINT: Final = "use another restore point of the table: this one was damaged or changed after AWS wrote it"


class Change(NamedTuple):
    """The last change of an item within one window.

    ``key`` is canonical, see ``item_keys``. ``line`` is ``{"Item":{…}}`` with the new image, or ``{"Key":{…}}`` if
    the item was deleted; it ends with a newline.
    """

    key: bytes
    written_at_micros: int
    line: bytes
    is_delete: bool


class ChangeCutter:
    """Cuts the lines of one table's windows."""

    def __init__(self, keys: Sequence[KeyAttribute]) -> None:
        self._keys = ItemKeys(keys)
        names, kinds = self._keys.names, {key.name: key.type for key in keys}
        self._types = [kinds[name] for name in names]
        orders = {names, names[::-1]} if self._keys.have_one_spelling else set()
        self._heads = [(_head_pattern(order, kinds), order != names) for order in sorted(orders)]

    def cut(self, line: bytes) -> Change:
        """Raises ``DataIncomplete`` for a line that is not exactly one change of an item with the table's key."""
        return self._cut_as_aws_writes(line) or self._cut_parsed(line)

    def _cut_as_aws_writes(self, line: bytes) -> Change | None:
        """None for a line that has to be parsed, because its parts cannot be told apart with certainty."""
        match = self._match_head(line)
        if match is None:
            return None
        head, values = match
        if not line.endswith(b"}\n") or b"\\u00" in line or line.count(b"{") != line.count(b"}"):
            return None
        key = join_values(values)
        micros, images = int(head[1]), head.end()
        at = _find_new_image(line, images)
        if at is None:
            return None
        if at < 0:
            keys_at = head.end(1) + len(b'"}},"Keys":')
            return Change(key, micros, b'{"Key":' + line[keys_at:images] + b"}\n", is_delete=True)
        item = b'{"Item":' + line[at + len(_NEW) - 2 :]
        if self._keys.of_line(item) != key:
            return None
        return Change(key, micros, item, is_delete=False)

    def _match_head(self, line: bytes) -> tuple[re.Match[bytes], list[bytes]] | None:
        """The line up to its images, and the canonical values of its key, the partition key first."""
        for pattern, is_reversed in self._heads:
            head = pattern.match(line)
            if head is None:
                continue
            raw = head.groups()[1:]
            in_order = raw[::-1] if is_reversed else raw
            values = [
                canonical_raw_value(kind, value) for kind, value in zip(self._types, in_order, strict=True)
            ]
            return None if None in values else (head, [value for value in values if value is not None])
        return None

    def _cut_parsed(self, line: bytes) -> Change:
        members = _members(line)
        keys, new = members.get("Keys"), members.get("NewImage")
        key = self._keys.of_item(keys.value) if keys else None
        timestamp = _timestamp(members)
        if keys is None or key is None or timestamp is None or set(keys.value) != set(self._keys.names):
            raise _damaged("a line is not a change of an item with the key of the table")
        if new is None:
            return Change(key, timestamp, b'{"Key":' + keys.text + b"}\n", is_delete=True)
        if self._keys.of_item(new.value) != key:
            raise _damaged("a line has another key than its new image")
        return Change(key, timestamp, b'{"Item":' + new.text + b"}\n", is_delete=False)


def _head_pattern(names: Sequence[str], kinds: Mapping[str, str]) -> re.Pattern[bytes]:
    attributes = (rf'"{re.escape(name)}":\{{"{kinds[name]}":"([^"\\\n]*)"\}}'.encode() for name in names)
    return re.compile(_HEAD + rb"\{" + b",".join(attributes) + rb"\}")


def _find_new_image(line: bytes, start: int) -> int | None:
    """Where the member ``NewImage`` begins, with its comma, behind the keys; -1 if there is none; None if unclear.

    The line contains no ``\\u00``, so a name has one spelling. ``,"`` cannot be inside of a string, where quotes are
    escaped. So what is found is a member of an object: of the line, or of an image that has an attribute with this
    name. Only an attribute has a type as the first name in its value.
    """
    at = line.find(_NEW, start)
    if at < 0:
        if line.find(b'"NewImage"', start) >= 0:
            return None
        return -1 if line[start:] == b"}\n" or line.startswith(_OLD, start) else None
    if at != start and not line.startswith(_OLD, start):
        return None
    name_at = at + len(_NEW)
    if line[name_at : line.find(b'"', name_at)] in _TYPES:
        return None
    if any(line.find(name, name_at) >= 0 for name in _QUOTED_MEMBERS):
        return None  # perhaps a member that is there twice, or behind the new image
    return at


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
