"""Manifests: real ones are parsed, and anything else in their place is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive import manifests
from ddbbackup.archive.manifests import FILES_LIMIT_BYTES, FileEntry, parse_file_lines, parse_summary
from ddbbackup.errors import DataIncomplete
from tests.support.peak_memory import peak_memory

REAL = Path(__file__).parents[2] / "fixtures" / "full-export"
ENTRY = {
    "itemCount": 3,
    "md5Checksum": "FjvgqIxwymKf1RbbqtrZag==",
    "dataFileS3Key": "AWSDynamoDB/x/data/a.json.gz",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def real(name: str) -> bytes:
    (path,) = REAL.rglob(name)
    return path.read_bytes()


def parse_files(body: bytes, *, where: str) -> tuple[FileEntry, ...]:
    return parse_file_lines((body,), where=where)


def test_manifests_written_by_dynamodb_are_parsed() -> None:
    """Table, format and counts of an export from 2024."""
    summary = parse_summary(real("manifest-summary.json"), where="summary")
    files = parse_files(real("manifest-files.json"), where="files")
    assert summary.table_arn.endswith(":table/S3ExportTest")
    assert (summary.export_type, summary.output_format) == ("FULL_EXPORT", "DYNAMODB_JSON")
    assert summary.item_count == sum(file.item_count for file in files) == 3


def test_unknown_members_are_ignored() -> None:
    """AWS may add members."""
    body = json.dumps(ENTRY | {"etag": "x", "somethingNew": [1]}).encode() + b"\n\n"
    (entry,) = parse_files(body, where="files")
    assert (entry.key, entry.item_count) == (ENTRY["dataFileS3Key"], 3)


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"itemCount": -1}, "itemCount"),
        ({"itemCount": "3"}, "itemCount"),
        ({"itemCount": True}, "itemCount"),
        ({"md5Checksum": "0123456789abcdef0123456789abcdef"}, "md5Checksum"),
        ({"itemCount": 10**400}, "itemCount"),
        ({"dataFileS3Key": ""}, "dataFileS3Key"),
        ({"dataFileS3Key": "data/\ud800"}, "dataFileS3Key"),
    ],
)
def test_an_invalid_line_is_named(change: dict[str, Any], member: str) -> None:
    """By its number and the invalid member."""
    body = b"\n".join(
        json.dumps(each).encode() for each in (ENTRY, ENTRY | {"dataFileS3Key": "data/b"} | change)
    )
    with pytest.raises(DataIncomplete, match=rf"files line 2.*{member}"):
        parse_files(body, where="files")


def test_a_file_listed_twice_is_refused() -> None:
    """Its items would be counted twice."""
    line = json.dumps(ENTRY).encode()
    with pytest.raises(DataIncomplete, match="twice"):
        parse_files(line + b"\n" + line, where="files")


@pytest.mark.parametrize("parse", [parse_summary, parse_files])
@given(value=json_values)
def test_any_json_is_a_manifest_or_data_not_whole(parse: Callable[..., object], value: object) -> None:
    """Never another error, because manifests come from a bucket."""
    with suppress(DataIncomplete):
        parse(json.dumps(value).encode(), where="here")


@pytest.mark.parametrize("parse", [parse_summary, parse_files])
@given(body=st.binary(max_size=100) | st.just(b"[" * 100_000))
def test_any_bytes_are_a_manifest_or_data_not_whole(parse: Callable[..., object], body: bytes) -> None:
    """Including invalid JSON and JSON that is nested too deeply."""
    with suppress(DataIncomplete):
        parse(body, where="here")


@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_a_manifest_is_the_same_however_it_arrives(sizes: list[int]) -> None:
    """Chunks end anywhere."""
    lines = [json.dumps(ENTRY | {"dataFileS3Key": f"data/{number}"}) for number in range(5)]
    body = "\n\n".join(lines).encode()
    chunks = []
    rest = body
    for size in sizes:
        chunks.append(rest[:size])
        rest = rest[size:]
    assert parse_file_lines([*chunks, rest], where="files") == parse_files(body, where="files")


@pytest.mark.parametrize(
    ("unit", "says"),
    [
        (b"\n", "blank lines"),
        (b" ", "longer than any entry"),
        (b"[", "longer than any entry"),
        (b"  \n", "blank lines"),
    ],
)
def test_a_manifest_of_any_size_is_refused_in_little_memory(unit: bytes, says: str) -> None:
    """As large as the limit for manifests: lines without end, or nothing but lines."""
    chunk = unit * (512 << 10)
    chunks = itertools.repeat(chunk, FILES_LIMIT_BYTES // len(chunk))
    with peak_memory() as peak, pytest.raises(DataIncomplete, match=says):
        parse_file_lines(chunks, where="files")
    assert peak() < 4 << 20


def test_a_manifest_of_short_lines_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """256 MiB hold several million entries with keys of one character."""
    monkeypatch.setattr(manifests, "_MAX_ENTRIES", 3)
    lines = [
        b'{"dataFileS3Key":"%d","md5Checksum":"%s","itemCount":1}\n' % (number, b"A" * 22 + b"==")
        for number in range(4)
    ]
    assert len(parse_files(b"".join(lines[:3]), where="m")) == 3
    with pytest.raises(DataIncomplete, match="more than 3 data files"):
        parse_files(b"".join(lines), where="m")


def test_a_whole_manifest_of_newlines_needs_no_list_of_lines() -> None:
    """Also where it is in memory already."""
    body = b"\n" * FILES_LIMIT_BYTES
    with peak_memory() as peak, pytest.raises(DataIncomplete, match="blank lines"):
        parse_files(body, where="files")
    assert peak() < 4 << 20
