"""The result of ``status``: the newest backup of each table, and whether it meets the RPO."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from ddbbackup.model.table_status import STANDINGS, NotRestorable, Standing
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.report.documents.failure import ErrorInfo, error_info
from ddbbackup.report.documents.read_plan import ReadPlan, read_plan, unread_plan

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.model.table_status import TableStatus, UnreadableDestination
    from ddbbackup.ports import Identity
    from ddbbackup.status.gone_tables import GoneTable


@dataclass(frozen=True, slots=True)
class TableRow:
    """One table. ``age_seconds`` is the age of the data in ``backup``, counted from ``export_time``.

    ``gap_since``: changes after this time, before the full backup of the chain, may be in no backup.

    ``running`` are the IDs of the backups in progress, ``last_failure`` the message of the newest completed attempt
    if it failed. ``not_restorable`` are newer backups that are complete, or have a record that cannot be used.
    """

    table: str
    status: Standing
    backup: str | None
    kind: str | None
    export_time: datetime | None
    age_seconds: int | None
    rpo_seconds: int | None
    items: int | None
    size_bytes: int | None
    verified: VerificationResult | None
    running: tuple[str, ...]
    last_failure: str | None
    gap_since: datetime | None
    not_restorable: tuple[NotRestorable, ...]

    @property
    def breaks_rpo(self) -> bool:
        if self.rpo_seconds is None:
            return False
        return self.age_seconds is None or self.age_seconds > self.rpo_seconds

    @property
    def failed_verification(self) -> bool:
        """Of the newest backup, or of one that is newer than ``backup``."""
        return any(each.damaged for each in self.not_restorable)


@dataclass(frozen=True, slots=True)
class PlanTable(TableRow):
    """One table of one of several plans."""

    plan: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class UnreadablePlace:
    """A destination whose records cannot be read: nothing is known of its ``tables``."""

    plan: str
    destination: str
    bucket: str
    tables: tuple[str, ...]
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class GoneRow:
    """A table with recent backups that an entry of the plan would select, and that does not exist any more."""

    plan: str
    account: str
    region: str
    table: str
    backup: str


@dataclass(frozen=True, slots=True)
class StatusSummary:
    """How many tables have each status, whether or not they are shown, and how many have a backup in progress."""

    tables: int
    ok: int
    failed: int
    stale: int
    never: int
    unrestorable: int
    unreadable: int
    running: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """``schemas/status.schema.json``. The worst ``tables`` come first, unless they were to be sorted."""

    schema: ClassVar[Literal["status"]] = "status"

    now: datetime
    plans: tuple[ReadPlan, ...]
    tables: tuple[PlanTable, ...]
    unreadable: tuple[UnreadablePlace, ...]
    gone: tuple[GoneRow, ...]
    summary: StatusSummary
    exit_code: int


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """What was read of one plan."""

    plan: ReadPlan
    tables: tuple[PlanTable, ...] = ()
    unreadable: tuple[UnreadablePlace, ...] = ()
    gone: tuple[GoneRow, ...] = ()


_ORDERS: Final[Mapping[str, tuple[Callable[[PlanTable], Any], bool]]] = {
    "table": (lambda row: row.table, False),
    "status": (lambda row: STANDINGS.index(row.status), False),
    "kind": (lambda row: row.kind or "", False),
    "backup": (lambda row: row.backup or "", True),
    "age": (lambda row: row.age_seconds or 0, True),
    "items": (lambda row: row.items or 0, True),
    "size": (lambda row: row.size_bytes or 0, True),
}
"""By column: the key, and whether the greatest comes first: the newest backup, the oldest data, the most items."""
SORTED_BY: Final = tuple(_ORDERS)
STATES: Final = (*STANDINGS, "running")


def plan_status(
    plan: str,
    files: Sequence[str],
    identity: Identity,
    tables: Sequence[TableStatus],
    unreadable: Sequence[UnreadableDestination],
    errors: Sequence[DdbBackupError],
    *,
    exit_code: int,
    gone: Sequence[GoneTable] = (),
) -> PlanStatus:
    place: dict[str, str] = {"plan": plan, "account": identity.account, "region": identity.region}
    return PlanStatus(
        read_plan(plan, files, identity, errors, exit_code=exit_code),
        tuple(PlanTable(**{**_members(table), **place}) for table in tables),
        tuple(
            UnreadablePlace(plan, each.name, each.bucket, each.tables, error_info(each.error))
            for each in unreadable
        ),
        tuple(GoneRow(**place, table=each.table, backup=each.backup) for each in gone),
    )


def failed_plan(files: Sequence[str], error: DdbBackupError) -> PlanStatus:
    """A plan of several that cannot be shown."""
    return PlanStatus(unread_plan(files, error))


def status_report(
    read: Sequence[PlanStatus],
    *,
    now: datetime,
    exit_code: int,
    states: Sequence[str] = (),
    problems: bool = False,
    sort: str | None = None,
) -> StatusReport:
    """``states`` and ``problems`` choose the tables that are shown; the summary counts all."""
    rows = [row for each in read for row in each.tables]
    unreadable = tuple(place for each in read for place in each.unreadable)
    shown = [row for row in rows if _is_wanted(row, states) and not (problems and row.status == "ok")]
    key, descending = _ORDERS[sort or "status"]
    return StatusReport(
        now=now,
        plans=tuple(each.plan for each in read),
        tables=tuple(sorted(shown, key=key, reverse=descending)),
        unreadable=unreadable,
        gone=tuple(row for each in read for row in each.gone),
        summary=_summary(rows, unreadable),
        exit_code=exit_code,
    )


def table_row(table: TableStatus) -> TableRow:
    return TableRow(**_members(table))


def _members(table: TableStatus) -> dict[str, Any]:
    return {
        "table": table.table,
        "status": table.standing,
        "backup": table.backup,
        "kind": table.kind,
        "export_time": table.export_time,
        "age_seconds": table.age_seconds,
        "rpo_seconds": table.rpo_seconds,
        "items": table.items,
        "size_bytes": table.size_bytes,
        "verified": table.verified,
        "running": table.running,
        "last_failure": table.last_failure,
        "gap_since": table.gap_since,
        "not_restorable": table.not_restorable,
    }


def _is_wanted(row: PlanTable, states: Sequence[str]) -> bool:
    return not states or row.status in states or ("running" in states and bool(row.running))


def _summary(rows: Sequence[TableRow], unreadable: Sequence[UnreadablePlace]) -> StatusSummary:
    counts = Counter(row.status for row in rows)
    hidden = sum(len(each.tables) for each in unreadable)
    return StatusSummary(
        tables=len(rows) + hidden,
        ok=counts["ok"],
        failed=counts["failed"],
        stale=counts["stale"],
        never=counts["never"],
        unrestorable=counts["unrestorable"],
        unreadable=hidden,
        running=sum(bool(row.running) for row in rows),
    )
