"""Counting the records in the reports of a bulk put: never too few, in constant memory."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.errors import DataIncomplete
from ddbbackup.restore.bulk_put_report import count_records
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.peak_memory import peak_memory


def count(bodies: dict[str, bytes], chunk: int = 7) -> int:
    objects = MemoryObjects()
    objects.bodies = dict(bodies)
    objects.answers = {key: [MemoryStream(body, chunk_bytes=chunk)] for key, body in bodies.items()}
    return count_records(objects, "vault", "r/", owner="210987654321")


def test_manifests_and_empty_files_have_no_records() -> None:
    """Nor does a folder without reports."""
    assert count({}) == 0
    assert count({"r/x/manifest.json": b'{"a": 1}\n', "r/x/e.json": b"", "elsewhere": b"a\n"}) == 0


def test_any_layout_counts_at_least_one_record() -> None:
    """The count of a JSON document with many lines is too high, so the restore fails, which is safe."""
    assert count({"r/1": b'{"a":1}'}) == 1
    assert count({"r/1": b'[\n{"a":1},\n{"a":2}\n]'}) == 4


@given(
    st.lists(st.sampled_from([b'{"Item":{}}', b"  ", b""]), max_size=30), st.integers(1, 40), st.booleans()
)
def test_every_line_that_is_not_blank_is_a_record(lines: list[bytes], chunk: int, zipped: bool) -> None:
    """Gzipped or not, in chunks of any size, with or without a final newline."""
    body = b"\n".join(lines)
    expected = sum(bool(each.strip()) for each in lines)
    assert count({"r/a/0": gzip.compress(body) if zipped else body}, max(chunk, 3)) == expected


@pytest.mark.parametrize("chunk", [1, 10, 10_000])
def test_several_gzip_members_are_one_report(chunk: int) -> None:
    """As of a report that was written in parts."""
    body = gzip.compress(b"a\nb\n") + gzip.compress(b"") + gzip.compress(b"c\nd")
    assert count({"r/a/0": body}, chunk) == 4


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 255]) + body[at + 1 :]


WHOLE = gzip.compress(b"".join(b"%d\n" % n for n in range(500)), mtime=0)  # part of names of tests


@pytest.mark.parametrize(
    "body",
    [
        flipped(WHOLE, 14),
        flipped(WHOLE, len(WHOLE) - 6),
        WHOLE[:-1],
        WHOLE[:20],
        WHOLE[:2],
        WHOLE + WHOLE[:30],
        WHOLE + b"x",
    ],
)
def test_a_report_that_is_damaged_proves_nothing(body: bytes) -> None:
    """Exit 65: the number of withheld items is unknown."""
    with pytest.raises(DataIncomplete, match="the number of withheld items is unknown"):
        count({"r/a/0": body}, 1000)


@pytest.mark.parametrize("sent", [b"a\nb\n", b"a\nb\nc\nd\n"])
def test_a_report_that_does_not_arrive_whole_proves_nothing(sent: bytes) -> None:
    """By its announced length, and by the one in the listing."""
    objects = MemoryObjects()
    objects.bodies = {"r/0": b"a\nb\nc\n"}
    for size_bytes in (6, len(sent)):
        objects.answers = {"r/0": [MemoryStream(sent, size_bytes=size_bytes)]}
        with pytest.raises(DataIncomplete, match="did not arrive complete"):
            count_records(objects, "vault", "r/", owner=None)


@pytest.mark.parametrize("content", [b"\n" * (16 << 20), b"a" * (16 << 20), b"a\n" * (1 << 19)])
def test_a_report_of_any_size_is_counted_in_little_memory(content: bytes) -> None:
    """16 MB of blank lines, 16 MB in one line, half a million records, gzipped to a thousandth, in two members."""
    body = gzip.compress(content, 1) * 2
    del content
    with peak_memory() as peak:
        count({"r/0": body}, 64 << 10)
    assert peak() < 16 << 20
