"""Opening an export in a bucket: its manifests read, hashed and rebased to where the folder lies now."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.archive.manifests import (
    FILES_LIMIT_BYTES,
    SUMMARY_LIMIT_BYTES,
    Summary,
    md5_base64,
    parse_files,
    parse_summary,
)
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import DataNotWhole, ObjectMissing, Refused
from ddbbackup.ports import Objects

_MD5_LIMIT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class OpenedExport:
    """One export, as its manifests describe it.

    ``checks`` says what was proved, ``notes`` what could not be (a manifest without its hash, no summary).
    """

    folder: ExportFolder
    summary: Summary | None
    files: tuple[DataFile, ...]
    item_count: int
    checks: tuple[str, ...]
    notes: tuple[str, ...]


def open_export(objects: Objects, folder: ExportFolder, *, owner: str | None) -> OpenedExport:
    """Reads and checks the manifests; reads no data file.

    Raises ``ObjectMissing`` without ``manifest-files.json``; ``DataNotWhole`` if a hash or a count does not
    match; ``Refused`` for what ddbbackup cannot restore (Ion).
    """
    checks: list[str] = []
    notes: list[str] = []
    summary = _read_summary(objects, folder, owner, checks, notes)
    if summary and summary.output_format != "DYNAMODB_JSON":
        raise Refused(
            f"the export in s3://{folder.bucket}/{folder.root} is in {summary.output_format}",
            hint="export the table as DYNAMODB_JSON; ddbbackup reads no other format",
        )
    body = _manifest(objects, folder, folder.files_key, FILES_LIMIT_BYTES, owner, checks, notes)
    entries = parse_files(body, where=f"s3://{folder.bucket}/{folder.files_key}")
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
        raise DataNotWhole(
            f"the manifests of s3://{folder.bucket}/{folder.root} disagree: the summary counts "
            f"{summary.item_count} items, its files {total}",
            hint="do not use this backup; take another one",
        )
    if summary:
        checks.append("counts of both manifests agree")
    return OpenedExport(folder, summary, files, total, tuple(checks), tuple(notes))


def _read_summary(
    objects: Objects, folder: ExportFolder, owner: str | None, checks: list[str], notes: list[str]
) -> Summary | None:
    try:
        body = _manifest(objects, folder, folder.summary_key, SUMMARY_LIMIT_BYTES, owner, checks, notes)
    except ObjectMissing:
        notes.append("manifest-summary.json is missing: its item count could not be compared")
        return None
    return parse_summary(body, where=f"s3://{folder.bucket}/{folder.summary_key}")


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
        written, _ = objects.read(
            folder.bucket, folder.md5_key(key), limit_bytes=_MD5_LIMIT_BYTES, owner=owner
        )
    except ObjectMissing:
        notes.append(f"{name} has no .md5 beside it: its hash could not be compared")
        return body
    if written.decode("ascii", "replace").strip() != md5_base64(body):
        raise DataNotWhole(
            f"{name} in s3://{folder.bucket}/{folder.root} does not match the MD5 that AWS wrote beside it",
            hint="do not use this backup; take another one, and find out who changed the object",
        )
    checks.append(f"{name} matches its MD5")
    return body
