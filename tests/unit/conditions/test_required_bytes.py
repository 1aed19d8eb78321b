"""Lines that are left out before anything is parsed cannot match, however their JSON is spelled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.conditions import compile_condition, parse_condition, required_bytes
from tests.support.conditions import Expression, expressions, items

_NUMBERS = {
    "1": ["1.0", "01", "1E0", "10e-1", "+1"],
    "1.5": ["1.50", "15E-1", "0.15e1"],
    "0": ["0.0", "-0", "0E5"],
}


@st.composite
def lines(draw: st.DrawFn) -> tuple[dict[str, Any], bytes]:
    """An item, and a line with it, in one of the ways in which JSON can be written."""
    item = _respelled(draw, draw(items))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    text = json.dumps({"Item": item}, ensure_ascii=draw(st.booleans()), separators=separators)
    if draw(st.booleans()):
        text = text.replace("/", "\\/")
    if draw(st.booleans()):
        text = text.replace('"a', '"\\u0061')
    return item, text.encode("utf-8", "surrogatepass") + b"\n"


def _respelled(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"N"} and value["N"] in _NUMBERS:
            return {"N": draw(st.sampled_from([value["N"], *_NUMBERS[value["N"]]]))}
        return {name: _respelled(draw, inner) for name, inner in value.items()}
    return value


@settings(max_examples=600, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=5), expressions())
def test_what_is_left_out_does_not_match(
    rows: list[tuple[dict[str, Any], bytes]], expression: Expression
) -> None:
    condition = parse_condition(expression.text, expression.names, expression.values)
    required, matches = required_bytes(condition), compile_condition(condition)
    matching = [line for item, line in rows if matches(item)]
    if required is None:
        return
    block = b"".join(line for _, line in rows)
    selected = required.select(block)
    assert [line for _, line in rows if line in selected] == selected or len(set(selected)) < len(selected)
    assert set(matching) <= set(selected)


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("a = :s", [0, 2]),
        ("a = :s AND b > :n", [0, 2]),
        ("a IN (:s, :t)", [0, 1, 2]),
        ("a = :s OR b = :n", [0, 2, 3]),
        ("begins_with(a, :s)", [0, 2, 4]),
        ("contains(a, :t)", [1]),
        ("a BETWEEN :s AND :u", [0, 2, 4]),
        ("b = :n", [3]),
    ],
)
def test_few_lines_are_parsed(text: str, selected: list[int]) -> None:
    """With the position of a match in the middle, at the start and at the end of a block."""
    rows = [
        {"a": {"S": "c-1"}},
        {"a": {"S": "d-2"}},
        {"x": {"L": [{"S": "c-1"}]}},
        {"b": {"N": "1017"}},
        {"a": {"S": "c-17"}},
    ]
    found = [json.dumps({"Item": row}).encode() + b"\n" for row in rows]
    known = {":s": {"S": "c-1"}, ":t": {"S": "d-2"}, ":n": {"N": "1017"}, ":u": {"S": "c-19"}}
    used = {name: value for name, value in known.items() if name in text}
    required = required_bytes(parse_condition(text, {}, used))
    assert required is not None
    assert required.select(b"".join(found)) == [found[number] for number in selected]


@pytest.mark.parametrize(
    "text", ["a <> :s", "NOT a = :s", "a > :s", "a = :s OR attribute_exists(b)", "size(a) = :n"]
)
def test_without_certainty_every_line_is_parsed(text: str) -> None:
    known = {":s": {"S": "c-1"}, ":n": {"N": "1"}}
    used = {name: value for name, value in known.items() if name in text}
    assert required_bytes(parse_condition(text, {}, used)) is None
