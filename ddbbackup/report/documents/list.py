"""The result of ``list``: the backups in the catalog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.restore_points import Unrestorable
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.report.documents.failure import ErrorInfo, error_info

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError


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

    @property
    def shown_state(self) -> str:
        """Also ``not_restorable``, for a complete backup that is of no use."""
        return "not_restorable" if self.not_restorable else self.state

    @property
    def failed_verification(self) -> bool:
        return self.verified is not None and self.verified.result == "damaged"


@dataclass(frozen=True, slots=True)
class UnreadableVault:
    """A destination of which some or all records cannot be read."""

    destination: str
    bucket: str
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """How many backups have each state, whether or not they are shown.

    ``problems`` are backups that cannot be used or restored, and failures since the newest complete backup.
    """

    tables: int
    backups: int
    problems: int
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BackupList:
    """``schemas/list.schema.json``. Problems come first, then the newest backup of each table.

    ``newest_only``: of each table only the newest backup was read, because a terminal would show no more.
    """

    schema: ClassVar[Literal["list"]] = "list"

    plan: str
    backups: tuple[BackupRow, ...]
    unreadable: tuple[UnreadableVault, ...]
    summary: BackupSummary
    newest_only: bool = False


STATES: Final = (
    "unusable",
    "not_restorable",
    "not_whole",
    "failed",
    "expiring",
    "in_progress",
    "complete",
)
_ORDERS: Final[Mapping[str, tuple[Callable[[BackupRow], Any], bool]]] = {
    "table": (lambda row: row.table, False),
    "backup": (lambda row: row.backup, True),
    "kind": (lambda row: row.kind or "", False),
    "state": (lambda row: STATES.index(row.shown_state), False),
    "items": (lambda row: row.items or 0, True),
    "size": (lambda row: row.size_bytes or 0, True),
}
"""By column: the key, and whether the greatest comes first: the newest backup, the most items."""
SORTED_BY: Final = tuple(_ORDERS)
_USELESS: Final = frozenset(("unusable", "not_restorable"))
_FAILED: Final = frozenset(("failed", "not_whole"))


def backup_list(
    plan: str,
    records: Sequence[StoredRecord | BadRecord],
    not_restorable: Mapping[str, Unrestorable],
    unreadable: Sequence[tuple[str, str, DdbBackupError]] = (),
    *,
    states: Sequence[str] = (),
    problems: bool = False,
    sort: str | None = None,
    newest_only: bool = False,
) -> BackupList:
    """``records``: the newest of each table first. ``not_restorable``: by the key of the record.

    ``unreadable``: name and bucket of a destination, and why. ``states`` and ``problems`` choose the backups that are
    shown; the summary counts all.
    """
    rows = [_row(record, not_restorable.get(record.key)) for record in records]
    bad = _problems(rows)
    shown = [
        (number, row)
        for number, row in enumerate(rows)
        if (not states or row.shown_state in states) and (not problems or number in bad)
    ]
    key, descending = _ORDERS[sort] if sort is not None else (None, False)
    if key is None:
        ordered = sorted(shown, key=lambda pair: pair[0] not in bad)
    else:
        ordered = sorted(shown, key=lambda pair: key(pair[1]), reverse=descending)
    return BackupList(
        plan=plan,
        backups=tuple(row for _, row in ordered),
        unreadable=tuple(UnreadableVault(name, bucket, error_info(why)) for name, bucket, why in unreadable),
        summary=BackupSummary(
            tables=len({(row.account, row.region, row.table) for row in rows}),
            backups=len(rows),
            problems=len(bad),
            states=dict(Counter(row.shown_state for row in rows)),
        ),
        newest_only=newest_only,
    )


def _problems(rows: Sequence[BackupRow]) -> set[int]:
    """The numbers of the rows that need attention. What failed before the newest complete backup does not."""
    found: set[int] = set()
    is_complete: set[tuple[str, ...]] = set()
    for number, row in enumerate(rows):
        place = (row.bucket, row.prefix, row.account, row.region, row.table)
        state = row.shown_state
        if state in _USELESS or (state in _FAILED and place not in is_complete):
            found.add(number)
        if state == "complete":
            is_complete.add(place)
    return found


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
