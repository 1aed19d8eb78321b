"""Opening an export in a bucket: its manifests are read and checked, and its data files located."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.archive.manifests import (
    FILES_LIMIT_BYTES,
    SUMMARY_LIMIT_BYTES,
    Summary,
    parse_files,
    parse_summary,
)
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import DataIncomplete, ObjectMissing, Refused
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import Objects

_MD5_LIMIT_BYTES: Final = 1024
_HINT: Final = "do not use this backup: create a new one with `ddbbackup backup`"


@dataclass(frozen=True, slots=True)
class OpenedExport:
    """One export, as its manifests describe it.

    ``checks`` lists what was verified, ``notes`` what could not be (a manifest without its MD5, a missing summary).
    """

    folder: ExportFolder
    summary: Summary | None
    files: tuple[DataFile, ...]
    item_count: int
    checks: tuple[str, ...]
    notes: tuple[str, ...]


def open_export(objects: Objects, folder: ExportFolder, *, owner: str | None) -> OpenedExport:
    """Reads and checks the manifests, but no data file.

    Raises ``ObjectMissing`` if ``manifest-files.json`` is missing, ``DataIncomplete`` if a hash or a count does not
    match, and ``Refused`` for a format that ddbbackup cannot restore (Ion).
    """
    where = folder.location
    checks: list[str] = []
    notes: list[str] = []
    summary = _read_summary(objects, folder, owner, checks, notes)
    if summary and summary.output_format != "DYNAMODB_JSON":
        raise Refused(
            f"the export in {where} has the format {summary.output_format}, which ddbbackup does not support",
            hint="export the table as DYNAMODB_JSON",
        )
    body = _manifest(objects, folder, folder.files_key, FILES_LIMIT_BYTES, owner, checks, notes)
    entries = parse_files(body, where=S3Location(folder.bucket, folder.files_key).uri)
    incremental = summary is not None and summary.export_type == "INCREMENTAL_EXPORT"
    files = tuple(
        DataFile(
            bucket=folder.bucket,
            key=folder.data_key(entry.key, incremental=incremental),
            md5=entry.md5,
            item_count=entry.item_count,
            bucket_owner=owner,
        )
        for entry in entries
    )
    total = sum(entry.item_count for entry in entries)
    if summary and summary.item_count != total:
        raise DataIncomplete(
            f"the manifests in {where} contradict each other: the summary counts {summary.item_count} items, "
            f"the files {total}",
            hint=_HINT,
        )
    if summary:
        checks.append("the item counts of both manifests are equal")
    return OpenedExport(folder, summary, files, total, tuple(checks), tuple(notes))


def _read_summary(
    objects: Objects, folder: ExportFolder, owner: str | None, checks: list[str], notes: list[str]
) -> Summary | None:
    try:
        body = _manifest(objects, folder, folder.summary_key, SUMMARY_LIMIT_BYTES, owner, checks, notes)
    except ObjectMissing:
        notes.append("not verified: manifest-summary.json and its item count are missing")
        return None
    return parse_summary(body, where=S3Location(folder.bucket, folder.summary_key).uri)


def _manifest(
    objects: Objects,
    folder: ExportFolder,
    key: str,
    limit_bytes: int,
    owner: str | None,
    checks: list[str],
    notes: list[str],
) -> bytes:
    name = key.removeprefix(folder.root)
    body, _ = objects.read(folder.bucket, key, limit_bytes=limit_bytes, owner=owner)
    try:
        expected, _ = objects.read(
            folder.bucket, folder.md5_key(key), limit_bytes=_MD5_LIMIT_BYTES, owner=owner
        )
    except ObjectMissing:
        notes.append(f"not verified: the MD5 of {name} is missing")
        return body
    if expected.decode("ascii", "replace").strip() != md5_base64(body):
        raise DataIncomplete(
            f"{S3Location(folder.bucket, key)} does not match the MD5 that AWS wrote beside it",
            hint=_HINT,
        )
    checks.append(f"the MD5 of {name} matches")
    return body
