"""Properties of data files: no byte is lost between an object and its lines, and no line becomes two requests."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive import lines
from ddbbackup.bulk.request_format import BatchWrite
from ddbbackup.errors import DataIncomplete
from tests.support.aws import line
from tests.support.items import tables
from tests.support.peak_memory import peak_memory

contents = st.lists(st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b"")), max_size=20).map(
    b"\n".join
)


def cut(content: bytes, places: Iterable[int]) -> list[bytes]:
    """The content in pieces, some of them empty."""
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[a:b] for a, b in pairwise(edges)]


cuts = st.lists(st.integers(0, 10_000), max_size=8)


@given(content=contents, members=cuts, chunks=cuts)
def test_inflated_content_does_not_depend_on_chunks_and_members(
    content: bytes, members: list[int], chunks: list[int]
) -> None:
    """A gzip file may have several members, a stream any chunks."""
    body = b"".join(gzip.compress(part, mtime=0) for part in cut(content, members))
    assert b"".join(lines.inflate(cut(body, chunks))) == content


@given(content=contents.filter(bool), at=st.integers(0, 10_000), chunks=cuts)
def test_a_truncated_file_is_refused(content: bytes, at: int, chunks: list[int]) -> None:
    """Wherever it was truncated, unless nothing is left of it."""
    body = gzip.compress(content, mtime=0)
    short = body[: 1 + at % (len(body) - 1)]
    with pytest.raises(DataIncomplete):
        list(lines.inflate(cut(short, chunks)))


@given(content=contents, at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_never_changes_the_content(content: bytes, at: int, bit: int) -> None:
    """The CRC of gzip detects it, unless it is an unused bit of the header."""
    body = bytearray(gzip.compress(content, mtime=0))
    body[at % len(body)] ^= 1 << bit
    try:
        inflated = b"".join(lines.inflate([bytes(body)]))
    except DataIncomplete:
        return
    assert inflated == content


@given(content=contents, places=cuts)
def test_blocks_consist_of_whole_lines(content: bytes, places: list[int]) -> None:
    """Each block ends with a newline. Together they are the content, plus a newline if the last line lacks it."""
    blocks = list(lines.whole_lines(cut(content, places)))
    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == content + (b"\n" if content and not content.endswith(b"\n") else b"")


def test_an_endless_line_is_refused_before_it_fills_memory() -> None:
    """Soon after the length of the longest possible item."""
    chunks_read = 0

    def endless() -> Iterable[bytes]:
        nonlocal chunks_read
        while True:
            chunks_read += 1
            yield b"x" * (1 << 20)

    with pytest.raises(DataIncomplete, match="longer than any item"):
        list(lines.whole_lines(endless()))
    assert chunks_read < 30


@given(content=contents, places=cuts)
def test_the_item_count_does_not_depend_on_pieces(content: bytes, places: list[int]) -> None:
    """Empty lines do not count."""
    assert lines.count_items(cut(content, places)) == sum(1 for each in content.split(b"\n") if each)


def batch_request(lines_in_batch: list[bytes]) -> object:
    return json.loads(BatchWrite("orders", count_units=False).body(lines_in_batch))


@given(items=tables())
def test_a_request_puts_exactly_the_items_of_its_lines(items: list[dict[str, object]]) -> None:
    """Each item once, unchanged, and nothing else."""
    exported = [line(item) for item in items]
    assert all(lines.is_item(each) for each in exported)
    if exported:
        assert batch_request(exported) == {
            "RequestItems": {"orders": [{"PutRequest": {"Item": item}} for item in items]}
        }


PARTS = st.sampled_from(
    [
        b'{"Item":{"',
        b'id":{"S":"a',
        b'"}}}',
        b"}}",
        b'}},{"Item":{"x":{"S":"y"}}',
        b',"Item":{"x":{}}',
        b'{"DeleteRequest":{"Key":{"id":{"S":"victim"}}}}',
        b'}}},{"PutRequest":{"Item":{"id":{"S":"z"}}',
        b'}}],"other":[{"PutRequest":{"Item":{"id":{"S":"z"}}',
        b"\\u0044eleteRequest",
        b'"',
        b"{",
        b"}",
        b",",
        b"]",
    ]
)


@given(forged=st.lists(st.lists(PARTS, max_size=8).map(b"".join), min_size=1, max_size=4))
def test_no_accepted_line_does_more_than_put_its_item(forged: list[bytes]) -> None:
    """A forged line in a bucket must not delete an item or write to another table."""
    block = b"".join(each + b"\n" for each in forged)
    if lines.are_plain_items(block, lines.split_lines(block), forbidden_tokens=BatchWrite.forbidden_tokens):
        accepted = forged
    else:
        accepted = [each for each in forged if lines.is_item(each)]
    if not accepted:
        return
    try:
        request = batch_request(accepted)
    except ValueError:
        return  # the server refuses the request, and the sender finds the invalid line
    assert isinstance(request, dict)
    assert list(request) == ["RequestItems"]
    assert list(request["RequestItems"]) == ["orders"]
    for each in request["RequestItems"]["orders"]:
        assert list(each) == ["PutRequest"]
        assert list(each["PutRequest"]) == ["Item"]
    assert len(request["RequestItems"]["orders"]) == len(accepted)


@pytest.mark.parametrize("content", [b"\n" * (32 << 20), b"a" * (15 << 20), b"{" * 1000 + b"\n" * (8 << 20)])
def test_a_bomb_is_inflated_in_little_memory(content: bytes) -> None:
    """A thousand times larger than its file, blank lines or one long line."""
    body = gzip.compress(content, 1)
    size_bytes = len(content)
    del content
    with peak_memory() as peak:
        assert sum(map(len, lines.whole_lines(lines.inflate([body])))) in (size_bytes, size_bytes + 1)
    assert peak() < 64 << 20


def test_thousands_of_gzip_members_take_no_longer_than_their_bytes() -> None:
    """Each member costs a copy of what follows it; of a megabyte that would be minutes."""
    body = gzip.compress(b"", mtime=0) * 50_000
    started = time.process_time()
    assert b"".join(lines.inflate([body])) == b""
    assert time.process_time() - started < 5
