"""Attribute values as conditions compare them: by type and value, sets without order, numbers as decimals."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

AttributeValue = Mapping[str, Any]
"""``{"S": "a"}``, ``{"N": "1.5"}``, … as in the wire format."""
Comparable = tuple[object, ...]
"""The type and the content; equal for values that DynamoDB calls equal, and hashable."""

TYPES: Final = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")
ORDERED: Final = ("S", "N", "B")
ELEMENT_TYPES: Final = {"SS": "S", "NS": "N", "BS": "B"}
MAX_DIGITS: Final = 38
_MAX_DEPTH: Final = 32  # AWS's limit for nested attributes
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_NOTHING: Final = ("?",)


def type_of(value: AttributeValue) -> str:
    (kind,) = value
    return kind


def number(text: str) -> Decimal:
    """Exact: no context rounds it. Raises ``ValueError`` for what is no number of DynamoDB."""
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return Decimal(text)


def binary(text: str) -> bytes:
    """Raises ``ValueError`` for what is not base64."""
    return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)


def utf8(text: str) -> bytes:
    """The bytes by which strings are ordered."""
    return text.encode("utf-8", "surrogatepass")


SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {"S": utf8, "N": number, "B": binary}
"""From the content of a value to what has the order of DynamoDB."""


def comparable(value: object) -> Comparable:
    """What is not an attribute value equals nothing, not even itself."""
    try:
        return _comparable(value)
    except (ValueError, TypeError, RecursionError):
        return (*_NOTHING, object())


def _comparable(value: object) -> Comparable:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError
    ((kind, content),) = value.items()
    if kind in SCALARS:
        return (kind, SCALARS[kind](content))
    if kind in ELEMENT_TYPES:
        read = SCALARS[ELEMENT_TYPES[kind]]
        return (kind, frozenset(read(each) for each in content))
    match kind, content:
        case "BOOL", bool():
            return (kind, content)
        case "NULL", True:
            return (kind,)
        case "L", list():
            return (kind, *(_comparable(each) for each in content))
        case "M", Mapping():
            return (kind, frozenset((name, _comparable(each)) for name, each in content.items()))
    raise ValueError


def value_problem(value: object, depth: int = 0) -> str | None:
    """What is wrong with an attribute value that somebody wrote by hand; None if it is valid."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return 'a value needs its type, such as {"S": "text"} or {"N": "1"}'
    ((kind, content),) = value.items()
    if kind not in TYPES:
        return f"{kind!r} is not a type of DynamoDB: use one of {', '.join(TYPES)}"
    if depth > _MAX_DEPTH:
        return "it is nested too deeply"
    if kind in SCALARS:
        return _scalar_problem(kind, content)
    if kind in ELEMENT_TYPES:
        return _set_problem(kind, content)
    match kind:
        case "BOOL":
            return None if isinstance(content, bool) else "BOOL needs true or false"
        case "NULL":
            return None if content is True else "NULL needs true"
        case "L":
            if not isinstance(content, list):
                return "L needs a list of values"
            return next(filter(None, (value_problem(each, depth + 1) for each in content)), None)
        case _:
            if not isinstance(content, Mapping):
                return "M needs a mapping of names to values"
            return next(filter(None, (value_problem(each, depth + 1) for each in content.values())), None)


def _scalar_problem(kind: str, content: object) -> str | None:
    if not isinstance(content, str):
        return f"{kind} needs a text in quotes"
    if kind == "N":
        try:
            digits = number(content).as_tuple().digits
        except ValueError:
            return "N needs a number"
        if len("".join(map(str, digits)).strip("0")) > MAX_DIGITS:
            return f"a number has at most {MAX_DIGITS} digits"
    if kind == "B":
        try:
            base64.b64decode(content, validate=True)
        except ValueError:
            return "B needs base64"
    return None


def _set_problem(kind: str, content: object) -> str | None:
    if not isinstance(content, list) or not content:
        return f"{kind} needs a list with at least one element"
    element = ELEMENT_TYPES[kind]
    problem = next(filter(None, (_scalar_problem(element, each) for each in content)), None)
    if problem is None and len({SCALARS[element](each) for each in content}) < len(content):
        return f"{kind} holds an element twice"
    return problem
