"""Parses the two manifests of an export. They come from a bucket, so nothing in them is trusted."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ddbbackup.errors import DataIncomplete
from ddbbackup.times import from_iso

SUMMARY_LIMIT_BYTES = 1 << 20
FILES_LIMIT_BYTES = 256 << 20  # one line of about 300 bytes per data file: room for nearly a million
_MAX_LINE_BYTES = 64 << 10  # a key has at most 1,024 bytes, of which JSON may make six times as many
_MAX_BLANK_LINES = 1000
_MAX_ENTRIES = 1_000_000  # short lines would give several million, and each takes memory
_SURROGATE = re.compile("[\ud800-\udfff]")
_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==\Z")
_HINT = "use another backup of the table; if this export is a copy, copy its whole folder again"


@dataclass(frozen=True, slots=True)
class Summary:
    """``manifest-summary.json``. A missing ``exportType`` means FULL_EXPORT.

    ``from_time``, ``to_time`` and ``view`` are those of an incremental export.
    """

    export_arn: str
    table_arn: str
    table_id: str | None
    export_type: str
    output_format: str
    item_count: int
    export_time: datetime | None
    from_time: datetime | None = None
    to_time: datetime | None = None
    view: str | None = None


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One line of ``manifest-files.json``. ``md5`` is the base64 MD5 of the compressed object.

    ``etag`` is the ETag, without quotes, that S3 gave the object; None if the manifest does not name it.
    """

    key: str
    md5: str
    item_count: int
    etag: str | None = None


def parse_summary(body: bytes, *, where: str) -> Summary:
    """Raises ``DataIncomplete``; ``where`` names the manifest in its message."""
    data = _object(body, where)
    return Summary(
        export_arn=_text(data, "exportArn", where),
        table_arn=_text(data, "tableArn", where),
        table_id=data.get("tableId") if isinstance(data.get("tableId"), str) else None,
        export_type=_text(data, "exportType", where) if "exportType" in data else "FULL_EXPORT",
        output_format=_text(data, "outputFormat", where) if "outputFormat" in data else "DYNAMODB_JSON",
        item_count=_count(data, "itemCount", where),
        export_time=_time(data.get("exportTime")),
        from_time=_time(data.get("exportFromTime")),
        to_time=_time(data.get("exportToTime")),
        view=_text(data, "outputView", where) if "outputView" in data else None,
    )


def parse_file_lines(chunks: Iterable[bytes], *, where: str) -> tuple[FileEntry, ...]:
    """One entry per line, in the order of the manifest. The memory follows the number of entries, not of bytes.

    Raises ``DataIncomplete`` with the number of the line, and for a data file that is listed twice.
    """
    entries: dict[str, FileEntry] = {}
    blank = 0
    for number, line in enumerate(_lines(chunks, where), start=1):
        if not line.strip():
            blank += 1
            if blank > _MAX_BLANK_LINES:
                raise DataIncomplete(f"{where} has more than {_MAX_BLANK_LINES} blank lines", hint=_HINT)
            continue
        entry = _entry(line, f"{where} line {number}")
        if entry.key in entries:
            raise DataIncomplete(f"{where} lists the same data file twice", hint=_HINT)
        if len(entries) >= _MAX_ENTRIES:
            raise DataIncomplete(f"{where} lists more than {_MAX_ENTRIES} data files", hint=_HINT)
        entries[entry.key] = entry
    return tuple(entries.values())


def _lines(chunks: Iterable[bytes], where: str) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        lines = io.BytesIO(rest + chunk)  # its iterator finds newlines without a list of all lines
        rest = b""
        for line in lines:
            if line.endswith(b"\n"):
                yield line
            else:
                rest = line
        if len(rest) > _MAX_LINE_BYTES:
            raise DataIncomplete(f"{where} has a line that is longer than any entry", hint=_HINT)
    if rest:
        yield rest


def _entry(line: bytes, where: str) -> FileEntry:
    data = _object(line, where)
    md5 = _text(data, "md5Checksum", where)
    if not _MD5.match(md5):
        raise DataIncomplete(f"{where}: md5Checksum is not a base64 MD5", hint=_HINT)
    etag = data.get("etag")
    return FileEntry(
        _text(data, "dataFileS3Key", where),
        md5,
        _count(data, "itemCount", where),
        etag.strip('"') if isinstance(etag, str) and etag else None,
    )


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
    if not isinstance(value, str) or not value or not _is_unicode(value):
        raise DataIncomplete(f"{where} has no valid {name}", hint=_HINT)
    return value


def _is_unicode(text: str) -> bool:
    """JSON may hold a lone surrogate, which no request of AWS can carry."""
    return not _SURROGATE.search(text)


def _count(data: dict[str, Any], name: str, where: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise DataIncomplete(f"{where} has no valid {name}", hint=_HINT)
    return value


def _time(value: Any) -> datetime | None:
    try:
        return from_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None
