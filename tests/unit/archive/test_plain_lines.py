"""DynamoDB JSON of other tools: the items stay byte for byte, and a line is never taken for the other kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddbbackup.archive.lines import is_item, split_lines
from ddbbackup.archive.plain_lines import dump_to_lines, plain_to_lines
from ddbbackup.errors import DataIncomplete
from tests.support.items import items, values

NESTED: dict[str, Any] = {"M": {"M": {"M": {}}}}


@given(st.lists(items(), max_size=4), st.sampled_from([None, (",", ":")]), st.booleans())
def test_items_with_and_without_their_member_are_the_same_lines(
    found: list[dict[str, Any]], separators: tuple[str, str] | None, ascii_only: bool
) -> None:
    """Spaces and escapes stay as they are."""
    bare = [json.dumps(item, separators=separators, ensure_ascii=ascii_only).encode() for item in found]
    wrapped = [b'{"Item":' + each + b"}" for each in bare]
    expected = b"".join(each + b"\n" for each in wrapped)
    assert plain_to_lines(each + b"\r\n" for each in bare) == expected
    assert plain_to_lines([*wrapped, b"\n", b"  "]) == expected
    assert all(map(is_item, split_lines(expected)))


@given(values)
@example(NESTED)
@example({"M": {}})
@example({"M": {"S": {"S": "x"}}})
def test_an_attribute_that_is_called_item_is_an_attribute(value: dict[str, Any]) -> None:
    """Whatever its value is."""
    bare = json.dumps({"Item": value}).encode()
    assert plain_to_lines([bare]) == b'{"Item":' + bare + b"}\n"
    wrapped = json.dumps({"Item": {"Item": value}}).encode()
    assert plain_to_lines([wrapped]) == wrapped + b"\n"


@given(st.lists(items(), max_size=4), st.sampled_from([None, 2]))
def test_files_of_dynamodump_are_lists_of_items(found: list[dict[str, Any]], indent: int | None) -> None:
    """However they are indented."""
    body = json.dumps({"Items": found, "Count": len(found)}, indent=indent).encode()
    lines = split_lines(dump_to_lines(body))
    assert [json.loads(line) for line in lines] == [{"Item": item} for item in found]


@pytest.mark.parametrize(
    "line", [b"s3cr3t", b'["s3cr3t"]', b'{"a":', b"\xff", b'{"a":1,"a":2}', b"[" * 100_000]
)
def test_what_is_no_item_is_not_quoted(line: bytes) -> None:
    """The message says only that it is none."""
    with pytest.raises(DataIncomplete, match="is not JSON of an item"):
        plain_to_lines([line])
    with pytest.raises(DataIncomplete, match="not a file of dynamodump"):
        dump_to_lines(line)
