"""Counting the records in the reports of a bulk put: never too few, in constant memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import ObjectFacts
from ddbbackup.restore.bulk_put_report import count_records


class Reports:
    """Objects whose bodies are streamed in small chunks."""

    def __init__(self, bodies: dict[str, bytes], chunk: int = 7) -> None:
        self.bodies, self.chunk = bodies, chunk

    def keys(self, bucket: str, prefix: str, *, owner: str | None) -> Iterator[ObjectFacts]:
        assert (bucket, owner) == ("vault", "210987654321")
        yield from (
            ObjectFacts(key, len(b), '"e"') for key, b in self.bodies.items() if key.startswith(prefix)
        )

    @contextmanager
    def stream(self, bucket: str, key: str, *, owner: str | None) -> Iterator[Iterator[bytes]]:
        assert (bucket, owner) == ("vault", "210987654321")
        body = self.bodies[key]
        yield iter([body[i : i + self.chunk] for i in range(0, len(body), self.chunk)])


def count(bodies: dict[str, bytes], chunk: int = 7) -> int:
    reports: Any = Reports(bodies, chunk)
    return count_records(reports, "vault", "r/", owner="210987654321")


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


def test_a_damaged_report_is_an_error() -> None:
    """Exit code 65: the number of withheld items is unknown."""
    body = bytearray(gzip.compress(b"a\n" * 500))
    body[14] ^= 255
    with pytest.raises(DataIncomplete, match="cannot be decompressed"):
        count({"r/a/0": bytes(body)}, 1000)
