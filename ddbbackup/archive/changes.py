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

from ddbbackup.archive.item_keys import ItemKeys, join_raw_values, unique_members
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import KeyAttribute

_HEAD: Final = rb'\{"Metadata":\{"WriteTimestampMicros":\{"N":"([0-9]{1,18})"\}\},"Keys":'
_OLD: Final = b',"OldImage":{"'
_NEW: Final = b',"NewImage":{"'
_TYPES: Final = (b'S"', b'N"', b'B"', b'M"', b'L"', b'SS"', b'NS"', b'BS"', b'BOOL"', b'NULL"')
_MAX_TIMESTAMP: Final = 10**18
_MEMBERS: Final = ("Metadata", "Keys", "OldImage", "NewImage")
_DECODER: Final = json.JSONDecoder(object_pairs_hook=unique_members)
_QUOTED_MEMBERS: Final = tuple(f'"{name}"'.encode() for name in _MEMBERS)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HINT: Final = "use another restore point of the table: this one was damaged or changed after AWS wrote it"


class ChangeCutter:
    """Cuts the lines of one table's windows."""

    def __init__(self, keys: Sequence[KeyAttribute]) -> None:
        self._keys = ItemKeys(keys)
        names, kinds = self._keys.names, {key.name: key.type for key in keys}
        self._types = [kinds[name] for name in names]
        # Each pattern with its groups: the microseconds, and the values in the order of the key.
        self._heads: list[tuple[re.Pattern[bytes], tuple[int, ...]]] = []
        if self._keys.have_one_spelling:
            self._heads.append((_head_pattern(names, kinds), (1, 3, 5)[: 1 + len(names)]))
            if len(names) > 1:
                self._heads.append((_head_pattern(names[::-1], kinds), (1, 5, 3)))

    def read_head(self, line: bytes) -> tuple[bytes, int]:
        """The canonical key (``item_keys``) and the microseconds of the write. Raises ``DataIncomplete``.

        A head as AWS writes it is believed without a look at the images, which ``cut`` checks.
        """
        if self._types == ["S"] and self._heads:  # the pattern takes no text with escapes
            match = self._heads[0][0].match(line)
            if match is not None:
                text, micros = match.group(3, 1)
                return text, int(micros)
            return self._parse(line)[:2]
        for pattern, micros_and_values in self._heads:
            match = pattern.match(line)
            if match is not None:
                micros, *values = match.group(*micros_and_values)
                key = join_raw_values(self._types, values)
                if key is not None:
                    return key, int(micros)
        return self._parse(line)[:2]

    def cut(self, line: bytes) -> bytes:
        """What to write: ``{"Item":{…}}`` with the new image, or ``{"Key":{…}}`` to delete; ends with a newline.

        Raises ``DataIncomplete`` for a line that is not exactly one change of an item with the table's key.
        """
        for pattern, _ in self._heads:
            match = pattern.match(line)
            if match is not None:
                return _cut_behind(line, match) or self._parse(line)[2]
        return self._parse(line)[2]

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


def _head_pattern(names: Sequence[str], kinds: Mapping[str, str]) -> re.Pattern[bytes]:
    attributes = (rf'("{re.escape(name)}":\{{"{kinds[name]}":"([^"\\\n]*)"\}})'.encode() for name in names)
    return re.compile(_HEAD + rb"\{" + b",".join(attributes) + rb"\}")


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
