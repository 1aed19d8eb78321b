"""Items without DynamoDB's types: nothing is rounded, and every line is JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from ddbbackup.archive.plain_json import plain_item
from tests.support.items import items


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"N": "12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"),
        ({"N": "1.50"}, "1.50"),
        ({"N": "1E+30"}, "1E+30"),
        ({"N": "+1"}, '"+1"'),  # a number of DynamoDB, not of JSON
        ({"S": "é\n"}, '"é\\n"'),
        ({"B": "/w=="}, '"/w=="'),
        ({"BOOL": False}, "false"),
        ({"NULL": True}, "null"),
        ({"NS": ["1", "2.5"]}, "[1, 2.5]"),
        ({"L": [{"S": "a"}, {"M": {"b": {"N": "1"}}}]}, '["a", {"b": 1}]'),
    ],
)
def test_values(value: dict[str, Any], expected: str) -> None:
    assert plain_item({"v": value}) == f'{{"v": {expected}}}'


@given(items())
def test_every_item_is_one_line_of_json(item: dict[str, Any]) -> None:
    text = plain_item(item)
    assert "\n" not in text
    assert set(json.loads(text, parse_float=Decimal)) == set(item)


@pytest.mark.parametrize("value", [{}, {"S": 1}, {"X": "a"}, {"S": "a", "N": "1"}, "a", {"L": "a"}])
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not a"):
        plain_item({"v": value})
