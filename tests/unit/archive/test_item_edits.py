"""Changes of items on their way into another table: dropped, hashed and set attributes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.item_edits import (
    EditedLines,
    ItemEditor,
    ItemEdits,
    hashed_value,
)
from ddbbackup.model.item_path import EVERY, parse_path
from tests.support.items import items, numbers, texts, values

KEY = b"a secret of sixteen bytes"
Item = dict[str, Any]


def line(item: Item) -> bytes:
    return b'{"Item":' + json.dumps(item, separators=(",", ":")).encode() + b"}\n"


def edit(edits: ItemEdits, item: Item) -> Item:
    (edited,) = ItemEditor(edits).edit([line(item)]).lines
    return dict(json.loads(edited)["Item"])


def test_dropped_attributes_are_gone() -> None:
    """Also inside maps and lists, and each element of them."""
    item = {
        "id": {"S": "1"},
        "email": {"S": "a@example.com"},
        "address": {"M": {"street": {"S": "x"}, "city": {"S": "y"}}},
        "lines": {"L": [{"M": {"note": {"S": "n"}, "n": {"N": "1"}}}, {"S": "plain"}]},
        "tags": {"L": [{"S": "a"}, {"S": "b"}]},
    }
    paths = ("email", "address.street", "lines[*].note", "tags[*]", "absent.path")
    assert edit(ItemEdits(drop=tuple(map(parse_path, paths))), item) == {
        "id": {"S": "1"},
        "address": {"M": {"city": {"S": "y"}}},
        "lines": {"L": [{"M": {"n": {"N": "1"}}}, {"S": "plain"}]},
        "tags": {"L": []},
    }


def test_set_attributes_have_the_value() -> None:
    """An attribute that is missing is added; one inside a map only if the map is there."""
    edits = ItemEdits(
        assigned=(
            (("email",), {"S": "nobody@example.com"}),
            (("address", "zip"), {"S": "0"}),
            (("absent", "inside"), {"S": "0"}),
        )
    )
    item = {"id": {"S": "1"}, "address": {"M": {}}}
    assert edit(edits, item) == {
        "id": {"S": "1"},
        "address": {"M": {"zip": {"S": "0"}}},
        "email": {"S": "nobody@example.com"},
    }


@given(texts, texts)
def test_the_same_value_has_the_same_hash_wherever_it_is(one: str, other: str) -> None:
    """So that references between tables still match; another value has another one."""
    edits = ItemEdits(hashed=(("id",), ("customer", "ref"), ("all",)), key=KEY)
    item = {"id": {"S": one}, "customer": {"M": {"ref": {"S": one}}}, "all": {"SS": [one, other + "x"]}}
    edited = edit(edits, item)
    assert edited["id"] == edited["customer"]["M"]["ref"]
    assert edited["id"]["S"] == edited["all"]["SS"][0]
    assert (hashed_value({"S": one}, KEY) == hashed_value({"S": other}, KEY)) == (one == other)
    assert hashed_value({"S": one}, KEY) != hashed_value({"S": one}, KEY + b"2")


@given(numbers())
def test_equal_numbers_have_the_same_hash(number: str) -> None:
    """Which is a number that DynamoDB accepts, with at most 38 digits."""
    hashed = hashed_value({"N": number}, KEY)["N"]
    zeros = number + "0" if "." in number else number + ".0"
    assert hashed_value({"N": zeros}, KEY)["N"] == hashed
    assert Decimal(hashed) > 0
    assert len(hashed) <= 38


@given(values)
def test_a_hash_keeps_the_shape(value: Any) -> None:
    """The types, the names of maps and the length of lists: what reads the table still works."""

    def shape(value: Any) -> Any:
        ((kind, content),) = value.items()
        if kind == "L":
            return [shape(each) for each in content]
        if kind == "M":
            return {name: shape(each) for name, each in content.items()}
        return kind

    assert shape(hashed_value(value, KEY)) == shape(value)


@given(st.lists(items(), max_size=5), st.sampled_from([(), (("email",),)]))
def test_items_without_these_attributes_stay_byte_for_byte(
    made: list[Item], paths: tuple[tuple[str, ...], ...]
) -> None:
    without = [{name: value for name, value in item.items() if name != "email"} for item in made]
    lines = [line(item) for item in without]
    editor = ItemEditor(ItemEdits(drop=paths, hashed=(("phone number that nobody has",),), key=KEY))
    assert editor.edit(lines) == EditedLines(lines, 0, [])


def test_another_spelling_of_a_name_is_found() -> None:
    """JSON may escape any letter; what must not arrive in the other table would arrive."""
    spelt = b'{"Item":{"id":{"S":"1"},"em\\u0061il":{"S":"a@example.com"}}}\n'
    edited = ItemEditor(ItemEdits(drop=(("email",),))).edit([spelt])
    assert json.loads(edited.lines[0]) == {"Item": {"id": {"S": "1"}}}
    assert edited.changed == 1


def test_a_delete_has_the_hash_of_its_key() -> None:
    """But nothing is dropped or set: a key has no other attributes."""
    edits = ItemEdits(hashed=(("id",),), drop=(("id2",),), assigned=((("new",), {"S": "x"}),), key=KEY)
    (deleted,) = ItemEditor(edits).edit([b'{"Key":{"id":{"S":"1"},"id2":{"N":"2"}}}']).lines
    assert json.loads(deleted) == {"Key": {"id": hashed_value({"S": "1"}, KEY), "id2": {"N": "2"}}}


@pytest.mark.parametrize("bad", [b"{not json}\n", b'{"Item":{},"more":1}\n', b"[1]\n", b'{"Item":[]}\n'])
def test_a_line_that_is_no_item_is_found(bad: bytes) -> None:
    """The others are changed all the same."""
    good = line({"id": {"S": "1"}})
    assert ItemEditor(ItemEdits(drop=((EVERY,),))).edit([bad, good]) == EditedLines(
        [b'{"Item":{}}\n'], 1, [bad]
    )


def test_the_key_of_the_hash_is_not_shown() -> None:
    assert "secret" not in repr(ItemEdits(hashed=(("id",),), key=KEY))
