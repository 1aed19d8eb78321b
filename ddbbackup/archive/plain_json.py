"""Items as plain JSON, without the types of DynamoDB, for people and tools such as jq.

Numbers keep all of their digits, sets become arrays, and binary values stay base64. Not for restores: what was a set
or binary cannot be told any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)


def plain_item(item: Mapping[str, Any]) -> str:
    """One line, without a newline. Raises ``ValueError`` for what is not an item."""
    members = (f"{_text(name)}: {plain_value(value)}" for name, value in item.items())
    return "{" + ", ".join(members) + "}"


def plain_value(value: object) -> str:
    """The JSON of an attribute value. Raises ``ValueError`` for what is none."""
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError("not an attribute value")
    ((kind, content),) = value.items()
    match kind, content:
        case "S" | "B", str():
            return _text(content)
        case "N", str():
            return _number(content)
        case "BOOL", bool():
            return "true" if content else "false"
        case "NULL", _:
            return "null"
        case "SS" | "BS", list():
            return _array(_text(each) for each in content)
        case "NS", list():
            return _array(_number(each) for each in content)
        case "L", list():
            return _array(plain_value(each) for each in content)
        case "M", Mapping():
            return plain_item(content)
    raise ValueError("not an attribute value")


def _array(values: Any) -> str:
    return "[" + ", ".join(values) + "]"


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise ValueError("not a text")
    return json.dumps(text, ensure_ascii=False)


def _number(text: object) -> str:
    """As it is, if that is a number of JSON too: a reader may round it, but ddbbackup does not."""
    if isinstance(text, str) and _JSON_NUMBER.fullmatch(text):
        return text
    return _text(text)
