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


class _Head(NamedTuple):
    """``attributes`` are the members of ``Keys``, unparsed; ``images_at`` is where they end."""

    key: bytes
    micros: int
    attributes: Sequence[bytes]
    images_at: int


class ChangeCutter:
    """Cuts the lines of one table's windows."""

    def __init__(self, keys: Sequence[KeyAttribute]) -> None:
        self._keys = ItemKeys(keys)
        names, kinds = self._keys.names, {key.name: key.type for key in keys}
        self._types = [kinds[name] for name in names]
        orders = {names, names[::-1]} if self._keys.have_one_spelling else set()
        self._heads = [(_head_pattern(order, kinds), order != names) for order in sorted(orders)]

    def read_head(self, line: bytes) -> tuple[bytes, int]:
        """The canonical key and the microseconds of a change. Raises ``DataIncomplete`` like ``cut``.

        A head as AWS writes it is believed without a look at the images, which ``cut`` checks.
        """
        head = self._match_head(line)
        if head is None:
            change = self._cut_parsed(line)
            return change.key, change.written_at_micros
        return head.key, head.micros

    def cut(self, line: bytes) -> Change:
        """Raises ``DataIncomplete`` for a line that is not exactly one change of an item with the table's key."""
        head = self._match_head(line)
        return (head and _cut_behind(line, head)) or self._cut_parsed(line)

    def _match_head(self, line: bytes) -> _Head | None:
        """The line up to its images as AWS writes it; None for a line that has to be parsed."""
        for pattern, is_reversed in self._heads:
            match = pattern.match(line)
            if match is None:
                continue
            micros, *groups = match.groups()
            attributes, raw = groups[::2], groups[1::2]
            if is_reversed:
                raw.reverse()
            values = []
            for kind, raw_value in zip(self._types, raw, strict=True):
                value = canonical_raw_value(kind, raw_value)
                if value is None:
                    return None
                values.append(value)
            return _Head(join_values(values), int(micros), attributes, match.end())
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
    attributes = (rf'("{re.escape(name)}":\{{"{kinds[name]}":"([^"\\\n]*)"\}})'.encode() for name in names)
    return re.compile(_HEAD + rb"\{" + b",".join(attributes) + rb"\}")


def _cut_behind(line: bytes, head: _Head) -> Change | None:
    """None for a line that has to be parsed, because its parts cannot be told apart with certainty.

    In a line without ``\\u00`` a name has one spelling, and ``,"`` cannot be inside of a string, where quotes are
    escaped. So what is found is a member of an object: of the line, or of an image that has an attribute with this
    name. Only an attribute has a type as the first name in its value.
    """
    start = head.images_at
    if (
        not line.endswith(b"}\n")
        or (b"\\" in line and b"\\u00" in line)
        or line.count(b"{") != line.count(b"}")
    ):
        return None
    at = line.find(_NEW, start)
    if at != start and not line.startswith(_OLD, start) and line[start:] != b"}\n":
        return None
    if at < 0:
        if line.find(b'"NewImage"', start) >= 0:
            return None
        return Change(
            head.key, head.micros, b'{"Key":{' + b",".join(head.attributes) + b"}}\n", is_delete=True
        )
    name_at = at + len(_NEW)
    if line[name_at : line.find(b'"', name_at)] in _TYPES:
        return None
    image = line[name_at - 2 :]
    if b'"NewImage"' in image or b'"OldImage"' in image or b'"Keys"' in image or b'"Metadata"' in image:
        return None  # perhaps a member that is there twice, or behind the new image
    for attribute in head.attributes:
        if attribute not in image:
            return None  # perhaps another item
    return Change(head.key, head.micros, b'{"Item":' + image, is_delete=False)


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
