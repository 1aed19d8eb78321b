"""The result of ``list``: the backups in the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.restore_points import Unrestorable
from ddbbackup.model.verification_result import VerificationResult


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup. ``export_time`` is the instant that its data shows, ``prefix`` the folder of its data.

    ``state`` is ``unusable`` for a record that cannot be read or is not what it claims to be: nothing of it is shown.
    ``not_restorable`` says why a complete backup cannot be restored: of itself, or of one that it needs.
    """

    table: str
    account: str
    region: str
    backup: str
    state: str
    kind: str | None
    run: str | None
    started_at: datetime | None
    export_time: datetime | None
    export_arn: str | None
    items: int | None
    size_bytes: int | None
    bucket: str
    prefix: str
    verified: VerificationResult | None
    failure: str | None
    not_restorable: str | None


@dataclass(frozen=True, slots=True)
class BackupList:
    """``schemas/list.schema.json``. The newest backup of each table comes first."""

    schema: ClassVar[Literal["list"]] = "list"

    plan: str
    backups: tuple[BackupRow, ...]


def backup_list(
    plan: str, records: Sequence[StoredRecord | BadRecord], not_restorable: Mapping[str, Unrestorable]
) -> BackupList:
    """``not_restorable``: by the key of the record."""
    return BackupList(plan, tuple(_row(record, not_restorable.get(record.key)) for record in records))


def _row(each: StoredRecord | BadRecord, problem: Unrestorable | None) -> BackupRow:
    location = each.location
    record = each.record if isinstance(each, StoredRecord) else None
    failure = record.failure.message if record is not None and record.failure else None
    return BackupRow(
        table=location.table,
        account=location.account,
        region=location.region,
        backup=record.id if record is not None else each.key.rpartition("/")[2].removesuffix(".json"),
        state=record.state if record is not None else "unusable",
        kind=record.kind if record is not None else None,
        run=record.run if record is not None else None,
        started_at=record.started_at if record is not None else None,
        export_time=record.time if record is not None else None,
        export_arn=record.export_arn if record is not None else None,
        items=record.data.item_count if record is not None else None,
        size_bytes=record.data.size_bytes if record is not None else None,
        bucket=location.bucket,
        prefix=location.prefix,
        verified=record.verified.outcome if record is not None and record.verified is not None else None,
        failure=each.error.message if isinstance(each, BadRecord) else failure,
        not_restorable=problem.reason if problem is not None else None,
    )
