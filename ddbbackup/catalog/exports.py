"""Opening an export in a bucket: its manifests are read and checked, and its data files located."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from ddbbackup.archive.ion import require_ion
from ddbbackup.archive.layout import ExportFolder
from ddbbackup.archive.manifests import (
    FILES_LIMIT_BYTES,
    SUMMARY_LIMIT_BYTES,
    Summary,
    parse_file_lines,
    parse_summary,
)
from ddbbackup.bulk.model import DataFile, DataFormat
from ddbbackup.bulk.verified_stream import read_until_whole, whole_body
from ddbbackup.errors import DataIncomplete, ObjectArchived, ObjectMissing, Refused
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import Objects, ObjectStream

T = TypeVar("T")

_MD5_LIMIT_BYTES: Final = 1024
_HINT: Final = "do not use this backup: create a new one with `ddbbackup backup`"


@dataclass(frozen=True, slots=True)
class OpenedExport:
    """One export, as its manifests describe it.

    ``checks`` lists what was verified, ``notes`` what could not be (a manifest without its MD5, a missing summary).
    ``data_prefix`` is where its data files are, if not in ``data/`` of the folder.
    """

    folder: ExportFolder
    summary: Summary | None
    files: tuple[DataFile, ...]
    item_count: int
    checks: tuple[str, ...]
    notes: tuple[str, ...]
    data_prefix: str | None = None

    @property
    def for_aws(self) -> bool:
        """Whether an import or a bulk put can read the data files, with the format that we ask for."""
        return all(file.format == "DYNAMODB_JSON" for file in self.files)


class ManifestArchived(ObjectArchived):
    """A manifest cannot be read before it is retrieved. ``folder`` and ``owner`` are those of its export."""

    def __init__(self, error: ObjectArchived, folder: ExportFolder, owner: str | None) -> None:
        super().__init__(error.message, hint=error.hint)
        self.folder, self.owner = folder, owner


def open_export(objects: Objects, folder: ExportFolder, *, owner: str | None) -> OpenedExport:
    """Reads and checks the manifests, but no data file.

    Raises ``ObjectMissing`` if ``manifest-files.json`` is missing, ``DataIncomplete`` if a hash or a count does not
    match, ``Refused`` for a format that ddbbackup cannot restore, and ``ManifestArchived``.
    """
    try:
        return _open(objects, folder, owner)
    except ObjectArchived as error:
        raise ManifestArchived(error, folder, owner) from error


def _open(objects: Objects, folder: ExportFolder, owner: str | None) -> OpenedExport:
    where = folder.location
    checks: list[str] = []
    notes: list[str] = []
    summary = _read_summary(objects, folder, owner, checks, notes)
    data_format = _data_format(summary, str(where))
    files_uri = S3Location(folder.bucket, folder.files_key).uri
    entries = _manifest(
        objects,
        folder,
        folder.files_key,
        FILES_LIMIT_BYTES,
        owner,
        checks,
        notes,
        parse=lambda chunks: parse_file_lines(chunks, where=files_uri),
    )
    incremental = summary is not None and summary.export_type == "INCREMENTAL_EXPORT"
    keys = folder.data_keys((entry.key for entry in entries), incremental=incremental)
    files = tuple(
        DataFile(
            bucket=folder.bucket,
            key=key,
            md5=entry.md5,
            item_count=entry.item_count,
            bucket_owner=owner,
            etag=entry.etag,
            format=data_format,
        )
        for entry, key in zip(entries, keys, strict=True)
    )
    total = sum(entry.item_count for entry in entries)
    if summary and summary.item_count != total:
        raise DataIncomplete(
            f"the manifests in {where} contradict each other: the summary counts "
            f"{counted(summary.item_count, 'item')}, the files {grouped(total)}",
            hint=_HINT,
        )
    if summary:
        checks.append("the item counts of both manifests are equal")
    return OpenedExport(folder, summary, files, total, tuple(checks), tuple(notes))


def _data_format(summary: Summary | None, where: str) -> DataFormat:
    if summary is None or summary.output_format == "DYNAMODB_JSON":
        return "DYNAMODB_JSON"
    if summary.output_format == "ION":
        require_ion(where)
        return "ION" if summary.export_type == "FULL_EXPORT" else "ION_CHANGES"
    raise Refused(
        f"the export in {where} is a {summary.export_type} in the format {summary.output_format}, which ddbbackup "
        "does not support",
        hint="export the table as DYNAMODB_JSON",
    )


def _read_summary(
    objects: Objects, folder: ExportFolder, owner: str | None, checks: list[str], notes: list[str]
) -> Summary | None:
    uri = S3Location(folder.bucket, folder.summary_key).uri
    try:
        return _manifest(
            objects,
            folder,
            folder.summary_key,
            SUMMARY_LIMIT_BYTES,
            owner,
            checks,
            notes,
            parse=lambda chunks: parse_summary(b"".join(chunks), where=uri),
        )
    except ObjectMissing:
        notes.append("not verified: manifest-summary.json and its item count are missing")
        return None


def _manifest(
    objects: Objects,
    folder: ExportFolder,
    key: str,
    limit_bytes: int,
    owner: str | None,
    checks: list[str],
    notes: list[str],
    *,
    parse: Callable[[Iterable[bytes]], T],
) -> T:
    """What ``parse`` makes of a manifest, which is compared with its MD5 while it is read."""
    name = key.removeprefix(folder.root)
    location = S3Location(folder.bucket, key)

    def read() -> tuple[T, bool]:
        expected = _expected_md5(objects, folder, key, owner)
        with objects.stream(folder.bucket, key, owner=owner) as stream:
            body = _HashedBody(stream, location, limit_bytes)
            try:
                parsed, failure = parse(body), None
            except DataIncomplete as error:
                parsed, failure = None, error
            if expected is not None and expected != body.md5_of_all():
                raise DataIncomplete(
                    f"{location} does not match the MD5 that AWS wrote beside it", hint=_HINT
                )
        if failure is not None or parsed is None:
            raise failure or DataIncomplete(f"{location} is empty", hint=_HINT)
        return parsed, expected is not None

    parsed, has_md5 = read_until_whole(read, time.sleep)
    if has_md5:
        checks.append(f"the MD5 of {name} matches")
    else:
        notes.append(f"not verified: the MD5 of {name} is missing")
    return parsed


def _expected_md5(objects: Objects, folder: ExportFolder, key: str, owner: str | None) -> str | None:
    """What AWS wrote beside a manifest; None if that object is missing."""
    try:
        body, _ = objects.read(folder.bucket, folder.md5_key(key), limit_bytes=_MD5_LIMIT_BYTES, owner=owner)
    except ObjectMissing:
        return None
    return body.decode("ascii", "replace").strip()


class _HashedBody:
    """The chunks of a manifest, hashed while they are read."""

    def __init__(self, stream: ObjectStream, location: S3Location, limit_bytes: int) -> None:
        self._chunks = self._read(stream, location, limit_bytes)
        self._hash = hashlib.md5(usedforsecurity=False)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def md5_of_all(self) -> str:
        """Reads what is left, so that the MD5 is that of the whole object."""
        for _ in self._chunks:
            pass
        return base64.b64encode(self._hash.digest()).decode()

    def _read(self, stream: ObjectStream, location: S3Location, limit_bytes: int) -> Iterator[bytes]:
        size_bytes = 0
        for chunk in whole_body(stream, location.uri):
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise DataIncomplete(
                    f"{location} is larger than any manifest ({limit_bytes} bytes)", hint=_HINT
                )
            self._hash.update(chunk)
            yield chunk
