"""Parses the two manifests of an export. They come from a bucket, so nothing in them is trusted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ddbbackup.errors import DataIncomplete
from ddbbackup.times import from_iso

SUMMARY_LIMIT_BYTES = 1 << 20
FILES_LIMIT_BYTES = 256 << 20  # one line of about 300 bytes per data file: room for nearly a million
_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==\Z")
_HINT = "use another backup of the table; if this export is a copy, copy its whole folder again"


@dataclass(frozen=True, slots=True)
class Summary:
    """``manifest-summary.json``. A missing ``exportType`` means FULL_EXPORT."""

    export_arn: str
    table_arn: str
    table_id: str | None
    export_type: str
    output_format: str
    item_count: int
    export_time: datetime | None


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One line of ``manifest-files.json``. ``md5`` is the base64 MD5 of the compressed object."""

    key: str
    md5: str
    item_count: int


def parse_summary(body: bytes, *, where: str) -> Summary:
    """Raises ``DataIncomplete``; ``where`` names the manifest in its message."""
    data = _object(body, where)
    return Summary(
        export_arn=_text(data, "exportArn", where),
        table_arn=_text(data, "tableArn", where),
        table_id=data.get("tableId") if isinstance(data.get("tableId"), str) else None,
        export_type=str(data.get("exportType") or "FULL_EXPORT"),
        output_format=str(data.get("outputFormat") or "DYNAMODB_JSON"),
        item_count=_count(data, "itemCount", where),
        export_time=_time(data.get("exportTime")),
    )


def parse_files(body: bytes, *, where: str) -> tuple[FileEntry, ...]:
    """One entry per line, in the order of the manifest. Raises ``DataIncomplete`` with the number of the line."""
    entries: list[FileEntry] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        where_line = f"{where} line {number}"
        data = _object(line, where_line)
        md5 = _text(data, "md5Checksum", where_line)
        if not _MD5.match(md5):
            raise DataIncomplete(f"{where_line}: md5Checksum is not a base64 MD5", hint=_HINT)
        entries.append(
            FileEntry(_text(data, "dataFileS3Key", where_line), md5, _count(data, "itemCount", where_line))
        )
    names = {entry.key for entry in entries}
    if len(names) != len(entries):
        raise DataIncomplete(f"{where} lists the same data file twice", hint=_HINT)
    return tuple(entries)


def _object(body: bytes, where: str) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise DataIncomplete(f"{where} is not JSON", hint=_HINT) from None
    if not isinstance(data, dict):
        raise DataIncomplete(f"{where} is not a JSON object", hint=_HINT)
    return data


def _text(data: dict[str, Any], name: str, where: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise DataIncomplete(f"{where} has no valid {name}", hint=_HINT)
    return value


def _count(data: dict[str, Any], name: str, where: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DataIncomplete(f"{where} has no valid {name}", hint=_HINT)
    return value


def _time(value: Any) -> datetime | None:
    try:
        return from_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None
