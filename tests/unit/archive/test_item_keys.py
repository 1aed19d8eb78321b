"""Keys in canonical form: equal exactly if DynamoDB calls them equal, however they are written."""

from __future__ import annotations

import base64
import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_key
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.ports import KeyAttribute
from tests.support.items import binaries, items, numbers, texts

TEXT = ItemKeys((KeyAttribute("id", "HASH", "S"),))
NUMBER = ItemKeys((KeyAttribute("id", "HASH", "N"),))
BINARY = ItemKeys((KeyAttribute("id", "HASH", "B"),))
NAMES = st.sampled_from(["id", "sort", "a b", "é", 'quo"te', "id2", "N"])
TYPES: st.SearchStrategy[Literal["S", "N", "B"]] = st.sampled_from(("S", "N", "B"))
VALUES: dict[str, st.SearchStrategy[str]] = {"S": texts, "N": numbers(), "B": binaries}


@st.composite
def schemas(draw: st.DrawFn) -> tuple[KeyAttribute, ...]:
    names = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    keys = [KeyAttribute(names[0], "HASH", draw(TYPES))]
    keys += [KeyAttribute(name, "RANGE", draw(TYPES)) for name in names[1:]]
    return tuple(draw(st.permutations(keys)))


def key_of(draw: st.DrawFn, keys: tuple[KeyAttribute, ...]) -> dict[str, Any]:
    return {key.name: {key.type: draw(VALUES[key.type])} for key in keys}


@given(st.data())
def test_two_keys_are_equal_exactly_if_dynamodb_calls_them_equal(data: st.DataObject) -> None:
    keys = data.draw(schemas())
    one, other = data.draw(st.composite(key_of)(keys)), data.draw(st.composite(key_of)(keys))
    reader = ItemKeys(keys)
    equal = comparable_key(one, reader.names) == comparable_key(other, reader.names)
    assert (reader.of_item(one) == reader.of_item(other)) is equal
    assert reader.of_item(one) is not None


@given(
    st.data(),
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]),
)
def test_the_key_of_a_line_is_that_of_its_item(
    data: st.DataObject, ascii_only: bool, separators: tuple[str, str]
) -> None:
    """Wherever the key is in the item, and whatever else is called like it or contains its text."""
    keys = data.draw(schemas())
    traps = {
        "trap": {"M": data.draw(st.composite(key_of)(keys))},
        "text": {"S": data.draw(st.sampled_from([',"id":{"S":"x"}', '"id"', '{"id":{"N":"1"', "\\"]))},
    }
    item = data.draw(items("other")) | data.draw(st.sampled_from([{}, traps]))
    item |= data.draw(st.composite(key_of)(keys))
    shuffled = dict(data.draw(st.permutations(list(item.items()))))
    line = json.dumps({"Item": shuffled}, ensure_ascii=ascii_only, separators=separators).encode() + b"\n"
    reader = ItemKeys(keys)
    assert reader.of_line(line) == reader.of_item(item)
    others = [
        json.dumps({"Item": {**item, **data.draw(st.composite(key_of)(keys))}}).encode() + b"\n"
        for _ in range(2)
    ]
    lines = data.draw(st.permutations([line, *others]))
    assert reader.of_block(b"".join(lines), lines) == [reader.of_line(each) for each in lines]


@pytest.mark.parametrize(
    ("reader", "kind", "spellings"),
    [
        (NUMBER, "N", ["1", "1.0", "01", "+1", "1e0", "10E-1", "0.1e1"]),
        (NUMBER, "N", ["0", "-0", "0.00", "0e5"]),
        (NUMBER, "N", ["1e3", "1000", "1000.000", "+1.0E+3"]),
        (NUMBER, "N", ["1e125", "10e124"]),
        (NUMBER, "N", ["-0.5", "-.5", "-5e-1"]),
        (BINARY, "B", ["QQ==", "QR=="]),
    ],
)
def test_other_spellings_of_one_key(reader: ItemKeys, kind: str, spellings: list[str]) -> None:
    lines = [f'{{"Item":{{"id":{{"{kind}":"{spelling}"}}}}}}\n'.encode() for spelling in spellings]
    (key,) = set(map(reader.of_line, lines))
    assert key is not None


def test_escapes_of_one_text() -> None:
    lines = [
        b'{"Item":{"id":{"S":"\xc3\xa9/"}}}',
        b'{"Item":{"id":{"S":"\\u00e9\\/"}}}',
        b'{"Item":{"i\\u0064":{"S":"\xc3\xa9/"}}}',
    ]
    assert set(map(TEXT.of_line, lines)) == {"é/".encode()}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no JSON",
        b"[]",
        b'{"Item":[]}',
        b'{"Item":{}}',
        b'{"Item":{"id":{"N":"1"}}}',
        b'{"Item":{"id":"x"}}',
        b'{"Item":{"id":{"S":"x","N":"1"}}}',
        b'{"Item":{"id":{"S":1}}}',
        b'{"Item":{"id":{"S":"x"},"id":{"S":"y"}}}',
        b'{"Item":{"id":{"S":"x"}},"Item":{"id":{"S":"x"}}}',
        b'{"Item":{"other":{"M":{"id":{"N":"1"}}}}}',
        b"[" * 100_000,
    ],
)
def test_what_has_no_certain_key(line: bytes) -> None:
    assert TEXT.of_line(line) is None
    lines = [b'{"Item":{"id":{"S":"a"}}}\n', line + b"\n", b'{"Item":{"id":{"S":"b"}}}\n']
    assert TEXT.of_block(b"".join(lines), lines) == [b"a", None, b"b"]


@pytest.mark.parametrize("value", ["x", "", ".", "1e", "--1", "1e1234567", "0x1", "١"])
def test_what_is_no_number(value: str) -> None:
    assert NUMBER.of_item({"id": {"N": value}}) is None
    assert NUMBER.of_line(json.dumps({"Item": {"id": {"N": value}}}, ensure_ascii=False).encode()) is None


@pytest.mark.parametrize("value", ["Q", "Q===", "é", "QQ==\n"])
def test_what_is_no_binary(value: str) -> None:
    assert BINARY.of_item({"id": {"B": value}}) is None


def test_the_values_of_a_key_are_kept_apart() -> None:
    keys = ItemKeys((KeyAttribute("a", "HASH", "B"), KeyAttribute("b", "RANGE", "B")))
    split = {
        keys.of_item(
            {
                "a": {"B": base64.b64encode(b"1:xy"[:n]).decode()},
                "b": {"B": base64.b64encode(b"1:xy"[n:]).decode()},
            }
        )
        for n in range(5)
    }
    assert len(split) == 5
