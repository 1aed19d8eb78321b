"""From a tree to a function of an item. Comparisons with a value, which nearly all are, have a fast form each.

An operand that is missing, or has another type, makes a comparison false, except for ``<>``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from ddbbackup.conditions.tree import (
    And,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Condition,
    Contains,
    Exists,
    HasType,
    In,
    Not,
    Operand,
    Or,
    Path,
    Size,
    Value,
)
from ddbbackup.conditions.values import ELEMENT_TYPES, ORDERED, SCALARS, binary, comparable, number, type_of
from ddbbackup.errors import Bug

Item = Mapping[str, Any]
Matches = Callable[[Item], bool]
"""Whether an item, as a mapping of names to attribute values, matches. May raise anything for what is no item."""
Read = Callable[[Item], Any]
"""The attribute value of an operand; None if it is missing."""

_ORDER: Final[Mapping[Comparator, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED: Final[Mapping[Comparator, Comparator]] = {
    "=": "=",
    "<>": "<>",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}


def compile_condition(condition: Condition) -> Matches:
    """A function that may be called by several threads. It cannot be pickled; the tree can."""
    match condition:
        case And(conditions):
            return _all(tuple(map(compile_condition, conditions)))
        case Or(conditions):
            return _any(tuple(map(compile_condition, conditions)))
        case Not(inner):
            return _not(compile_condition(inner))
        case Exists(path, expected):
            read = _read_path(path)
            return (lambda item: read(item) is not None) if expected else (lambda item: read(item) is None)
        case HasType(path, kind):
            read = _read_path(path)
            return lambda item: kind in (read(item) or ())
        case Comparison(comparator, left, right):
            return _comparison(comparator, left, right)
        case Between(operand, low, high):
            return _all((_comparison(">=", operand, low), _comparison("<=", operand, high)))
        case In(operand, choices):
            return _in(operand, choices)
        case BeginsWith(operand, prefix):
            return _begins_with(operand, prefix)
        case Contains(operand, element):
            return _contains(operand, element)
        case _:
            assert_never(condition)


def _all(conditions: tuple[Matches, ...]) -> Matches:
    if len(conditions) == 2:
        first, second = conditions
        return lambda item: first(item) and second(item)
    return lambda item: all(matches(item) for matches in conditions)


def _any(conditions: tuple[Matches, ...]) -> Matches:
    return lambda item: any(matches(item) for matches in conditions)


def _not(condition: Matches) -> Matches:
    return lambda item: not condition(item)


# ---- operands


def _read(operand: Operand) -> Read:
    match operand:
        case Path():
            return _read_path(operand)
        case Value(value):
            return lambda item: value
        case Size(path):
            return _read_size(path)
        case _:
            assert_never(operand)


def _read_path(path: Path) -> Read:
    first, *rest = path.parts
    if not isinstance(first, str):
        raise Bug("a path begins with an index")
    if not rest:
        return lambda item: item.get(first)

    def read(item: Item) -> Any:
        value = item.get(first)
        for part in rest:
            inner = value.get("L" if isinstance(part, int) else "M") if value else None
            if isinstance(part, int):
                value = inner[part] if inner and part < len(inner) else None
            else:
                value = inner.get(part) if inner else None
            if value is None:
                return None
        return value

    return read


def _read_size(path: Path) -> Read:
    """The length of text in UTF-16 code units (observed on AWS: github.com/ExtendDB/extenddb/issues/60), of binary
    values in bytes, of the others their elements. The other types have no size.
    """
    read = _read_path(path)

    def size(item: Item) -> Any:
        value = read(item)
        if not value:
            return None
        ((kind, content),) = value.items()
        if kind == "S":
            return {"N": str(len(content.encode("utf-16-le", "surrogatepass")) // 2)}
        if kind == "B":
            return {"N": str(len(binary(content)))}
        return {"N": str(len(content))} if kind not in ("N", "BOOL", "NULL") else None

    return size


# ---- comparisons


def _comparison(comparator: Comparator, left: Operand, right: Operand) -> Matches:
    if isinstance(left, Value) and not isinstance(right, Value):
        left, right, comparator = right, left, _MIRRORED[comparator]
    if comparator == "<>":
        return _not(_comparison("=", left, right))
    read = _read(left)
    if isinstance(right, Value):
        kind = type_of(right.value)
        if comparator == "=":
            return _equal_to(read, kind, right.value)
        if kind not in ORDERED:
            return lambda item: False
        return _ordered_to(read, kind, _ORDER[comparator], SCALARS[kind](right.value[kind]))
    other = _read(right)
    if comparator == "=":
        return lambda item: _are_equal(read(item), other(item))
    compare = _ORDER[comparator]
    return lambda item: _are_ordered(read(item), other(item), compare)


def _equal_to(read: Read, kind: str, value: Mapping[str, Any]) -> Matches:
    content = value[kind]
    if kind in ("S", "BOOL", "NULL"):
        return lambda item: (found := read(item)) is not None and found.get(kind) == content
    if kind == "N":
        wanted = number(content)

        def equals(item: Item) -> bool:
            text = found.get("N") if (found := read(item)) else None
            return text is not None and (text == content or _as(number, text) == wanted)

        return equals
    expected = comparable(value)
    return lambda item: (found := read(item)) is not None and comparable(found) == expected


def _ordered_to(read: Read, kind: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Matches:
    convert = SCALARS[kind]

    def matches(item: Item) -> bool:
        content = found.get(kind) if (found := read(item)) else None
        if content is None:
            return False
        try:
            return compare(convert(content), wanted)
        except (ValueError, TypeError):
            return False

    return matches


def _are_equal(one: Any, other: Any) -> bool:
    return one is not None and other is not None and comparable(one) == comparable(other)


def _are_ordered(one: Any, other: Any, compare: Callable[[Any, Any], bool]) -> bool:
    if not one or not other:
        return False
    kind, content = next(iter(one.items()))
    other_content = other.get(kind)
    if kind not in ORDERED or other_content is None:
        return False
    try:
        return compare(SCALARS[kind](content), SCALARS[kind](other_content))
    except (ValueError, TypeError):
        return False


def _as(convert: Callable[[Any], Any], content: Any) -> Any:
    try:
        return convert(content)
    except (ValueError, TypeError):
        return None


def _in(operand: Operand, choices: tuple[Operand, ...]) -> Matches:
    constants = [choice.value for choice in choices if isinstance(choice, Value)]
    others = tuple(_comparison("=", operand, choice) for choice in choices if not isinstance(choice, Value))
    texts = frozenset(value["S"] for value in constants if "S" in value)
    values = frozenset(comparable(value) for value in constants)
    read = _read(operand)

    def matches(item: Item) -> bool:
        found = read(item)
        if found is None:
            return False
        text = found.get("S")
        if text in texts if text is not None else comparable(found) in values:
            return True
        return any(other(item) for other in others)

    return matches


# ---- functions


def _begins_with(operand: Operand, prefix: Operand) -> Matches:
    read = _read(operand)
    if isinstance(prefix, Value) and "S" in prefix.value:
        start = prefix.value["S"]
        return lambda item: (
            (found := read(item)) is not None
            and isinstance(text := found.get("S"), str)
            and text.startswith(start)
        )
    read_prefix = _read(prefix)

    def matches(item: Item) -> bool:
        found, wanted = read(item) or {}, read_prefix(item) or {}
        for kind in ("S", "B"):
            content, begin = _content(found, kind), _content(wanted, kind)
            if content is not None and begin is not None:
                return bool(content.startswith(begin))
        return False

    return matches


def _contains(operand: Operand, element: Operand) -> Matches:
    read, read_element = _read(operand), _read(element)

    def matches(item: Item) -> bool:
        found, wanted = read(item), read_element(item)
        if not found or not wanted:
            return False
        ((kind, content),) = found.items()
        if kind in ("S", "B"):
            inner, outer = _content(wanted, kind), _content(found, kind)
            return inner is not None and outer is not None and inner in outer
        if kind == "L":
            expected = comparable(wanted)
            return any(comparable(each) == expected for each in content)
        of_element = ELEMENT_TYPES.get(kind)
        part = _content(wanted, of_element) if of_element else None
        return part is not None and any(_as(SCALARS[of_element or "S"], each) == part for each in content)

    return matches


def _content(value: Mapping[str, Any], kind: str) -> Any:
    """What a value of this type holds, in comparable form; None for another type."""
    content = value.get(kind)
    return None if content is None else _as(SCALARS[kind], content)
