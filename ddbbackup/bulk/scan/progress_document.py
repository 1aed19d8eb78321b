"""The document in which a scan records how far it has come. See ``progress``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.bulk.scan.model import ScanJob
from ddbbackup.bulk.scan.page import Key, is_key
from ddbbackup.model.documents import DocumentType, InvalidDocument
from ddbbackup.ports import UploadedPart


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedUpload:
    """What is needed to complete a file: the ID of its upload, and its parts in order."""

    id: str
    parts: tuple[UploadedPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """One data file. ``next_key`` is None for the last one of a segment, ``upload`` once the file is an object.

    ``etag`` is without quotes. ``read_until`` is when its last page arrived.
    """

    item_count: int
    size_bytes: int
    md5: str
    etag: str
    read_until: datetime
    next_key: Key | None
    upload: RecordedUpload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanDocument:
    """``files`` are those of each segment in order. ``renewals`` changes with every sign of life of ``holder``."""

    export_id: str
    table_arn: str
    table_id: str
    holder: str | None
    renewals: int
    files: tuple[tuple[RecordedFile, ...], ...]


_DOCUMENT: Final = DocumentType(ScanDocument)


def parse_document(body: bytes, job: ScanJob) -> ScanDocument | None:
    """None for what does not describe this scan: it counts as nothing. Pure."""
    try:
        document = _DOCUMENT.decode(body)
    except InvalidDocument:
        return None
    describes = (
        (document.export_id, document.table_arn, document.table_id)
        == (job.export_id, job.table_arn, job.table_id)
        and len(document.files) > 0
        and all(_is_sequence(files, job) for files in document.files)
    )
    return document if describes else None


def _is_sequence(files: Sequence[RecordedFile], job: ScanJob) -> bool:
    """Whether the files can be those of one segment: only the last one may end it."""
    return all(
        file.item_count >= 0
        and file.size_bytes >= 0
        and (file is files[-1] if file.next_key is None else is_key(file.next_key, job.keys))
        for file in files
    )
