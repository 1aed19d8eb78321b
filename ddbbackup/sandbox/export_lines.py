"""The lines of exports, in DynamoDB JSON and in Ion.

The Ion of full exports is as documented (DynamoDB guide: Export output format). That of incremental exports, and of
NULL, is not documented in full: it follows the JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_IDENTIFIER: Final = re.compile(r"(?!\$\d+$)[A-Za-z_$][A-Za-z0-9_$]*")  # $10 would be a symbol by its number
_KEYWORDS: Final = frozenset({"null", "true", "false", "nan"})

Value = Mapping[str, Any]
"""An attribute value in DynamoDB JSON: its type, and its content."""
Attributes = Mapping[str, Value]


def json_item(item: Attributes) -> bytes:
    """A line of a full export, with its newline."""
    return _json({"Item": item})


def json_change(micros: int, keys: Attributes, old: Attributes | None, new: Attributes | None) -> bytes:
    """A line of an incremental export. The members are in the order in which AWS writes them."""
    members: dict[str, Any] = {"Metadata": {"WriteTimestampMicros": {"N": str(micros)}}, "Keys": keys}
    if old is not None:
        members["OldImage"] = old
    if new is not None:
        members["NewImage"] = new
    return _json(members)


def ion_item(item: Attributes) -> bytes:
    return f"$ion_1_0 {{Item:{_struct(item)}}}\n".encode()


def ion_change(micros: int, keys: Attributes, old: Attributes | None, new: Attributes | None) -> bytes:
    members = [f"Metadata:{{WriteTimestampMicros:{micros}.}}", f"Keys:{_struct(keys)}"]
    images = (("OldImage", old), ("NewImage", new))
    members += [f"{name}:{_struct(image)}" for name, image in images if image is not None]
    return f"$ion_1_0 {{Record:{{{','.join(members)}}}}}\n".encode()


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _struct(attributes: Attributes) -> str:
    return "{" + ",".join(f"{_symbol(name)}:{_ion(value)}" for name, value in attributes.items()) + "}"


def _symbol(name: str) -> str:
    if _IDENTIFIER.fullmatch(name) and name not in _KEYWORDS:
        return name
    return "'" + _escaped(name).replace("'", "\\'") + "'"


def _ion(value: Value) -> str:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return f'"{_escaped(content)}"'
        case "N":
            return _decimal(content)
        case "B":
            return f"{{{{{content}}}}}"
        case "BOOL":
            return "true" if content else "false"
        case "NULL":
            return "null"
        case "L":
            return f"[{','.join(map(_ion, content))}]"
        case "M":
            return _struct(content)
        case "SS" | "NS" | "BS":
            return f"$dynamodb_{kind}::[{','.join(_ion({kind[0]: each}) for each in content)}]"
        case _:
            raise ValueError(f"no type of DynamoDB: {kind}")


def _decimal(number: str) -> str:
    """A decimal of Ion, never an integer: ``103.``, ``6d2``."""
    mantissa, _, exponent = number.replace("E", "e").partition("e")
    if exponent:
        return f"{mantissa}d{exponent.removeprefix('+')}"
    return mantissa if "." in mantissa else f"{mantissa}."


def _escaped(text: str) -> str:
    """JSON escapes the same characters as Ion, and in the same form."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
