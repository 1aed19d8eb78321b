"""The result of ``status``: the newest backup of each table, and whether it meets the RPO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from ddbbackup.model.table_status import NotRestorable
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.report.documents.failure import ErrorInfo, error_info

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.model.table_status import TableStatus
    from ddbbackup.ports import Identity


@dataclass(frozen=True, slots=True)
class TableRow:
    """One table. ``age_seconds`` is the age of the data in ``backup``, counted from ``export_time``.

    ``gap_since``: changes after this time, before the full backup of the chain, may be in no backup.

    ``running`` are the IDs of the backups in progress, ``last_failure`` the message of the newest completed attempt
    if it failed. ``not_restorable`` are newer backups that are complete, or have a record that cannot be used.
    """

    table: str
    status: Literal["ok", "stale", "never"]
    backup: str | None
    export_time: datetime | None
    age_seconds: int | None
    rpo_seconds: int | None
    items: int | None
    verified: VerificationResult | None
    running: tuple[str, ...]
    last_failure: str | None
    gap_since: datetime | None
    not_restorable: tuple[NotRestorable, ...]

    @property
    def breaks_rpo(self) -> bool:
        return self.status == "stale" or (self.status == "never" and self.rpo_seconds is not None)


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """``schemas/status.schema.json``. ``errors`` are those of selectors that matched nothing or too much."""

    schema: ClassVar[Literal["status"]] = "status"

    plan: str
    account: str
    region: str
    now: datetime
    tables: tuple[TableRow, ...]
    errors: tuple[ErrorInfo, ...]
    exit_code: int


def plan_status(
    plan: str,
    identity: Identity,
    tables: Sequence[TableStatus],
    errors: Sequence[DdbBackupError],
    *,
    now: datetime,
    exit_code: int,
) -> PlanStatus:
    rows = tuple(table_row(table) for table in tables)
    return PlanStatus(
        plan=plan,
        account=identity.account,
        region=identity.region,
        now=now,
        tables=rows,
        errors=tuple(error_info(error) for error in errors),
        exit_code=exit_code,
    )


def table_row(table: TableStatus) -> TableRow:
    return TableRow(
        table=table.table,
        status=table.state,
        backup=table.backup,
        export_time=table.export_time,
        age_seconds=table.age_seconds,
        rpo_seconds=table.rpo_seconds,
        items=table.items,
        verified=table.verified,
        running=table.running,
        last_failure=table.last_failure,
        gap_since=table.gap_since,
        not_restorable=table.not_restorable,
    )
