"""Whether a parsed item is one that DynamoDB could have exported, and if not, why: without a word of its content.

Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules" and "Quotas": numbers have up to 38
digits and a magnitude from 1E-130 to 9.99…E+125, sets are not empty, documents are nested up to 32 levels, values of
a partition key have up to 2,048 bytes and those of a sort key up to 1,024.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ddbbackup.archive.attribute_values import decimal_parts
from ddbbackup.archive.item_keys import canonical_value, join_values
from ddbbackup.ports import KeyAttribute

MAX_DIGITS: Final = 38
MAX_KEY_BYTES: Final[Mapping[str, int]] = {"HASH": 2048, "RANGE": 1024}
_MAX_EXPONENT: Final = 125
_MIN_EXPONENT: Final = -130
_MAX_DEPTH: Final = 32
_ELEMENTS: Final[Mapping[str, str]] = {"SS": "S", "NS": "N", "BS": "B"}


class Defect(Exception):
    """``reason`` says what is wrong, for people. It names no attribute other than those of the key, and no value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_item(item: object, keys: Sequence[KeyAttribute]) -> bytes:
    """The canonical key of an item with valid attributes; see ``item_keys``. Raises ``Defect``."""
    if not isinstance(item, dict):
        raise Defect("the item is not a JSON object")
    for value in item.values():
        check_value(value)
    return check_key(item, keys)


def check_key(item: Mapping[str, Any], keys: Sequence[KeyAttribute]) -> bytes:
    """The canonical key of an item, or of a key. Raises ``Defect`` if it does not fit the table's key schema."""
    values = []
    for key in sorted(keys, key=lambda each: each.role != "HASH"):
        attribute = item.get(key.name)
        if attribute is None:
            raise Defect(f"the key attribute {key.name} is missing")
        if not isinstance(attribute, dict) or attribute.keys() != {key.type}:
            raise Defect(f"the key attribute {key.name} is not of type {key.type}")
        value = canonical_value(key.type, attribute[key.type])
        if not value:
            raise Defect(f"the key attribute {key.name} is empty or has no valid value")
        if key.type != "N" and len(value) > MAX_KEY_BYTES[key.role]:
            raise Defect(f"the key attribute {key.name} is longer than DynamoDB allows")
        values.append(value)
    return join_values(values)


def check_value(value: object, depth: int = 1) -> None:
    """Raises ``Defect`` unless ``value`` is an attribute value in the wire format: ``{"N": "1"}``."""
    if not isinstance(value, dict) or len(value) != 1:
        raise Defect("an attribute value is not one type with its content")
    ((kind, content),) = value.items()
    match kind, content:
        case "S" | "N" | "B", str():
            _check_scalar(kind, content)
        case ("BOOL", bool()) | ("NULL", True):
            pass
        case "SS" | "NS" | "BS", list():
            _check_set(kind, content)
        case "L", list():
            _check_nested(content, depth)
        case "M", dict():
            _check_nested(content.values(), depth)
        case _:
            raise Defect(
                "an attribute value has a type that DynamoDB does not have, or content of another type"
            )


def _check_nested(values: Any, depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise Defect(f"attribute values are nested more than {_MAX_DEPTH} levels deep")
    for value in values:
        check_value(value, depth + 1)


def _check_set(kind: str, elements: Sequence[object]) -> None:
    if not elements:
        raise Defect("a set is empty")
    for element in elements:
        if not isinstance(element, str):
            raise Defect("an element of a set is not a string")
        _check_scalar(_ELEMENTS[kind], element)


def _check_scalar(kind: str, content: str) -> None:
    if kind == "N":
        _check_number(content)
    elif kind == "B":
        try:
            binascii.a2b_base64(content.encode("ascii"), strict_mode=True)
        except ValueError:
            raise Defect("a binary value is not base64") from None
    else:
        try:
            content.encode()
        except UnicodeEncodeError:
            raise Defect("a string is not Unicode text") from None


def _check_number(text: str) -> None:
    parts = decimal_parts(text)
    if parts is None:
        raise Defect("a number is not a decimal number")
    _, digits, exponent = parts
    if len(digits) > MAX_DIGITS:
        raise Defect(f"a number has more than {MAX_DIGITS} digits")
    if digits and not _MIN_EXPONENT <= exponent + len(digits) - 1 <= _MAX_EXPONENT:
        raise Defect("a number is outside of the range of DynamoDB")
