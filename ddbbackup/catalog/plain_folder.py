"""Opening a folder of DynamoDB JSON that no manifest describes: every file is read once, to count and to hash it.

A restore compares what it reads with what was counted. That the folder is complete, nothing says.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.archive.lines import count_items
from ddbbackup.archive.zstd import require_zstd
from ddbbackup.bulk.model import Compression, DataFile, Stopped
from ddbbackup.bulk.verified_stream import (
    decompress,
    name_file_in_errors,
    read_until_whole,
    whole_body,
    wire_pieces,
)
from ddbbackup.catalog.exports import OpenedExport
from ddbbackup.errors import ObjectMissing, Refused
from ddbbackup.model.numbers import agreeing, counted
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import ObjectFacts, Objects

MAX_FILES: Final = 100_000
_WORKERS: Final = 6
_ENDINGS: Final = (".json", ".jsonl", ".ndjson")
_COMPRESSIONS: Final[tuple[tuple[str, Compression], ...]] = ((".gz", "gzip"), (".zst", "zstd"))
_SCHEMA: Final = "schema.json"  # of dynamodump: <folder>/schema.json and <folder>/data/0001.json
_HINT: Final = (
    "set `s3_uri` to a folder with files of DynamoDB JSON lines: .json, .jsonl or .ndjson, also .gz or .zst"
)


def open_plain_folder(
    objects: Objects, location: S3Location, *, owner: str | None, stop: threading.Event
) -> OpenedExport:
    """Lists the folder and reads all of its files. Blocks.

    Raises ``ObjectMissing`` if there is no such file, ``Refused`` if there are manifests in the folder or if it holds
    more than ``MAX_FILES``, ``DataIncomplete`` for a file that is damaged or holds something else, and ``Stopped``.
    """
    prefix = location.key.rstrip("/") + "/" if location.key else ""
    listed = _list(objects, location.with_key(prefix), owner)
    is_dump = any(facts.key == f"{prefix}{_SCHEMA}" for facts in listed)
    files, others = [], 0
    for facts in listed:
        file = _data_file(location.bucket, facts, owner)
        if file is None or (is_dump and not facts.key.startswith(f"{prefix}data/")):
            others += facts.key != f"{prefix}{_SCHEMA}"
        else:
            files.append(replace(file, format="DUMP") if is_dump else file)
    if not files:
        raise ObjectMissing(f"there are no data files in {location.with_key(prefix)}", hint=_HINT)
    if any(file.compression == "zstd" for file in files):
        require_zstd(next(file.uri for file in files if file.compression == "zstd"))
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="folder") as pool:
        try:
            measured = tuple(pool.map(partial(_measure, objects, stop), files))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    notes = [
        (
            f"not verified: no manifest says what {location.with_key(prefix)} has to hold; what its "
            f"{counted(len(measured), 'file')} {agreeing(len(measured), 'holds', 'hold')} was counted while reading"
        )
    ]
    if others:
        notes.append(f"not read: {counted(others, 'other object')} in the folder, not of DynamoDB JSON")
    return OpenedExport(
        ExportFolder(location.bucket, prefix),
        None,
        measured,
        sum(file.item_count for file in measured),
        checks=(),
        notes=tuple(notes),
        data_prefix=prefix,
    )


def _list(objects: Objects, folder: S3Location, owner: str | None) -> Sequence[ObjectFacts]:
    listed: list[ObjectFacts] = []
    for facts in objects.keys(folder.bucket, folder.key, owner=owner):
        name = facts.key.rpartition("/")[2]
        if name.startswith("manifest-"):
            raise Refused(
                f"{folder} is no folder of plain files: it holds {facts.key}, which is the manifest of an export",
                hint="set `s3_uri` to s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT-ID/, the folder of one export",
            )
        if len(listed) >= MAX_FILES:
            raise Refused(
                f"{folder} holds more than {MAX_FILES} objects",
                hint="set `s3_uri` to a folder that holds only the files to restore",
            )
        listed.append(facts)
    return listed


def _data_file(bucket: str, facts: ObjectFacts, owner: str | None) -> DataFile | None:
    """None for an object whose name does not end like that of a data file."""
    file = DataFile(bucket, facts.key, "", 0, owner, facts.size_bytes, format="PLAIN", compression="none")
    for ending, compression in _COMPRESSIONS:
        if facts.key.endswith(ending):
            return replace(file, compression=compression)
    return file if facts.key.endswith(_ENDINGS) else None


def _measure(objects: Objects, stop: threading.Event, file: DataFile) -> DataFile:
    """``file`` with its MD5 and the number of its items."""

    def measure() -> DataFile:
        digest, size_bytes = hashlib.md5(usedforsecurity=False), 0

        def hashed(chunks: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal size_bytes
            for chunk in chunks:
                if stop.is_set():
                    raise Stopped
                digest.update(chunk)
                size_bytes += len(chunk)
                yield chunk

        with (
            name_file_in_errors(file),
            objects.stream(file.bucket, file.key, owner=file.bucket_owner) as stream,
        ):
            content = decompress(hashed(whole_body(stream, file.uri)), file.compression)
            count = count_items(wire_pieces(content, file.format))
        md5 = base64.b64encode(digest.digest()).decode()
        return replace(file, md5=md5, item_count=count, size_bytes=size_bytes)

    return read_until_whole(measure, time.sleep)
