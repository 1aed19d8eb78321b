"""Items as DynamoDB compares them: sets without order, numbers by value, binary values by their bytes.

Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules". Values have the form of the wire
format: ``{"N": "1.50"}``. Numbers stay decimal, with all of their digits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_NUMBER: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?", re.ASCII)


def equal_items(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether DynamoDB would call two items equal. False also for what is nested too deeply to be an item."""
    try:
        return comparable_item(one) == comparable_item(other)
    except RecursionError:
        return False


def item_digest(item: Mapping[str, Any]) -> bytes:
    """The same 32 bytes for equal items. Raises ``RecursionError`` for what is nested too deeply to be an item."""
    return hashlib.sha256(repr(comparable_item(item)).encode("utf-8", "surrogatepass")).digest()


def comparable_item(item: Mapping[str, Any]) -> tuple[object, ...]:
    """The same value for equal items, whatever the order of their attributes."""
    return tuple((name, comparable(item[name])) for name in sorted(item))


def comparable(value: object) -> tuple[object, ...]:
    """The same value for equal attribute values. What is not an attribute value is equal only to itself."""
    if not isinstance(value, dict) or len(value) != 1:
        return ("?", repr(value))
    ((kind, content),) = value.items()
    match kind, content:
        case "N", str():
            return ("N", _number(content))
        case "B", str():
            return ("B", _binary(content))
        case "SS" | "NS" | "BS", list():
            elements = {"SS": _text, "NS": _number, "BS": _binary}[kind]
            return (kind, *sorted({repr(elements(each)) for each in content}))
        case "L", list():
            return ("L", *(comparable(each) for each in content))
        case "M", dict():
            return ("M", comparable_item(content))
        case _:
            return (str(kind), repr(content))


def comparable_key(item: Mapping[str, Any], names: Sequence[str]) -> tuple[object, ...]:
    """The key of an item whose key attributes are called ``names``. Raises ``KeyError`` if one is missing."""
    return tuple(comparable(item[name]) for name in names)


def _text(value: object) -> object:
    return value


def _number(text: object) -> object:
    parts = decimal_parts(text) if isinstance(text, str) else None
    return ("?", text) if parts is None else parts


def decimal_parts(text: str) -> tuple[bool, str, int] | None:
    """Whether it is negative, its digits and its exponent, without superfluous zeros; None for what is no number."""
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return None
    fraction = match[3] or ""
    digits = (match[2] + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return (False, "", 0)
    exponent = int(match[4] or 0) - len(fraction) + len(digits) - len(significant)
    return (match[1] == "-", significant, exponent)


def _binary(text: object) -> object:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else ("?", text)
    except (binascii.Error, ValueError):
        return ("?", text)
