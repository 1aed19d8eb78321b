"""Opening an export: a bad response is not a damaged backup, and a manifest is read in little memory."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.bulk import verified_stream
from ddbbackup.catalog import OpenedExport, open_export
from ddbbackup.errors import DataIncomplete, Unreachable
from ddbbackup.model.checksums import md5_base64
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.peak_memory import peak_memory

ROOT = "AWSDynamoDB/01700000000000-0badcafe/"
FILES = f"{ROOT}manifest-files.json"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))


def entry(key: str, count: int = 3) -> bytes:
    line = {"itemCount": count, "md5Checksum": "FjvgqIxwymKf1RbbqtrZag==", "dataFileS3Key": key}
    return json.dumps(line).encode() + b"\n"


def export(*entries: bytes) -> MemoryObjects:
    objects = MemoryObjects()
    body = b"".join(entries)
    objects.bodies = {FILES: body, FILES.replace(".json", ".md5"): md5_base64(body).encode()}
    return objects


def opened(objects: MemoryObjects) -> OpenedExport:
    return open_export(objects, ExportFolder("vault", ROOT), owner=None)


def cut(body: bytes) -> MemoryStream:
    return MemoryStream(body[:-5], size_bytes=len(body))


def shorter(body: bytes) -> MemoryStream:
    return MemoryStream(body[:-5])


def flipped(body: bytes) -> MemoryStream:
    return MemoryStream(body.replace(b"data/a", b"data/b"))


def html(body: bytes) -> MemoryStream:
    return MemoryStream(b"<html>please sign in</html>")


BAD = [cut, shorter, flipped, html]


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_response_changes_nothing(bad: Callable[[bytes], MemoryStream]) -> None:
    """The manifest is read again, from its start."""
    objects = export(entry("data/a"))
    objects.answers = {FILES: [bad(objects.bodies[FILES])] * 2}
    assert [file.key for file in opened(objects).files] == [f"{ROOT}data/a"]
    assert objects.streamed[FILES] == 3


def test_a_manifest_that_stays_damaged_is_incomplete() -> None:
    """After three readings, and with its MD5, whatever else is wrong with it."""
    objects = export(entry("data/a"))
    objects.bodies[FILES] = b"<html>"
    with pytest.raises(DataIncomplete, match="does not match the MD5"):
        opened(objects)
    assert objects.streamed[FILES] == 3


def test_a_manifest_that_never_arrives_whole_is_not_called_damaged() -> None:
    """Exit 69: the object may be in order."""
    objects = export(entry("data/a"))
    objects.answers = {FILES: [cut(objects.bodies[FILES])] * 3}
    with pytest.raises(Unreachable, match=r"sent \d+ of the \d+ bytes"):
        opened(objects)


def test_one_data_file_listed_below_two_prefixes_is_refused() -> None:
    """Its items would be counted twice."""
    with pytest.raises(DataIncomplete, match="data/a more than once"):
        opened(export(entry("old/data/a"), entry("new/data/a")))


@pytest.mark.parametrize("unit", [b"\n", b" ", entry("data/a")])
def test_a_manifest_that_is_too_large_is_refused_in_little_memory(unit: bytes) -> None:
    """It is read as a stream."""
    objects = export(unit * ((16 << 20) // len(unit)))
    with peak_memory() as peak, pytest.raises(DataIncomplete):
        opened(objects)
    assert peak() < 4 << 20
