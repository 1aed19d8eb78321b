"""Random items and conditions that often match them: few names, few values, all types and operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable
from ddbbackup.conditions.values import ORDERED, SCALARS, type_of

TEXTS: Final = ("a", "ab", "b", "é", "\U0001f389", "\uffff", '"', "a\\b", "a/b", "\n", "1")
NUMBERS: Final = ("0", "1", "10", "-1", "1.5", "0.1", "99999999999999999999999999999999999999", "0.00001")
BINARIES: Final = ("YQ==", "YWI=", "AA==", "/w==", "YWJj")

_texts = st.builds(lambda text: {"S": text}, st.sampled_from(TEXTS))
_numbers = st.builds(lambda text: {"N": text}, st.sampled_from(NUMBERS))
_binaries = st.builds(lambda text: {"B": text}, st.sampled_from(BINARIES))
_ordered = _texts | _numbers | _binaries


def _sets(kind: str, elements: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda chosen: {kind: chosen},
        st.lists(st.sampled_from(elements), min_size=1, max_size=3, unique=True),
    )


_scalars: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _ordered,
    st.builds(lambda value: {"BOOL": value}, st.booleans()),
    st.just({"NULL": True}),
    _sets("SS", TEXTS),
    _sets("NS", NUMBERS),
    _sets("BS", BINARIES),
)
values: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _scalars,
    st.builds(lambda inner: {"L": inner}, st.lists(_scalars, max_size=2)),
    st.builds(
        lambda inner: {"M": inner}, st.dictionaries(st.sampled_from(["x", "y.z"]), _scalars, max_size=2)
    ),
)
items: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["a", "b", "c-d"]), values, max_size=3
)


@dataclass(frozen=True)
class Expression:
    """What a request has as ``FilterExpression``, and its names and values."""

    text: str
    names: dict[str, str]
    values: dict[str, Any]


class _Placeholders:
    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, name: str) -> str:
        return next((k for k, v in self.names.items() if v == name), None) or self._add(self.names, "#", name)

    def value(self, value: dict[str, Any]) -> str:
        return self._add(self.values, ":", value)

    @staticmethod
    def _add(known: dict[str, Any], sign: str, content: Any) -> str:
        key = f"{sign}{len(known)}"
        known[key] = content
        return key


_PATHS: Final = (
    ("a",),
    ("b",),
    ("c-d",),
    ("a", "x"),
    ("b", "y.z"),
    ("a", 0),
    ("b", 1),
    ("nowhere",),
    ("a", "x", 0),
)


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    """Only what AWS accepts, so that servers have nothing to refuse."""
    used = _Placeholders()
    text = _condition(draw, used, depth=draw(st.integers(0, 2)))
    return Expression(text, used.names, used.values)


def _condition(draw: st.DrawFn, used: _Placeholders, depth: int) -> str:
    if depth == 0:
        return _simple(draw, used)
    one = _condition(draw, used, depth - 1)
    operators = draw(st.sampled_from(["not", "and", "or", "not both", "all"]))
    if operators == "not":
        return f"NOT {one}"
    other = _condition(draw, used, depth - 1)
    match operators:
        case "and":
            return f"{one} AND {other}"
        case "or":
            return f"{one} or {other}"
        case "not both":
            return f"NOT ({one} and {other})"
        case _:  # NOT before AND before OR
            return f"{one} OR {other} AND NOT {_simple(draw, used)}"


def _path(draw: st.DrawFn, used: _Placeholders) -> str:
    text = ""
    for part in draw(st.sampled_from(_PATHS)):
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part.isidentifier() and draw(st.booleans())
            text += ("." if text else "") + (part if plain else used.name(part))
    return text


def _simple(draw: st.DrawFn, used: _Placeholders) -> str:
    path = _path(draw, used)
    match draw(
        st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "between", "in", "exists", "type", "text", "size"])
    ):
        case ("=" | "<>") as comparator:
            return f"{path} {comparator} {used.value(draw(values))}"
        case ("<" | "<=" | ">" | ">=") as comparator:
            value = used.value(draw(_ordered))
            return draw(st.sampled_from([f"{path} {comparator} {value}", f"{value} {comparator} {path}"]))
        case "between":
            low, high = draw(_bounds())
            return f"{path} BETWEEN {used.value(low)} AND {used.value(high)}"
        case "in":
            choices = draw(st.lists(values, min_size=1, max_size=3))
            return f"{path} IN ({', '.join(map(used.value, choices))})"
        case "exists":
            return f"{draw(st.sampled_from(['attribute_exists', 'attribute_not_exists']))}({path})"
        case "type":
            kind = draw(st.sampled_from(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]))
            return f"attribute_type({path}, {used.value({'S': kind})})"
        case "text":
            if draw(st.booleans()):
                return f"begins_with({path}, {used.value(draw(_texts | _binaries))})"
            return f"contains({path}, {used.value(draw(_ordered))})"
        case _:
            number = used.value({"N": str(draw(st.integers(0, 3)))})
            return f"size({path}) {draw(st.sampled_from(['=', '<', '>=']))} {number}"


@st.composite
def _bounds(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    kind = draw(st.sampled_from(ORDERED))
    of_kind = {"S": _texts, "N": _numbers, "B": _binaries}[kind]
    low, high = sorted(draw(st.tuples(of_kind, of_kind)), key=lambda value: SCALARS[kind](value[kind]))
    assert type_of(low) == kind
    assert comparable(low) is not None
    return low, high
