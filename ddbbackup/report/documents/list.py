"""What the catalog holds, in every form of ``list``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ddbbackup.catalog import Record
from ddbbackup.report.formatting import count, size
from ddbbackup.report.renderers import json_documents as json
from ddbbackup.report.renderers import text
from ddbbackup.times import to_iso


def render(records: Sequence[Record], form: str, *, plan: str) -> str:
    """``form`` is text or json; JSON by ``schemas/list.schema.json``."""
    if form == "json":
        return json.document(plan=plan, backups=[_fields(record) for record in records])
    if not records:
        return "the catalog holds no backups\n"
    return text.aligned(
        ("TABLE", "BACKUP", "STATE", "AS OF", "ITEMS", "SIZE"), [_row(each) for each in records]
    )


def _row(record: Record) -> tuple[str, ...]:
    return (
        record.table,
        record.id,
        record.state,
        to_iso(record.export_time) or "–",
        count(record.item_count),
        size(record.size_bytes),
    )


def _fields(record: Record) -> Mapping[str, Any]:
    return {
        "table": record.table,
        "backup": record.id,
        "state": record.state,
        "kind": record.kind,
        "run": record.run,
        "started_at": to_iso(record.started_at),
        "export_time": to_iso(record.export_time),
        "export_arn": record.export_arn,
        "items": record.item_count,
        "size_bytes": record.size_bytes,
        "bucket": record.bucket,
        "prefix": record.prefix,
        "failure": record.failure_message,
    }
