"""Writes an export as AWS lays it out: data files by partition, manifests, their hashes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ddbbackup.sandbox.export_rules import ExportState

Put = Callable[[str, bytes], None]
PARTITIONS: Final = 4  # what a new on-demand table has


def write_export(export: ExportState, lines: Sequence[bytes], put: Put) -> None:
    """Writes data files first, then manifests, and completes the state's counts."""
    entries = []
    for part in _partitioned(lines):
        body = gzip.compress(b"".join(part), mtime=0)
        key = f"{export.root}data/{_file_name()}.json.gz"
        put(key, body)
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        entries.append(
            {
                "itemCount": len(part),
                "md5Checksum": base64.b64encode(digest).decode(),
                "etag": hashlib.md5(digest, usedforsecurity=False).hexdigest() + "-1",
                "dataFileS3Key": key,
            }
        )
    export.item_count = len(lines)
    export.billed_size_bytes = sum(map(len, lines))
    export.end_time = max(export.start_time, datetime.now(UTC).timestamp())
    export.manifest_key = export.root + "manifest-summary.json"
    files = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode()
    summary = json.dumps(_summary(export), separators=(",", ":")).encode()
    for name, body in (("files", files), ("summary", summary)):
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        put(f"{export.root}manifest-{name}.md5", base64.b64encode(digest))
        put(f"{export.root}manifest-{name}.json", body)


def _summary(export: ExportState) -> dict[str, Any]:
    wish = export.request
    return {
        "version": "2020-06-30",
        "exportArn": export.arn,
        "startTime": _iso(export.start_time),
        "endTime": _iso(export.end_time or export.start_time),
        "tableArn": export.table_arn,
        "tableId": export.table_id,
        "exportTime": _iso(export.export_time),
        "s3Bucket": wish["S3Bucket"],
        "s3Prefix": wish.get("S3Prefix"),
        "s3SseAlgorithm": wish.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": wish.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": export.root + "manifest-files.json",
        "billedSizeBytes": export.billed_size_bytes,
        "itemCount": export.item_count,
        "outputFormat": "DYNAMODB_JSON",
    }


def _partitioned(lines: Sequence[bytes]) -> list[list[bytes]]:
    """By hash, as a table's partitions are; some may be empty, and become empty files."""
    parts: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for line in lines:
        parts[hashlib.sha256(line).digest()[0] % PARTITIONS].append(line)
    return parts


def _file_name() -> str:
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26]


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
