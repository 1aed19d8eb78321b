"""Equality of items as in DynamoDB, in the form of the wire format."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_key, equal_items, item_digest
from tests.support.items import items, numbers

EQUAL = [
    ({"N": "1"}, {"N": "1.0"}),
    ({"N": "1000"}, {"N": "1E3"}),
    ({"N": "0.00150"}, {"N": "15e-4"}),
    ({"N": "-0"}, {"N": "0E5"}),
    ({"N": "+7"}, {"N": "007"}),
    ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
    ({"NS": ["1", "2.0"]}, {"NS": ["2", "1.00"]}),
    ({"BS": ["AA==", "AQ=="]}, {"BS": ["AQ==", "AA=="]}),
    ({"M": {"a": {"N": "1"}, "b": {"S": ""}}}, {"M": {"b": {"S": ""}, "a": {"N": "1.0"}}}),
]
DIFFERENT = [
    ({"N": "1"}, {"S": "1"}),
    ({"N": "1"}, {"N": "-1"}),
    ({"N": "1"}, {"N": "10"}),
    ({"N": "9007199254740993"}, {"N": "9007199254740992"}),
    ({"N": "0.1000000000000000055511151231257827"}, {"N": "0.1"}),
    ({"S": "a"}, {"S": "A"}),
    ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
    ({"SS": ["a"]}, {"SS": ["a", "b"]}),
    ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
    ({"BOOL": True}, {"BOOL": False}),
    ({"NULL": True}, {"BOOL": True}),
    ({"B": "AA=="}, {"B": "AQ=="}),
    ({"N": "NaN"}, {"N": "1"}),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_values_are_equal_by_meaning(one: Any, other: Any) -> None:
    """Order of sets, notation of numbers, order of attributes."""
    assert equal_items({"v": one}, {"v": other})
    assert item_digest({"v": one}) == item_digest({"v": other})
    assert comparable_key({"v": one}, ["v"]) == comparable_key({"v": other}, ["v"])


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_values_are_different(one: Any, other: Any) -> None:
    """Types count, and every digit of a number."""
    assert not equal_items({"v": one}, {"v": other})
    assert item_digest({"v": one}) != item_digest({"v": other})


@given(one=numbers(), other=numbers())
def test_numbers_compare_as_decimals(one: str, other: str) -> None:
    """Never as floating point numbers."""
    assert equal_items({"v": {"N": one}}, {"v": {"N": other}}) == (Decimal(one) == Decimal(other))


@given(item=items())
def test_an_item_is_equal_to_itself_after_any_detour(item: dict[str, Any]) -> None:
    """Through JSON, and with its attributes in another order."""
    again = json.loads(json.dumps(dict(reversed(item.items()))))
    assert equal_items(item, again)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("SNBLM"), inner, max_size=2),
    max_leaves=8,
)


@given(one=json_values, other=json_values)
def test_anything_in_place_of_a_value_is_equal_only_to_itself(one: object, other: object) -> None:
    """A server may send anything; nothing raises."""
    assert equal_items({"v": one}, {"v": one})
    if json.dumps(one) != json.dumps(other) and not isinstance(one, dict):
        assert not equal_items({"v": one}, {"v": other})


def test_what_is_nested_too_deeply_is_different() -> None:
    """It cannot be in a table, which takes 32 levels."""
    deep: dict[str, Any] = {"S": "a"}
    for _ in range(100_000):
        deep = {"L": [deep]}
    assert not equal_items({"v": deep}, {"v": deep})
