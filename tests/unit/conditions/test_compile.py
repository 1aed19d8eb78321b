"""What a condition says of an item. Agreement with real servers: tests/functional/test_conditions_on_servers.py."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.conditions import compile_condition, parse_condition

ITEM = {
    "s": {"S": "c-1017"},
    "n": {"N": "1.50"},
    "big": {"N": "12345678901234567890123456789012345678"},
    "b": {"B": "/w=="},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "names": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.0"]},
    "list": {"L": [{"S": "x"}, {"M": {"c": {"N": "3"}}}]},
    "map": {"M": {"x.y": {"L": [{"S": "deep"}]}}},
    "unicode": {"S": "é\U0001d11e"},
}


def matches(text: str, names: dict[str, str] | None = None, **values: Any) -> bool:
    named = {f":{name}": value for name, value in values.items()}
    return compile_condition(parse_condition(text, names or {}, named))(ITEM)


@pytest.mark.parametrize(
    "text",
    [
        "n = :v",
        ":v = n",
        "n >= :v",
        "n BETWEEN :v AND :v",
        "n IN (:v)",
    ],
)
@pytest.mark.parametrize("spelling", ["1.5", "1.50", "15E-1", "+1.5", "01.5"])
def test_numbers_are_compared_by_value(text: str, spelling: str) -> None:
    assert matches(text, v={"N": spelling})


def test_all_38_digits_count() -> None:
    """A float has 17."""
    assert matches("big = :v", v={"N": "12345678901234567890123456789012345678"})
    assert not matches("big = :v", v={"N": "12345678901234567890123456789012345677"})
    assert matches("big > :v", v={"N": "12345678901234567890123456789012345677"})


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("list[1].c = :v", {"N": "3"}, True),
        ("list[2].c = :v", {"N": "3"}, False),
        ("#m.#p[0] = :v", {"S": "deep"}, True),
        ("s.c = :v", {"S": "x"}, False),
        ("names = :v", {"SS": ["b", "a"]}, True),
        ("numbers = :v", {"NS": ["2", "1.0"]}, True),
        ("contains(numbers, :v)", {"N": "2"}, True),
        ("contains(names, :v)", {"N": "2"}, False),
        ("contains(list, :v)", {"S": "x"}, True),
        ("contains(s, :v)", {"S": "101"}, True),
        ("begins_with(s, :v)", {"S": "c-"}, True),
        ("begins_with(n, :v)", {"S": "1"}, False),
        ("missing <> :v", {"S": "x"}, True),
        ("NOT missing = :v", {"S": "x"}, True),
        ("missing < :v", {"S": "x"}, False),
        ("s < :v", {"N": "5"}, False),
        ("yes = :v", {"BOOL": True}, True),
        ("size(unicode) = :v", {"N": "3"}, True),
        ("size(names) = :v", {"N": "2"}, True),
        ("size(b) = :v", {"N": "1"}, True),
        ("size(n) >= :v", {"N": "0"}, False),
        ("size(missing) >= :v", {"N": "0"}, False),
        ("attribute_type(nothing, :v)", {"S": "NULL"}, True),
        ("attribute_type(missing, :v)", {"S": "NULL"}, False),
    ],
)
def test_single_conditions(text: str, value: dict[str, Any], expected: bool) -> None:
    names = {"#m": "map", "#p": "x.y"} if "#" in text else {}
    assert matches(text, names, v=value) is expected


def test_two_attributes_are_compared() -> None:
    assert not matches("s = n")
    assert matches("list[0] <> s")
    assert matches("attribute_exists(list[1].c) AND attribute_not_exists(list[1].d)")
