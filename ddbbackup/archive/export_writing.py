"""Writes exports in the layout of AWS, so that whatever reads an export of DynamoDB reads them too.

The forms are those of objects that AWS wrote: names, members, their order, and the MD5 objects beside the manifests.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.encryption import Encryption


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One line of ``manifest-files.json``. ``md5`` is in base64, ``etag`` without quotes."""

    key: str
    item_count: int
    md5: str
    etag: str


@dataclass(frozen=True, slots=True)
class WrittenExport:
    """What ``manifest-summary.json`` says. ``origin`` goes into it as a member that AWS's exports do not have."""

    export_id: str
    folder: ExportFolder
    table_arn: str
    table_id: str
    start_time: datetime
    end_time: datetime
    export_time: datetime
    encryption: Encryption
    origin: Mapping[str, Any]


def make_export_id(start_time: datetime, suffix: str) -> str:
    """An ExportId in the form of AWS: the time in milliseconds, and eight hex digits."""
    return f"0{round(start_time.timestamp() * 1000):013d}-{suffix}"


def export_arn(table_arn: str, export_id: str) -> str:
    return f"{table_arn}/export/{export_id}"


def data_file_name(*parts: object) -> str:
    """A name as AWS gives to data files. The same parts have the same name."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26] + ".json.gz"


def manifests(export: WrittenExport, files: Iterable[WrittenFile]) -> list[tuple[str, bytes]]:
    """The keys and bodies of both manifests, each after its MD5 object. The summary is the last one.

    Whoever looks for an export takes the summary for its end, so write them in this order.
    """
    files = list(files)
    folder = export.folder
    entries = "".join(_line(_entry(file)) + "\n" for file in files).encode()
    summary = _line(_summary(export, sum(file.item_count for file in files))).encode()
    written = []
    for key, body in ((folder.files_key, entries), (folder.summary_key, summary)):
        written += [(folder.md5_key(key), md5_base64(body).encode()), (key, body)]
    return written


def _entry(file: WrittenFile) -> dict[str, Any]:
    return {
        "itemCount": file.item_count,
        "md5Checksum": file.md5,
        "etag": file.etag,
        "dataFileS3Key": file.key,
    }


def _summary(export: WrittenExport, item_count: int) -> dict[str, Any]:
    folder, encryption = export.folder, export.encryption
    prefix, _, _ = folder.root.rpartition("AWSDynamoDB/")
    return {
        "version": "2020-06-30",
        "exportArn": export_arn(export.table_arn, export.export_id),
        "startTime": _iso(export.start_time),
        "endTime": _iso(export.end_time),
        "tableArn": export.table_arn,
        "tableId": export.table_id,
        "exportTime": _iso(export.export_time),
        "s3Bucket": folder.bucket,
        "s3Prefix": prefix.rstrip("/") or None,
        "s3SseAlgorithm": encryption.algorithm,
        "s3SseKmsKeyId": encryption.kms_key_id,
        "manifestFilesS3Key": folder.files_key,
        "billedSizeBytes": 0,
        "itemCount": item_count,
        "outputFormat": "DYNAMODB_JSON",
        "ddbbackup": dict(export.origin),
    }


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _iso(time: datetime) -> str:
    """With milliseconds, as AWS writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
