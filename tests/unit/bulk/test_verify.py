"""Verifying data files: damage is what three readings show."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable

import pytest

from ddbbackup.bulk import read_first_line, verified_stream
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verify_data import VerifyJob, verify_data
from ddbbackup.errors import DataIncomplete, Unreachable
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.progress import Progress
from tests.support.aws import line
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.memory_table import MemoryAccess, data_file

LINES = [line({"id": {"S": f"k{number}"}}) for number in range(500)]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))


def verify(objects: MemoryObjects, *files: DataFile) -> list[Progress]:
    """The progress on the way."""
    noted: list[Progress] = []

    def note(progress: Progress) -> None:
        noted.append(progress)

    access = MemoryAccess(objects, lambda operation, body: (500, b""))
    verify_data(VerifyJob(files, "checksums"), access=access, on_progress=note, stop=threading.Event())
    return noted


def cut(body: bytes) -> MemoryStream:
    return MemoryStream(body[:-1], size_bytes=len(body), chunk_bytes=100)


def shorter(body: bytes) -> MemoryStream:
    return MemoryStream(body[: len(body) // 2], chunk_bytes=100)


def flipped(body: bytes) -> MemoryStream:
    return MemoryStream(body[:200] + bytes([body[200] ^ 4]) + body[201:], chunk_bytes=100)


def empty(body: bytes) -> MemoryStream:
    return MemoryStream(b"")


@pytest.mark.parametrize("bad", [cut, shorter, flipped, empty])
def test_a_bad_response_is_not_a_damaged_file(bad: Callable[[bytes], MemoryStream]) -> None:
    """The file is read again from its start, and progress never passes the total."""
    objects = MemoryObjects()
    files = [data_file(objects, f"data/{n}", LINES) for n in range(3)]
    objects.answers = {"data/1": [bad(objects.bodies["data/1"])] * 2}
    progress = verify(objects, *files)
    assert objects.streamed == {"data/0": 1, "data/1": 3, "data/2": 1}
    assert all(each.done <= (each.total or 0) for each in progress)


@pytest.mark.parametrize(
    ("bad", "error"), [(cut, Unreachable), (shorter, DataIncomplete), (flipped, DataIncomplete)]
)
def test_what_three_readings_show_is_believed(
    bad: Callable[[bytes], MemoryStream], error: type[Exception]
) -> None:
    """A response that is shorter than it says proves no damage, however often it comes."""
    objects = MemoryObjects()
    file = data_file(objects, "data/0", LINES)
    objects.answers = {"data/0": [bad(objects.bodies["data/0"])] * 3}
    with pytest.raises(error, match="data/0"):
        verify(objects, file)
    assert objects.streamed == {"data/0": 3}


def test_a_file_that_is_really_damaged_is_found() -> None:
    """And the others are verified all the same."""
    objects = MemoryObjects()
    files = [data_file(objects, f"data/{n}", LINES) for n in range(3)]
    objects.bodies["data/1"] = objects.bodies["data/1"][:-1]
    del objects.bodies["data/2"]
    with pytest.raises(DataIncomplete, match="2 of 3 data files do not match"):
        verify(objects, *files)


def test_the_first_line_is_read_again_too() -> None:
    """It decides whether a restore may begin."""
    objects = MemoryObjects()
    file = data_file(objects, "data/0", LINES)
    objects.answers = {"data/0": [MemoryStream(b"<html>")] * 2}
    assert read_first_line(file, objects) == LINES[0]


def test_a_file_cannot_inflate_to_more_than_its_items_hold() -> None:
    """A bomb ends after some megabytes, not after hours."""
    objects = MemoryObjects()
    objects.bodies["data/0"] = body = gzip.compress(b"\n" * (40 << 20), 1)
    with pytest.raises(DataIncomplete, match="more than 1 item can have"):
        verify(objects, DataFile("vault", "data/0", md5_base64(body), 1))
