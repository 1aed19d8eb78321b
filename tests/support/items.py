"""Arbitrary items in the JSON of the DynamoDB API."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

# Any text that UTF-8 can encode, including line separators.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "\u2028",
        "\u2029\x85",
        "\x00\x1f\x7f",
        "🎉👩‍👩‍👧",
        '"}}\\',
        "\\u0052equest",
        '{"Item":{"',
        "Request",
        "\n\r\t",
        " ",
    ]
)
names = texts.filter(bool)
digits = st.integers(1, 38).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Up to 38 digits in the form that DynamoDB returns: without leading or trailing zeros and exponents."""
    whole = draw(digits).lstrip("0") or "0"
    room = 38 - len(whole)
    fraction = draw(st.text("0123456789", max_size=room)).rstrip("0") if room else ""
    text = f"{whole}.{fraction}" if fraction else whole
    return f"-{text}" if text != "0" and draw(st.booleans()) else text


binaries = st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode())


def _sets(elements: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(elements, min_size=1, max_size=5, unique=True)


scalars: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda v: {"S": v}, texts),
    st.builds(lambda v: {"N": v}, numbers()),
    st.builds(lambda v: {"B": v}, binaries),
    st.builds(lambda v: {"BOOL": v}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda v: {"SS": v}, _sets(texts)),
    st.builds(lambda v: {"NS": v}, _sets(numbers())),
    st.builds(lambda v: {"BS": v}, _sets(binaries)),
)
values: st.SearchStrategy[dict[str, Any]] = st.recursive(
    scalars,
    lambda inner: (
        st.builds(lambda v: {"L": v}, st.lists(inner, max_size=4))
        | st.builds(lambda v: {"M": v}, st.dictionaries(texts.filter(bool), inner, max_size=4))
    ),
    max_leaves=12,
)
keys = names.map(lambda v: {"S": v})


def items(key: str = "id") -> st.SearchStrategy[dict[str, Any]]:
    """One item with a string key."""
    return st.builds(
        lambda identity, rest: {key: identity} | {n: v for n, v in rest.items() if n != key},
        keys,
        st.dictionaries(names, values, max_size=6),
    )


def tables(key: str = "id") -> st.SearchStrategy[list[dict[str, Any]]]:
    """Items with unique keys."""
    return st.lists(items(key), max_size=40, unique_by=lambda item: item[key]["S"])
