"""Writes the files of an export in the layout of AWS: data files by partition, manifests and their MD5."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from ddbbackup.model.checksums import md5_base64, md5_digest, single_part_etag
from ddbbackup.sandbox.export_rules import ExportState

Put = Callable[[str, bytes], None]
PARTITIONS: Final = 4  # of a new on-demand table (DynamoDB guide)
LEAST_BILLED_BYTES: Final = 10_000_000  # of an incremental export, as observed on AWS


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One line with its newline, and the key of its item in any form that decides its partition."""

    key: bytes
    text: bytes


def write_export(export: ExportState, lines: Sequence[ExportLine], put: Put, end_time: float) -> None:
    """Writes the data files, then the manifests, and sets the counts of the export."""
    entries = []
    for part in _partition(lines):
        body = gzip.compress(b"".join(part), mtime=0)
        key = f"{export.data_root}{_file_name()}.{'ion' if export.format == 'ION' else 'json'}.gz"
        put(key, body)
        entries.append(
            {
                "itemCount": len(part),
                "md5Checksum": md5_base64(body),
                "etag": single_part_etag(md5_digest(body)),
                "dataFileS3Key": key,
            }
        )
    export.item_count = len(lines)
    size = sum(len(line.text) for line in lines)
    export.billed_size_bytes = max(size, LEAST_BILLED_BYTES) if export.window else size
    export.end_time = max(export.start_time, end_time)
    export.manifest_key = export.root + "manifest-summary.json"
    files = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode()
    summary = json.dumps(_summary(export), separators=(",", ":")).encode()
    for name, body in (("files", files), ("summary", summary)):
        put(f"{export.root}manifest-{name}.md5", md5_base64(body).encode())
        put(f"{export.root}manifest-{name}.json", body)


def _summary(export: ExportState) -> dict[str, Any]:
    request = export.request
    return {
        "version": "2023-08-01" if export.window else "2020-06-30",
        "exportArn": export.arn,
        "startTime": _iso(export.start_time),
        "endTime": _iso(export.end_time or export.start_time),
        "tableArn": export.table_arn,
        "tableId": export.table_id,
        **_extent(export),
        "s3Bucket": request["S3Bucket"],
        "s3Prefix": request.get("S3Prefix"),
        "s3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": request.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": export.root + "manifest-files.json",
        "billedSizeBytes": export.billed_size_bytes,
        "itemCount": export.item_count,
        "outputFormat": export.format,
    }


def _extent(export: ExportState) -> dict[str, str]:
    """A full export has no exportType, an incremental one no exportTime (seen in exports of AWS)."""
    if export.window is None:
        return {"exportTime": _iso(export.export_time)}
    return {
        "exportFromTime": _iso(export.window.start),
        "exportToTime": _iso(export.window.end),
        "outputView": export.window.view,
        "exportType": "INCREMENTAL_EXPORT",
    }


def _partition(lines: Sequence[ExportLine]) -> list[list[bytes]]:
    """By the hash of the key, as DynamoDB partitions a table. An empty partition becomes an empty file."""
    parts: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for line in lines:
        parts[crc32(line.key) % PARTITIONS].append(line.text)
    return parts


def _file_name() -> str:
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26]


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
