"""Checks the lines of data files: each is an item, or a change, of a table with a certain key.

One regular expression describes the lines that AWS writes: types, numbers, base64, three levels of nesting, and the
key, whose values it hands out. It checks a line in the time that parsing it would take. What it does not match is
parsed and checked by ``item_check``: rarer spellings, deeper nesting, and everything that is wrong.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from ddbbackup.archive.item_check import MAX_KEY_BYTES, Defect, check_item, check_key
from ddbbackup.archive.item_keys import canonical_raw_value, join_values, unique_members
from ddbbackup.ports import KeyAttribute

View = Literal["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]

# Text of JSON strings as they are in a line. Bytes beyond ASCII are checked for the whole block.
_PLAIN: Final = rb'[^"\\\x00-\x1f]'
_ESCAPE: Final = (
    rb'\\(?:["\\/bfnrt]|u(?:[0-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))'  # no surrogates
)
_STRING: Final = rb'"' + _PLAIN + rb"*+(?:" + _ESCAPE + _PLAIN + rb'*+)*+"'
_NAME: Final = rb'"' + _PLAIN + rb'*+"'
_NUMBER: Final = rb'"-?[0-9]{1,19}(?:\.[0-9]{1,19})?"'  # at most 38 digits; longer ones are parsed
_DIGIT64: Final = rb"[A-Za-z0-9+/]"
# The larger groups are not needed, but four characters at a time would take most of the time.
_BASE64: Final = (
    rb'"'
    + b"".join(rb"(?:" + _DIGIT64 + rb"{%d})*+" % size for size in (64, 16, 4))
    + rb"(?:" + _DIGIT64 + rb"{2}==|" + _DIGIT64 + rb'{3}=)?"'
)  # fmt: skip
_LEVELS: Final = 3
_RAW_KEYS: Final = {"N": _NUMBER[1:-1], "B": rb"[A-Za-z0-9+/]{2,2732}+={0,2}"}
_TIMESTAMP: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(slots=True)
class CheckedLines:
    """``keys`` are those of the valid lines, in canonical form. ``defects`` counts the reasons of the others."""

    keys: list[bytes]
    defects: Counter[str] = field(default_factory=Counter)


class LineChecker:
    """Checks the lines of one backup. ``keys`` are the key attributes of its table.

    ``view``: the lines are the changes of an incremental export with these images; None: they are items.
    """

    def __init__(self, keys: Sequence[KeyAttribute], *, view: View | None = None) -> None:
        self._keys = sorted(keys, key=lambda key: key.role != "HASH")
        self._view = view
        self._values = [_canonical(key) for key in self._keys]
        pattern = _item_pattern(self._keys) if view is None else _change_pattern(self._keys, view)
        self._match = re.compile(pattern).fullmatch
        self._has_raw_key = [key.type for key in self._keys] == ["S"]

    def check(self, block: bytes, lines: Sequence[bytes]) -> CheckedLines:
        """``lines`` are those of ``block``, with newlines. Empty ones do not count."""
        if not _is_utf8(block):
            return self._check_each(lines)
        matches = list(map(self._match, lines))
        if self._has_raw_key and None not in matches:
            return CheckedLines([match[1] for match in matches if match is not None])
        checked = CheckedLines([])
        for line, match in zip(lines, matches, strict=True):
            if line != b"\n":
                self._add(checked, line, match)
        return checked

    def _check_each(self, lines: Sequence[bytes]) -> CheckedLines:
        checked = CheckedLines([])
        for line in lines:
            if line == b"\n":
                continue
            self._add(checked, line, self._match(line) if _is_utf8(line) else None)
        return checked

    def _add(self, checked: CheckedLines, line: bytes, match: re.Match[bytes] | None) -> None:
        key = None if match is None else self._key_of(match)
        try:
            checked.keys.append(self._parse(line) if key is None else key)
        except Defect as defect:
            checked.defects[defect.reason] += 1

    def _key_of(self, match: re.Match[bytes]) -> bytes | None:
        """None for values that have to be parsed. The groups are those of ``_keys_pattern``."""
        if len(self._values) == 1:
            return self._values[0](match[1])
        partition, sort = self._values
        one, two = partition(match[1] or match[4]), sort(match[2] or match[3])
        return None if one is None or two is None else join_values((one, two))

    def _parse(self, line: bytes) -> bytes:
        try:
            document = json.loads(
                line.decode(), object_pairs_hook=unique_members, parse_constant=_refuse_constant
            )
            if not isinstance(document, dict):
                raise Defect("the line is not a JSON object")
            return self._parse_item(document) if self._view is None else self._parse_change(document)
        except UnicodeDecodeError:
            raise Defect("the line is not UTF-8") from None
        except (ValueError, RecursionError):
            raise Defect("the line is not valid JSON, or has a member twice") from None

    def _parse_item(self, document: dict[str, Any]) -> bytes:
        if document.keys() != {"Item"}:
            raise Defect("the line has other members than Item")
        return check_item(document["Item"], self._keys)

    def _parse_change(self, document: dict[str, Any]) -> bytes:
        if not {"Metadata", "Keys"} <= document.keys() <= {"Metadata", "Keys", "OldImage", "NewImage"}:
            raise Defect("the line has other members than those of a change")
        match document["Metadata"]:
            case {"WriteTimestampMicros": {"N": str(text)}} if _TIMESTAMP.fullmatch(text):
                pass
            case _:
                raise Defect("the change has no valid WriteTimestampMicros")
        keys = document["Keys"]
        if not isinstance(keys, dict) or keys.keys() != {key.name for key in self._keys}:
            raise Defect("Keys of the change are not the key attributes of the table")
        key = check_key(keys, self._keys)
        if self._view == "NEW_IMAGE" and "OldImage" in document:
            raise Defect("the change has an OldImage, which the view NEW_IMAGE does not have")
        if self._view == "NEW_AND_OLD_IMAGES" and len(document) == 2:
            raise Defect("the change has neither OldImage nor NewImage")
        for name in ("OldImage", "NewImage"):
            if name in document and check_item(document[name], self._keys) != key:
                raise Defect("an image of the change has another key than its Keys")
        return key


def _canonical(key: KeyAttribute) -> Callable[[bytes], bytes | None]:
    """Makes the canonical form of a key value in a line, or None if the line has to be parsed."""
    if key.type == "S":
        return _unchanged
    if key.type == "N":
        return partial(canonical_raw_value, "N")
    longest = MAX_KEY_BYTES[key.role]

    def decode(raw: bytes) -> bytes | None:
        value = canonical_raw_value("B", raw)
        return value if value is not None and len(value) <= longest else None

    return decode


def _unchanged(raw: bytes) -> bytes:
    return raw


def _refuse_constant(text: str) -> None:
    """``NaN`` and ``Infinity``, which Python reads and JSON does not have."""
    raise ValueError


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _value_pattern(levels: int) -> bytes:
    """An attribute value, as AWS writes it, with lists and maps in ``levels`` levels."""
    kinds = [
        rb'S":' + _STRING,
        rb'N":' + _NUMBER,
        rb'B":' + _BASE64,
        rb'BOOL":(?:true|false)',
        rb'NULL":true',
        rb'SS":' + _sequence(rb"\[", _STRING, rb"\]", start=rb'"'),
        rb'NS":' + _sequence(rb"\[", _NUMBER, rb"\]", start=rb'"'),
        rb'BS":' + _sequence(rb"\[", _BASE64, rb"\]", start=rb'"'),
    ]
    if levels:
        nested = _value_pattern(levels - 1)
        kinds.append(rb'L":(?:\[\]|' + _sequence(rb"\[", nested, rb"\]", start=rb"\{") + rb")")
        kinds.append(rb'M":(?:\{\}|' + _sequence(rb"\{", _NAME + b":" + nested, rb"\}", start=rb'"') + rb")")
    return rb'\{"(?:' + b"|".join(kinds) + rb")\}"


def _sequence(opening: bytes, element: bytes, closing: bytes, *, start: bytes) -> bytes:
    """One or more elements, each of which begins with ``start``."""
    return opening + rb"(?:" + element + rb"(?:,(?=" + start + rb")|(?=" + closing + rb")))++" + closing


def _image_pattern(keys: Sequence[KeyAttribute], value: Callable[[KeyAttribute], bytes]) -> bytes:
    """``{…}`` of an item: each key attribute exactly once, in any order, and any other attributes.

    ``value`` is the pattern of the content of a key attribute.
    """
    own = b"|".join(map(_quoted, keys))
    other = rb"(?!" + own + rb")" + _NAME + rb":" + _value_pattern(_LEVELS)
    between = rb",(?:" + other + rb",)*+"
    return rb"\{(?:" + other + rb",)*+" + _keys_pattern(keys, value, between) + rb"(?:," + other + rb")*+\}"


def _keys_pattern(
    keys: Sequence[KeyAttribute], value: Callable[[KeyAttribute], bytes], between: bytes = b","
) -> bytes:
    """The key attributes in any order. Captured, the groups are 1, or 1 and 2, or 4 and 3 in the other order."""
    attributes = [
        _quoted(key) + rb':\{"' + key.type.encode() + rb'":"' + value(key) + rb'"\}' for key in keys
    ]
    if len(attributes) == 1:
        return attributes[0]
    one, two = attributes
    return rb"(?:" + one + between + two + rb"|" + two + between + one + rb")"


def _item_pattern(keys: Sequence[KeyAttribute]) -> bytes:
    return rb'\{"Item":' + _image_pattern(keys, _captured) + rb"\}\n"


def _change_pattern(keys: Sequence[KeyAttribute], view: View) -> bytes:
    """The images have the key attributes as Keys has them; in another spelling, the line is parsed."""
    groups = (
        {keys[0].name: rb"\1"}
        if len(keys) == 1
        else {keys[0].name: rb"(?:\1|\4)", keys[1].name: rb"(?:\2|\3)"}
    )
    image = _image_pattern(keys, lambda key: groups[key.name])
    old, new = rb',"OldImage":' + image, rb',"NewImage":' + image
    both = old + rb"(?:" + new + rb")?|" + new
    images = rb"(?:" + (both if view == "NEW_AND_OLD_IMAGES" else new + rb"|") + rb")"
    head = rb'\{"Metadata":\{"WriteTimestampMicros":\{"N":"[0-9]{1,18}"\}\},"Keys":\{'
    return head + _keys_pattern(keys, _captured) + rb"\}" + images + rb"\}\n"


def _captured(key: KeyAttribute) -> bytes:
    raw = _RAW_KEYS.get(key.type, _PLAIN + rb"{1,%d}+" % MAX_KEY_BYTES[key.role])
    return rb"(" + raw + rb")"


def _quoted(key: KeyAttribute) -> bytes:
    return re.escape(json.dumps(key.name, ensure_ascii=False)).encode()
