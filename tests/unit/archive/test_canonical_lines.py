"""Canonical lines: the same bytes if, and only if, DynamoDB calls two items equal."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item, decimal_parts
from ddbbackup.archive.canonical_lines import canonical_line, canonical_lines
from ddbbackup.archive.lines import split_lines
from tests.support.items import items

NUMBERS = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{whole}{fraction}{exponent}",
    st.sampled_from(["", "-", "+"]),
    st.text("0123456789", min_size=1, max_size=5),
    st.sampled_from(["", ".", ".0", ".50", ".05", ".125"]),
    st.sampled_from(["", "e0", "E2", "e-3", "E+125", "E-130"]),
)


def line_of(item: dict[str, Any], **options: Any) -> bytes:
    return json.dumps({"Item": item}, **({"separators": (",", ":")} | options)).encode() + b"\n"


def canonical(*lines: bytes) -> list[bytes] | None:
    return canonical_lines(b"".join(lines), lines)


def respelled(value: Any, chance: random.Random) -> Any:
    """The same value in another order and spelling."""
    if isinstance(value, list):
        return [respelled(each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((kind, content),) = value.items()
        if kind in ("SS", "NS", "BS") and isinstance(content, list):
            elements = [respelled({kind[0]: each}, chance)[kind[0]] for each in content]
            chance.shuffle(elements)
            return {kind: elements}
        if kind == "N" and isinstance(content, str):
            return {
                kind: chance.choice(
                    [content, f"{content}e0", f"{content}E+0", f"0{content}".replace("0-", "-0")]
                )
            }
    members = list(value.items())
    chance.shuffle(members)
    return {name: respelled(each, chance) for name, each in members}


@given(item=items(), chance=st.randoms(use_true_random=False), ascii_only=st.booleans(), spaces=st.booleans())
def test_equal_items_have_the_same_line(
    item: dict[str, Any], chance: random.Random, ascii_only: bool, spaces: bool
) -> None:
    other = {
        name: respelled(value, chance) for name, value in sorted(item.items(), key=lambda _: chance.random())
    }
    separators = (", ", ": ") if spaces else (",", ":")
    line = line_of(other, ensure_ascii=ascii_only, separators=separators)
    assert canonical(line_of(item)) == canonical(line) == [canonical_line(line)]


@given(one=items(), other=items())
def test_lines_are_equal_exactly_if_the_items_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = comparable_item(one) == comparable_item(other)
    assert (canonical(line_of(one)) == canonical(line_of(other))) == same


@given(one=NUMBERS, other=NUMBERS, as_set=st.booleans())
def test_numbers_are_equal_exactly_by_value(one: str, other: str, as_set: bool) -> None:
    same = decimal_parts(one) == decimal_parts(other)
    first, second = (
        canonical(line_of({"id": {"NS": [each]} if as_set else {"N": each}})) for each in (one, other)
    )
    assert (first == second) == same


@pytest.mark.parametrize(
    ("one", "other"), [("AA==", "AP=="), ("AAA=", "AAD="), ("AAAA", "AAAA"), ("//8=", "//+=")]
)
@pytest.mark.parametrize("kind", ["B", "BS"])
def test_unused_bits_of_base64_do_not_count(kind: str, one: str, other: str) -> None:
    wrap: Any = (lambda text: text) if kind == "B" else (lambda text: ["Qg==", text])
    assert canonical(line_of({"id": {kind: wrap(one)}})) == canonical(line_of({"id": {kind: wrap(other)}}))


@given(several=st.lists(items(), min_size=1, max_size=5))
def test_a_block_gives_the_lines_of_its_items(several: list[dict[str, Any]]) -> None:
    lines = [line_of(item) for item in several]
    assert canonical(*lines) == [canonical_line(line) for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        '{"Item":{"a":{"N":"1"},"a":{"N":"2"}}}',
        '{"Item":{"a":{"M":{"b":{"S":"x"},"b":{"S":"x"}}}}}',
        '{"Item":',
        "[]",
        "1",
    ],
)
def test_what_is_not_one_object_with_each_member_once_has_no_canonical_line(text: str) -> None:
    line = text.encode() + b"\n"
    assert canonical_line(line) is None


def test_a_block_with_such_a_line_has_none() -> None:
    """Whoever reads the block then looks at each line."""
    good = line_of({"a": {"N": "1"}})
    for bad in (b'{"Item":{"a":{"N":"1"},"a":{"N":"2"}}}\n', b'{"Item":\n'):
        assert canonical_lines(good + bad, split_lines(good + bad)) is None


def test_types_are_not_confused_with_texts_and_names() -> None:
    """An attribute may be called like a type, and a text may look like one."""
    texts: list[dict[str, Any]] = [
        {"N": {"S": "1.0"}},
        {"SS": {"L": [{"S": "b"}, {"S": "a"}]}},
        {"S": {"S": '"N":"1.0","SS":["b","a"]'}},
    ]
    for item in texts:
        (line,) = canonical(line_of(item)) or [b""]
        assert json.loads(line) == {"Item": item}
