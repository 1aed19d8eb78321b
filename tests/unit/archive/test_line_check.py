"""Lines of data files, checked: the pattern accepts what the parser accepts, and nothing leaks into a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddbbackup.archive.item_keys import ItemKeys, join_values
from ddbbackup.archive.line_check import CheckedLines, LineChecker, View
from ddbbackup.archive.lines import split_lines
from ddbbackup.ports import KeyAttribute
from tests.support.items import binaries, items, names, numbers, scalars, texts, values

ONE = (KeyAttribute("id", "HASH", "S"),)
TWO = (KeyAttribute("at", "RANGE", "N"), KeyAttribute("id", "HASH", "S"))
BINARY = (KeyAttribute("id", "HASH", "B"),)
ODD = (KeyAttribute('i"d/é\\', "HASH", "S"),)
CHECKERS: dict[tuple[KeyAttribute, ...], LineChecker] = {
    keys: LineChecker(keys) for keys in (ONE, TWO, BINARY, ODD)
}
CHANGES = {view: LineChecker(TWO, view=view) for view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")}
MICROS = {"WriteTimestampMicros": {"N": "1768387643192366"}}
SECRET = "s3cr3t"


class Parser(LineChecker):
    """Checks every line without the pattern."""

    def __init__(self, keys: Sequence[KeyAttribute], *, view: View | None = None) -> None:
        super().__init__(keys, view=view)
        self._match = re.compile(b"(?!)").fullmatch


PARSERS = {keys: Parser(keys) for keys in CHECKERS}


def dump(document: object, *, ascii_only: bool = False) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=ascii_only).encode() + b"\n"


def check(checker: LineChecker, *lines: bytes) -> CheckedLines:
    block = b"".join(lines)
    return checker.check(block, split_lines(block))


def key_of(keys: Sequence[KeyAttribute], item: object) -> bytes:
    key = ItemKeys(keys).of_item(item)
    assert key is not None
    return key


def reason(checker: LineChecker, line: bytes) -> str:
    """Of the only line, which is not valid. It is valid beside others, too."""
    found = check(checker, line)
    assert found.keys == []
    ((text, count),) = found.defects.items()
    assert count == 1
    assert SECRET not in text
    return text


@given(st.lists(items(), max_size=6), st.booleans())
def test_every_item_is_valid_however_it_is_spelled(found: list[dict[str, Any]], ascii_only: bool) -> None:
    """All types, any depth; the keys come in the order of the lines."""
    found = [item for item in found if 0 < len(item["id"]["S"].encode()) <= 2048]
    result = check(CHECKERS[ONE], *(dump({"Item": item}, ascii_only=ascii_only) for item in found))
    assert result == CheckedLines([item["id"]["S"].encode() for item in found])


@given(
    st.dictionaries(names, values, max_size=4),
    texts.filter(bool),
    numbers(),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_a_key_of_two_attributes_is_found_in_any_order(
    rest: dict[str, Any], identity: str, at: str, chance: Any, ascii_only: bool
) -> None:
    """As ``ItemKeys`` finds it."""
    members = list((rest | {"id": {"S": identity}, "at": {"N": at}}).items())
    chance.shuffle(members)
    item = dict(members)
    result = check(CHECKERS[TWO], dump({"Item": item}, ascii_only=ascii_only))
    assert result == CheckedLines([key_of(TWO, item)])


@given(binaries.filter(bool), scalars)
def test_keys_are_canonical(raw: str, value: dict[str, Any]) -> None:
    """Binary keys by their bytes; names of attributes that need escapes."""
    item = {"x": value, "id": {"B": raw}}
    assert check(CHECKERS[BINARY], dump({"Item": item})).keys == [key_of(BINARY, item)]
    odd = {"x": value, ODD[0].name: {"S": "é"}}
    assert check(CHECKERS[ODD], dump({"Item": odd})).keys == ["é".encode()]


def test_equal_numbers_are_equal_keys() -> None:
    """However they are written."""
    lines = [
        dump({"Item": {"id": {"S": "a"}, "at": {"N": text}}}) for text in ("1", "1.0", "10e-1", "+1", "01")
    ]
    assert set(check(CHECKERS[TWO], *lines).keys) == {join_values([b"a", b"1"])}


@st.composite
def damaged_lines(draw: st.DrawFn) -> bytes:
    """An item with some bytes changed, left out or put in; mostly no item any more."""
    line = dump({"Item": draw(items()) | {"at": {"N": draw(numbers())}}})[:-1]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        piece = draw(
            st.binary(max_size=2)
            | st.sampled_from([b"{}", b"[]", b'"', b",", b'"N":"', b"null", b"\\", b":", b"}"])
        )
        line = line[:at] + piece + line[at + draw(st.integers(0, 4)) :]
    return line.replace(b"\n", b"") + b"\n"


@given(damaged_lines(), st.sampled_from([ONE, TWO]))
@example(b'{"Item":{"id":{"S":"a"},"id":{"S":"b"}}}\n', ONE)
@example(b'{"Item":{"id":{"S":"a"},"i\\u0064":{"S":"b"}}}\n', ONE)
@example(b'{"Item":{"id":{"S":"a"},"x":{"S":"\xff"}}}\n', ONE)
@example(b'{"Item":{"id":{"S":"a"},"x":{"N":"1"},}}\n', ONE)
@example(b'{"Item":{"id":{"S":"a"},"x":{"L":[{"S":"a"},]}}}\n', ONE)
@example(b'{"Item":{"id":{"S":"a"},"x":{"SS":[]}}}\n', ONE)
@example(b'{"Item":{"id":{"S":"a"},"x":{"B":"QQ"}}}\n', ONE)
def test_the_pattern_accepts_nothing_that_the_parser_refuses(
    line: bytes, keys: tuple[KeyAttribute, ...]
) -> None:
    """Except an attribute twice that is not a key: the pattern does not look for it."""
    ours, parsed = check(CHECKERS[keys], line), check(PARSERS[keys], line)
    if ours != parsed:
        assert parsed.defects == {"the line is not valid JSON, or has a member twice": 1}
        document = json.loads(line)
        assert ours.keys == [key_of(keys, document["Item"])]


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ({"N": "1e126"}, "outside of the range"),
        ({"N": "-0." + "0" * 130 + "1"}, "outside of the range"),
        ({"N": "1" * 39}, "more than 38 digits"),
        ({"N": ""}, "not a decimal number"),
        ({"N": SECRET}, "not a decimal number"),
        ({"N": "NaN"}, "not a decimal number"),
        ({"N": 1}, "content of another type"),
        ({"B": "QQ="}, "not base64"),
        ({"B": f"{SECRET}!="}, "not base64"),
        ({"S": "\ud800"}, "not Unicode"),
        ({"SS": []}, "set is empty"),
        ({"SS": [1]}, "element of a set"),
        ({"NS": ["1", SECRET]}, "not a decimal number"),
        ({"NULL": False}, "type that DynamoDB does not have"),
        ({"BOOL": "true"}, "content of another type"),
        ({SECRET: "1"}, "type that DynamoDB does not have"),
        ({"S": "a", "N": "1"}, "not one type"),
        ({}, "not one type"),
        (SECRET, "not one type"),
        ({"L": [{"M": {"a": {"S": 1}}}]}, "content of another type"),
    ],
)
def test_a_value_that_dynamodb_cannot_hold_is_a_defect(attribute: object, expected: str) -> None:
    """The reason says what is wrong with it, and nothing of it."""
    line = dump({"Item": {"id": {"S": SECRET}, "x": attribute}}, ascii_only=True)
    assert expected in reason(CHECKERS[ONE], line)


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "a"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


def test_documents_are_nested_up_to_32_levels() -> None:
    """However much deeper they are, no stack overflows."""
    assert check(CHECKERS[ONE], dump({"Item": {"id": {"S": "a"}, "x": nested(31)}})).keys == [b"a"]
    assert "nested" in reason(CHECKERS[ONE], dump({"Item": {"id": {"S": "a"}, "x": nested(32)}}))
    deep = b'{"Item":{"id":{"S":"a"},"x":' + b'{"L":[' * 5000 + b"]}" * 5000 + b"}}\n"
    assert reason(CHECKERS[ONE], deep)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({}, "id is missing"),
        ({"id": {"N": "1"}}, "id is not of type S"),
        ({"id": {"S": ""}}, "id is empty"),
        ({"id": {"S": "a" * 2049}}, "id is longer"),
        ([SECRET], "not a JSON object"),
    ],
)
def test_a_key_that_the_table_cannot_hold_is_a_defect(item: object, expected: str) -> None:
    """By its name, which is the table's."""
    assert expected in reason(CHECKERS[ONE], dump({"Item": item}))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"s3cr3t\n", "not valid JSON"),
        (b'{"Item":{"id":{"S":"s3cr3t"}}\n', "not valid JSON"),
        (b'{"Item":{"id":{"S":"a"}},"s3cr3t":1}\n', "other members"),
        (b'["s3cr3t"]\n', "not a JSON object"),
        (b'{"Item":{"id":{"S":"s3cr3t\xff"}}}\n', "not UTF-8"),
        (b'{"Item":{"id":{"S":"a"},"x":{"BOOL":NaN}}}\n', "not valid JSON"),
        (b'{"Item":{"id":{"S":"a"},"id":{"S":"s3cr3t"}}}\n', "a member twice"),
    ],
)
def test_a_line_that_is_no_item_is_a_defect(line: bytes, expected: str) -> None:
    """Its neighbours are valid all the same."""
    assert expected in reason(CHECKERS[ONE], line)
    good = dump({"Item": {"id": {"S": "a"}}})
    beside = check(CHECKERS[ONE], good, b"\n", line, good[:-1])
    assert (beside.keys, beside.defects.total()) == ([b"a", b"a"], 1)


def change(**members: Any) -> dict[str, Any]:
    return {"Metadata": MICROS, "Keys": KEY} | members


KEY = {"id": {"S": "a"}, "at": {"N": "1"}}
IMAGE = {"x": {"L": [{"S": "a"}]}} | KEY
OTHER = IMAGE | {"id": {"S": "b"}}


@given(items(), numbers(), st.booleans(), st.booleans(), st.booleans())
def test_changes_of_both_views_are_valid(
    item: dict[str, Any], at: str, old: bool, new: bool, swapped: bool
) -> None:
    """Inserts, updates and deletes; the attributes of a key in any order."""
    image = item | {"at": {"N": at}}
    keys = {name: image[name] for name in (("at", "id") if swapped else ("id", "at"))}
    whole = change(Keys=keys)
    if old:
        whole["OldImage"] = image
    if new:
        whole["NewImage"] = dict(reversed(image.items()))
    view: View = "NEW_AND_OLD_IMAGES" if old else "NEW_IMAGE"
    found = check(CHANGES[view], dump(whole))
    expected = key_of(TWO, keys)
    assert found == CheckedLines([expected])


@pytest.mark.parametrize(
    ("view", "line", "expected"),
    [
        ("NEW_IMAGE", change(OldImage=IMAGE), "does not have"),
        ("NEW_AND_OLD_IMAGES", change(), "neither OldImage nor NewImage"),
        ("NEW_AND_OLD_IMAGES", change(NewImage=OTHER), "another key"),
        ("NEW_AND_OLD_IMAGES", change(OldImage=OTHER, NewImage=IMAGE), "another key"),
        ("NEW_IMAGE", change(NewImage=IMAGE | {"x": {SECRET: 1}}), "type that DynamoDB does not have"),
        ("NEW_IMAGE", change(Keys=IMAGE), "not the key attributes"),
        ("NEW_IMAGE", change(Keys={"id": {"S": "a"}}), "not the key attributes"),
        ("NEW_IMAGE", change(Metadata={}), "WriteTimestampMicros"),
        ("NEW_IMAGE", change(Metadata={"WriteTimestampMicros": {"N": SECRET}}), "WriteTimestampMicros"),
        ("NEW_IMAGE", change(Other=SECRET), "other members"),
        ("NEW_IMAGE", {"Item": IMAGE}, "other members"),
    ],
)
def test_a_change_that_dynamodb_does_not_export_is_a_defect(
    view: View, line: Mapping[str, Any], expected: str
) -> None:
    """Its images have its key, and those that the view says."""
    assert expected in reason(CHANGES[view], dump(line))


def test_an_image_may_spell_its_key_in_another_way() -> None:
    """It is the same key all the same."""
    line = dump(change(NewImage=IMAGE | {"at": {"N": "1.0"}}))
    assert check(CHANGES["NEW_IMAGE"], line).keys == [join_values([b"a", b"1"])]
