"""Lines of exports in Ion, as the DynamoDB guide shows them (Export output format)."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.sandbox.export_lines import ion_change, ion_item, json_change


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"S": 'größer "x"\n\\'}, '"größer \\"x\\"\\n\\\\"'),
        ({"N": "103"}, "103."),
        ({"N": "-0.50"}, "-0.50"),
        ({"N": "6E+2"}, "6d2"),
        ({"N": "1.5e-130"}, "1.5d-130"),
        ({"B": "aGVsbG8="}, "{{aGVsbG8=}}"),
        ({"BOOL": False}, "false"),
        ({"NULL": True}, "null"),
        ({"L": [{"N": "1"}, {"S": "a"}, {"L": []}]}, '[1.,"a",[]]'),
        ({"M": {"a b": {"S": "x"}, "it's": {"N": "2"}}}, "{'a b':\"x\",'it\\'s':2.}"),
        ({"SS": ["a", "b"]}, '$dynamodb_SS::["a","b"]'),
        ({"NS": ["3", "2.5"]}, "$dynamodb_NS::[3.,2.5]"),
        ({"BS": ["YQ=="]}, "$dynamodb_BS::[{{YQ==}}]"),
    ],
)
def test_each_type_has_its_form_in_ion(value: dict[str, Any], text: str) -> None:
    assert ion_item({"v": value}).decode() == f"$ion_1_0 {{Item:{{v:{text}}}}}\n"


@pytest.mark.parametrize("name", ["$10", "true", "null", "1st", "a-b", ""])
def test_names_that_mean_something_else_in_ion_are_quoted(name: str) -> None:
    assert ion_item({name: {"N": "1"}}).decode() == f"$ion_1_0 {{Item:{{'{name}':1.}}}}\n"


def test_a_change_has_its_members_in_the_order_of_aws() -> None:
    key = {"id": {"S": "a"}}
    old, new = {**key, "n": {"N": "1"}}, {**key, "n": {"N": "2"}}

    assert json_change(17, key, old, new) == (
        b'{"Metadata":{"WriteTimestampMicros":{"N":"17"}},"Keys":{"id":{"S":"a"}},'
        b'"OldImage":{"id":{"S":"a"},"n":{"N":"1"}},"NewImage":{"id":{"S":"a"},"n":{"N":"2"}}}\n'
    )
    assert ion_change(17, key, None, new) == (
        b'$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:17.},Keys:{id:"a"},NewImage:{id:"a",n:2.}}}\n'
    )
