"""The result of ``list``: the backups in the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from ddbbackup.catalog import Record


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup. ``export_time`` is the instant that its data shows, ``prefix`` the folder of its data."""

    table: str
    backup: str
    state: str
    kind: str
    run: str
    started_at: datetime
    export_time: datetime | None
    export_arn: str | None
    items: int | None
    size_bytes: int | None
    bucket: str
    prefix: str
    failure: str | None


@dataclass(frozen=True, slots=True)
class BackupList:
    """``schemas/list.schema.json``. The newest backup of each table comes first."""

    schema: ClassVar[Literal["list"]] = "list"

    plan: str
    backups: tuple[BackupRow, ...]


def backup_list(plan: str, records: Sequence[Record]) -> BackupList:
    return BackupList(plan, tuple(_row(record) for record in records))


def _row(record: Record) -> BackupRow:
    return BackupRow(
        table=record.table.name,
        backup=record.id,
        state=record.state,
        kind=record.kind,
        run=record.run,
        started_at=record.started_at,
        export_time=record.export.time,
        export_arn=record.export.arn,
        items=record.data.item_count,
        size_bytes=record.data.size_bytes,
        bucket=record.destination.bucket,
        prefix=record.destination.prefix,
        failure=record.failure.message if record.failure else None,
    )
