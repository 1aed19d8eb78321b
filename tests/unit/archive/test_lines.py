"""The laws of data files: nothing is lost between an object's bytes and its lines, and no line is taken for two."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive import lines
from ddbbackup.bulk.batch import BATCH_WORDS, BatchWrite
from ddbbackup.errors import DataNotWhole
from tests.support.aws import line
from tests.support.items import tables

contents = st.lists(st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b"")), max_size=20).map(
    b"\n".join
)


def cut(content: bytes, places: Iterable[int]) -> list[bytes]:
    """The content in pieces; empty ones too."""
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[a:b] for a, b in pairwise(edges)]


cuts = st.lists(st.integers(0, 10_000), max_size=8)


@given(content=contents, members=cuts, chunks=cuts)
def test_what_was_compressed_comes_out_whatever_its_chunks_and_members(
    content: bytes, members: list[int], chunks: list[int]
) -> None:
    """A gzip file may have several members, and a stream any chunks."""
    body = b"".join(gzip.compress(part, mtime=0) for part in cut(content, members))
    assert b"".join(lines.inflate(cut(body, chunks))) == content


@given(content=contents.filter(bool), at=st.integers(0, 10_000), chunks=cuts)
def test_a_file_that_ends_early_is_never_whole(content: bytes, at: int, chunks: list[int]) -> None:
    """Wherever it was cut off, but for nothing at all."""
    body = gzip.compress(content, mtime=0)
    short = body[: 1 + at % (len(body) - 1)]
    with pytest.raises(DataNotWhole):
        list(lines.inflate(cut(short, chunks)))


@given(content=contents, at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_data_is_never_taken_for_the_content(content: bytes, at: int, bit: int) -> None:
    """gzip's own CRC finds it, or the content is what it was (a bit of the header that says nothing)."""
    body = bytearray(gzip.compress(content, mtime=0))
    body[at % len(body)] ^= 1 << bit
    try:
        found = b"".join(lines.inflate([bytes(body)]))
    except DataNotWhole:
        return
    assert found == content


@given(content=contents, places=cuts)
def test_blocks_hold_whole_lines_and_all_of_them(content: bytes, places: list[int]) -> None:
    """Each block ends with a newline; together they are the content, with a last newline if it lacked one."""
    blocks = list(lines.whole_lines(cut(content, places)))
    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == content + (b"\n" if content and not content.endswith(b"\n") else b"")


def test_a_line_longer_than_any_item_is_refused_before_it_fills_the_memory() -> None:
    """A bomb of one endless line ends soon."""
    taken = 0

    def endless() -> Iterable[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * (1 << 20)

    with pytest.raises(DataNotWhole, match="longer than any item"):
        list(lines.whole_lines(endless()))
    assert taken < 30


@given(content=contents, places=cuts)
def test_items_are_counted_as_they_are_written(content: bytes, places: list[int]) -> None:
    """A count that does not depend on pieces, and that empty lines do not raise."""
    assert lines.count_items(cut(content, places)) == sum(1 for each in content.split(b"\n") if each)


def spliced(found: list[bytes]) -> object:
    return json.loads(BatchWrite("orders", count_units=False).body(found))


@given(items=tables())
def test_lines_of_real_items_are_spliced_into_exactly_their_puts(items: list[dict[str, object]]) -> None:
    """The request holds each item once, unchanged, and nothing else."""
    found = [line(item) for item in items]
    assert all(lines.is_item(each) for each in found)
    if found:
        assert spliced(found) == {
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


@given(made=st.lists(st.lists(PARTS, max_size=8).map(b"".join), min_size=1, max_size=4))
def test_no_line_that_is_let_through_can_do_more_than_put_its_item(made: list[bytes]) -> None:
    """Backups lie in buckets: a forged line must not delete, nor reach another table."""
    block = b"".join(each + b"\n" for each in made)
    if lines.all_items(block, lines.items(block), foreign=BATCH_WORDS):
        accepted = made
    else:
        accepted = [each for each in made if lines.is_item(each)]
    if not accepted:
        return
    try:
        request = spliced(accepted)
    except ValueError:
        return  # the server refuses it, and the writer finds the line that is to blame
    assert isinstance(request, dict)
    assert list(request) == ["RequestItems"]
    assert list(request["RequestItems"]) == ["orders"]
    for each in request["RequestItems"]["orders"]:
        assert list(each) == ["PutRequest"]
        assert list(each["PutRequest"]) == ["Item"]
    assert len(request["RequestItems"]["orders"]) == len(accepted)
