"""Folders of other tools, and exports in Ion: counted, hashed, and read as lines of an export."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from ddbbackup.archive.layout import export_folder
from ddbbackup.bulk import verified_stream
from ddbbackup.bulk.model import DataFile, Stopped
from ddbbackup.bulk.verified_stream import open_data_file
from ddbbackup.catalog import OpenedExport, open_export
from ddbbackup.catalog import plain_folder as module
from ddbbackup.catalog.plain_folder import open_plain_folder
from ddbbackup.errors import DataIncomplete, ObjectMissing, Refused
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.s3_location import S3Location
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.memory_cloud import MemoryCloud

ITEMS = [{"id": {"S": f"k{number}"}, "n": {"N": f"{number}"}} for number in range(5)]
WRAPPED = [json.dumps({"Item": item}, separators=(",", ":")).encode() + b"\n" for item in ITEMS]
BARE = [json.dumps(item, separators=(",", ":")).encode() + b"\n" for item in ITEMS]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))


def opened(objects: MemoryObjects, uri: str = "s3://vault/dump") -> OpenedExport:
    return open_plain_folder(objects, S3Location.parse(uri), owner=None, stop=threading.Event())


def read(objects: MemoryObjects, *files: DataFile) -> list[bytes]:
    lines: list[bytes] = []
    for file in files:
        with open_data_file(objects, file) as stream:
            lines += b"".join(stream.pieces()).splitlines(keepends=True)
    return lines


def zstd(body: bytes) -> bytes:
    """In two frames."""
    return zstandard.compress(body[:70]) + zstandard.compress(body[70:])


@pytest.mark.parametrize(
    ("ending", "compress"),
    [
        (".json", bytes),
        (".jsonl", bytes),
        (".ndjson", bytes),
        (".json.gz", gzip.compress),
        (".gz", gzip.compress),
        (".json.zst", zstd),
        (".jsonl.zst", zstd),
    ],
)
@pytest.mark.parametrize("lines", [WRAPPED, BARE])
def test_every_line_is_an_item(ending: str, compress: Callable[[bytes], bytes], lines: list[bytes]) -> None:
    """Wrapped or bare, compressed or not; counts and hashes are what was read."""
    objects = MemoryObjects()
    body = compress(b"".join(lines)[:-1])
    objects.bodies |= {
        f"dump/a/b{ending}": body,
        "dump/empty.json": b"",
        "dump/README.md": b"?",
        "dumped.json": b"?",
    }
    found = opened(objects)
    file = found.files[0]
    assert (file.key, file.md5, file.item_count, file.size_bytes) == (
        f"dump/a/b{ending}",
        md5_base64(body),
        5,
        len(body),
    )
    assert (found.item_count, found.summary, found.checks, found.for_aws) == (5, None, (), False)
    assert read(objects, *found.files) == WRAPPED
    unproven, unread = found.notes
    assert unproven.startswith(
        "not verified: no manifest says what s3://vault/dump/ has to hold; what its 2 files hold"
    )
    assert unread == "not read: 1 other object in the folder, not of DynamoDB JSON"


def test_a_folder_of_dynamodump_is_read_by_its_documents() -> None:
    """Its schema is none of them."""
    objects = MemoryObjects()
    for number, part in enumerate((ITEMS[:3], ITEMS[3:])):
        objects.bodies[f"d/orders/data/{number:04}.json"] = json.dumps(
            {"Items": part, "Count": 1}, indent=2
        ).encode()
    objects.bodies["d/orders/schema.json"] = b'{"Table":{}}'
    found = opened(objects, "s3://vault/d/orders/")
    assert [file.item_count for file in found.files] == [3, 2]
    assert len(found.notes) == 1
    assert [json.loads(line) for line in read(objects, *found.files)] == [{"Item": item} for item in ITEMS]


@pytest.mark.parametrize(
    ("key", "body", "reason"),
    [
        ("dump/a.json", b'{"a":1}\ns3cr3t', "is not JSON of an item"),
        ("dump/a.json.gz", gzip.compress(WRAPPED[0], mtime=0)[:-1], "truncated"),
        ("dump/a.json.gz", b"s3cr3t" * 9, "not valid gzip"),
        ("dump/a.json.zst", zstandard.compress(WRAPPED[0] * 90)[:-1], "truncated"),
        ("dump/a.json.zst", b"s3cr3t", "not valid Zstandard"),
    ],
)
def test_a_damaged_file_ends_it(key: str, body: bytes, reason: str) -> None:
    """By its name, and without anything of its content."""
    objects = MemoryObjects()
    objects.bodies |= {key: body, "dump/b.json": WRAPPED[0]}
    with pytest.raises(DataIncomplete, match=f"s3://vault/{key} is damaged: .*{reason}") as raised:
        opened(objects)
    assert "s3cr3t" not in raised.value.message


def test_a_file_that_changes_after_it_was_counted_is_damaged() -> None:
    """The restore reads what was counted, or fails."""
    objects = MemoryObjects()
    objects.bodies["dump/a.json"] = b"".join(WRAPPED)
    (file,) = opened(objects).files
    objects.bodies["dump/a.json"] = b"".join(WRAPPED[:4])
    with pytest.raises(DataIncomplete, match="its MD5 is"):
        read(objects, file)


def test_a_bad_response_is_read_again() -> None:
    """A response that is cut is not counted."""
    objects = MemoryObjects()
    objects.bodies["dump/a.json"] = body = b"".join(WRAPPED)
    objects.answers["dump/a.json"] = [MemoryStream(body[:90], size_bytes=len(body))]
    assert opened(objects).item_count == 5


def test_what_is_no_such_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in it, an export, or far too much."""
    objects = MemoryObjects()
    objects.bodies["dump/README"] = b"?"
    with pytest.raises(ObjectMissing, match="no data files in s3://vault/dump/"):
        opened(objects)
    objects.bodies |= {
        "dump/AWSDynamoDB/01-x/manifest-files.json": b"",
        "dump/AWSDynamoDB/01-x/data/a.json.gz": b"",
    }
    with pytest.raises(Refused, match="the manifest of an export"):
        opened(objects)
    monkeypatch.setattr(module, "MAX_FILES", 2)
    objects.bodies = {f"dump/{number}.json": b"" for number in range(3)}
    with pytest.raises(Refused, match="more than 2 objects"):
        opened(objects)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read."""
    objects = MemoryObjects()
    objects.bodies["dump/a.json.zst"] = zstandard.compress(WRAPPED[0])
    monkeypatch.setattr("ddbbackup.archive.zstd.find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"s3://vault/dump/a.json.zst is compressed") as raised:
        opened(objects)
    assert "the extra `zstd`" in raised.value.hint
    assert objects.streamed == {}


def test_reading_ends_when_it_is_told_to() -> None:
    """In the middle of a folder."""
    objects = MemoryObjects()
    objects.bodies["dump/a.json"] = WRAPPED[0]
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        open_plain_folder(objects, S3Location("vault", "dump"), owner=None, stop=stop)


def ion_export(cloud: MemoryCloud, **summary: Any) -> OpenedExport:
    """An export whose only file holds two items in Ion."""
    root = "p/AWSDynamoDB/01795400000000-0badcafe/"
    cloud.put_export(root)
    bodies = cloud.objects.bodies
    body = gzip.compress(b'$ion_1_0 {Item:{id:"a",n:6d2}}\n $ion_1_0 {Item:{id:"b"}}\n', mtime=0)
    key = f"{root}data/{0:026d}.ion.gz"
    entry = {"itemCount": 2, "md5Checksum": md5_base64(body), "etag": "x-1", "dataFileS3Key": key}
    whole = json.loads(bodies[f"{root}manifest-summary.json"]) | {"outputFormat": "ION"} | summary
    bodies[key] = body
    for name, document in (("files", entry), ("summary", whole)):
        bodies[f"{root}manifest-{name}.json"] = json.dumps(document).encode()
        bodies[f"{root}manifest-{name}.md5"] = md5_base64(bodies[f"{root}manifest-{name}.json"]).encode()
    return open_export(cloud.objects, export_folder("vault", f"{root}manifest-summary.json"), owner=None)


def test_an_export_in_ion_is_read_like_any_other() -> None:
    """It has manifests, so it is proven like any other too."""
    cloud = MemoryCloud()
    found = ion_export(cloud)
    assert (found.item_count, found.for_aws, found.files[0].etag, found.notes) == (2, False, "x-1", ())
    assert read(cloud.objects, *found.files) == [
        b'{"Item":{"id":{"S":"a"},"n":{"N":"600"}}}\n',
        b'{"Item":{"id":{"S":"b"}}}\n',
    ]


def test_a_window_in_ion_is_one_of_changes() -> None:
    """It is read by other rules than a full export."""
    found = ion_export(MemoryCloud(), exportType="INCREMENTAL_EXPORT")
    assert ({file.format for file in found.files}, found.for_aws) == ({"ION_CHANGES"}, False)


def test_ion_without_its_package_and_other_formats_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read or written."""
    with pytest.raises(Refused, match="in the format CSV"):
        ion_export(MemoryCloud(), outputFormat="CSV")
    monkeypatch.setattr("ddbbackup.archive.ion.find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"amazon\.ion is not installed"):
        ion_export(MemoryCloud())
