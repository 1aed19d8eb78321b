"""Cutting items out of pages of a scan: byte for byte, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.responses import Unproven
from ddbbackup.bulk.scan.page import Page, cut_page
from ddbbackup.ports import BulkResponse, KeyAttribute
from tests.support.items import items

JSON = b"application/x-amz-json-1.0"
KEYS = (KeyAttribute("id", "HASH", "S"), KeyAttribute("at", "RANGE", "N"))
LAST: dict[str, Any] = {"id": {"S": "ü"}, "at": {"N": "7"}}
Dump = Callable[[Any], str]


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# As servers write JSON: Python's own form, indented with newlines, with escapes.
dumps: st.SearchStrategy[Dump] = st.sampled_from(
    [
        compact,
        json.dumps,
        lambda value: json.dumps(value, indent=1),
        lambda value: json.dumps(value, separators=(",", ":")),
        lambda value: json.dumps(value, indent=2).replace("\n", "\r\n\t"),
    ]
)


def respond(body: str | bytes, content_type: bytes = JSON) -> BulkResponse:
    return BulkResponse(200, body.encode() if isinstance(body, str) else body, 0.01, content_type)


def page_of(found: list[Any], **members: Any) -> dict[str, Any]:
    return {"Count": len(found), "Items": found, "ScannedCount": len(found), **members}


def cut(body: str | bytes) -> Page:
    return cut_page(respond(body), "orders", KEYS)


def lines_of(page: Page) -> bytes:
    lines = b"".join(page.blocks)
    assert page.size_bytes == len(lines)
    assert all(block.endswith(b"\n") for block in page.blocks)
    return lines


def members_in_order(page: dict[str, Any], order: list[int]) -> dict[str, Any]:
    names = [name for _, name in sorted(zip(order, page, strict=False))]
    return {name: page[name] for name in names}


@given(found=st.lists(items(), max_size=6), dump=dumps, order=st.permutations(range(5)), ended=st.booleans())
def test_items_are_cut_out_whatever_the_form(
    found: list[Any], dump: Dump, order: list[int], ended: bool
) -> None:
    """All types, texts that look like the boundary of items, any order of members, any white space."""
    page = page_of(found, ConsumedCapacity={"TableName": "orders", "CapacityUnits": 128.5})
    if not ended:
        page["LastEvaluatedKey"] = LAST
    result = cut(dump(members_in_order(page, order)))
    lines = lines_of(result).split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == [{"Item": item} for item in found]
    assert result.item_count == len(found)
    assert result.last_key == (None if ended else LAST)
    assert result.read_units == 128.5


@given(found=st.lists(items(), min_size=1, max_size=6))
def test_no_byte_of_an_item_changes(found: list[Any]) -> None:
    """Neither numbers nor escapes are rewritten."""
    result = cut(compact(page_of(found)))
    assert lines_of(result) == b"".join(b'{"Item":' + compact(item).encode() + b"}\n" for item in found)


@given(found=st.lists(items(), min_size=1, max_size=4), data=st.data())
def test_a_damaged_page_is_cut_in_the_same_way_or_refused(found: list[Any], data: st.DataObject) -> None:
    """Whatever byte is missing, changed or added: what is returned is what a JSON parser finds in the page."""
    body = bytearray(compact(page_of(found, LastEvaluatedKey=LAST)).encode())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    try:
        result = cut(bytes(body))
    except Unproven:
        return
    document = json.loads(bytes(body))
    assert [json.loads(line)["Item"] for line in lines_of(result).split(b"\n")[:-1]] == document["Items"]
    assert result.item_count == len(document["Items"]) == document["Count"]
    assert result.last_key == document.get("LastEvaluatedKey")


@given(st.text(st.sampled_from('{}[]":,\\ \n01eIitemsConut'), max_size=60) | st.binary(max_size=80))
def test_nothing_but_a_page_is_a_page(body: str | bytes) -> None:
    """Every body is refused in the same way, whatever it is."""
    with pytest.raises(Unproven):
        cut(body)


ITEM: dict[str, Any] = {"id": {"S": "a"}, "at": {"N": "1"}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (compact({"Items": [ITEM], "Count": 1}), "not a response to Scan"),
        (compact({"Count": 1, "ScannedCount": 1}), "not a response to Scan"),
        (compact(page_of([ITEM], Responses={})), "not a response to Scan"),
        (compact(page_of([ITEM]) | {"Count": 2}), "another number of items"),
        (compact(page_of([ITEM]) | {"ScannedCount": 0}), "another number of items"),
        (compact(page_of([ITEM]) | {"Count": "1"}), "a count that is not a number"),
        (compact(page_of([ITEM]) | {"Count": 1.5}), "a count that is not a number"),
        (compact(page_of([{}])), "not an item"),
        (compact(page_of([[1]])), "not an item"),
        (compact(page_of(["}"])), "not an item"),
        (compact(page_of([None])), "not an item"),
        (compact(page_of([ITEM], LastEvaluatedKey={})), "not one of the table"),
        (compact(page_of([ITEM], LastEvaluatedKey={"id": {"S": "a"}})), "not one of the table"),
        (compact(page_of([ITEM], LastEvaluatedKey=LAST | {"x": {"S": ""}})), "not one of the table"),
        (compact(page_of([ITEM], LastEvaluatedKey=LAST | {"at": {"S": "7"}})), "not one of the table"),
        (compact(page_of([ITEM], LastEvaluatedKey=LAST | {"at": {"N": 7}})), "not a key"),
        (compact(page_of([ITEM], LastEvaluatedKey=None)), "not a key"),
        (compact(page_of([ITEM], ConsumedCapacity={"TableName": "other"})), "of another table"),
        (compact(page_of([ITEM], ConsumedCapacity="9")), "of another table"),
        (compact(page_of([ITEM]))[:-1], "not JSON"),
        (compact(page_of([ITEM])) + "{}", "not JSON"),
        (compact(page_of([ITEM])).replace('"Count":1', '"Count":1,"Items":[]'), "there twice"),
        (compact(page_of([ITEM])).replace('"Count":1', '"Count":' + "9" * 5000), "number"),
        (compact(page_of([ITEM])).replace('"Count":1', '"Items":[{"x":1}],"Count":1'), "there twice"),
        (compact(page_of([ITEM])).replace('"Count":1', '"\\u0049tems":[{"x":1}],"Count":1'), "there twice"),
        (compact(page_of([ITEM])).replace('"Count":1', '"Count":7,"Count":1'), "there twice"),
        (json.dumps(page_of([ITEM])).replace('"id"', '"at": {"N": "2"}, "id"'), "there twice"),
        (compact(page_of([ITEM])).replace('"a"', '"\n"'), "not JSON"),
        (compact(page_of([ITEM])).replace('"a"', '"\x01"'), "not JSON"),
        (compact(page_of([ITEM])).encode().replace(b'"a"', b'"\xff"'), "not UTF-8"),
        ('{"Items":' + "[" * 100_000 + "]" * 100_000 + "}", "not JSON"),
    ],
)
def test_a_page_of_another_shape_proves_nothing(body: str | bytes, reason: str) -> None:
    """The reason names the defect, without anything of the page."""
    with pytest.raises(Unproven, match=reason):
        cut(body)


@pytest.mark.parametrize("content_type", [b"text/html", b"", b"application/json"])
def test_only_the_content_type_of_dynamodb_is_believed(content_type: bytes) -> None:
    """A page of a proxy may be valid JSON."""
    with pytest.raises(Unproven, match="content type"):
        cut_page(respond(compact(page_of([ITEM])), content_type), "orders", KEYS)


def test_an_empty_page_may_go_on() -> None:
    """A server may end a page where it has read deleted items only."""
    assert cut(compact(page_of([], LastEvaluatedKey=LAST))) == Page((), 0, 0, LAST, 0.0)


def test_blocks_have_a_bounded_size() -> None:
    """Whole lines, some 64 KiB at a time; a longer line is a block of its own."""
    small = [{"id": {"S": f"{number:0400d}"}} for number in range(2000)]
    assert all(len(block) < 70_000 for block in cut(compact(page_of(small))).blocks)
    large = [{"id": {"S": "x" * 300_000}}] * 3
    assert [block.count(b"\n") for block in cut(compact(page_of(large))).blocks] == [1, 1, 1]
