"""Records for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ddbbackup.archive.export_writing import make_export_id
from ddbbackup.catalog import (
    RECORD_VERSION,
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedDestination,
    RecordedExport,
    RecordedScan,
    RecordedSnapshot,
    RecordedTable,
    derive_client_token,
    new_backup_id,
)
from ddbbackup.model.arn import Arn
from ddbbackup.ports import Identity

ACCOUNT, REGION, TABLE_ID = "123456789012", "eu-west-1", "11991185-e7ab-4da5-8bab-03f0db0b7bfd"
IDENTITY = Identity(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "aws", REGION)
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def record(
    *,
    table: str = "orders",
    run: str = "r1",
    attempt: int = 1,
    at: datetime = NOW,
    export: dict[str, Any] | None = None,
    destination: dict[str, Any] | None = None,
    table_members: dict[str, Any] | None = None,
    origin: Identity = IDENTITY,
    **members: Any,
) -> Record:
    """A full backup in progress. ``table_members``, ``export``, ``destination`` and ``members`` are added to it."""
    arn = str(Arn.of_table(table, partition="aws", region=origin.region, account=origin.account))
    ids: dict[str, Any] = {"plan": "prod", "table_arn": arn, "run": run, "attempt": attempt}
    token = derive_client_token(table_id=TABLE_ID, **ids)
    covers = members.get("covers")
    reaches = covers.end if covers is not None and covers.kind == "window" else at
    backup_id = new_backup_id((export or {}).get("requested_time") or reaches, **ids)
    required: dict[str, Any] = {
        "record_version": RECORD_VERSION,
        "id": backup_id,
        "plan": "prod",
        "run": run,
        "attempt": attempt,
        "made_by": "export",
        "state": "in_progress",
        "started_at": at,
        "table": RecordedTable(
            **{
                "name": table,
                "arn": arn,
                "id": TABLE_ID,
                "account": origin.account,
                "region": origin.region,
                **(table_members or {}),
            }
        ),
        "destination": RecordedDestination(
            **{"bucket": "vault", "prefix": "ddb/orders/", **(destination or {})}
        ),
        "export": RecordedExport(**{"client_token": token, **(export or {})}),
        "chain": RecordedChain(base=backup_id, needs=(backup_id,)),
    }
    return Record(**{**required, **members})


def snapshot_record(*, arn: str | None = None, **members: Any) -> Record:
    """An on-demand backup in progress; ``arn`` is None until it was created. ``members`` as those of ``record``."""
    made = record(**members)
    token = derive_client_token(
        plan=made.plan, table_arn=made.table.arn, table_id=made.table.id, run=made.run, attempt=made.attempt
    )
    return replace(made, made_by="snapshot", export=None, snapshot=RecordedSnapshot(name=token, arn=arn))


def instant(at: datetime) -> RecordedCoverage:
    return RecordedCoverage(kind="instant", start=at, end=at)


def scan_record(*, run: str = "r1", at: datetime = NOW, **members: Any) -> Record:
    """A scan in progress, with ``members`` added to it."""
    made = record(run=run, at=at)
    scan = RecordedScan(export_id=make_export_id(at, made.id.rpartition("-")[2]), segments=1)
    return replace(made, made_by="scan", export=None, scan=scan, **members)
