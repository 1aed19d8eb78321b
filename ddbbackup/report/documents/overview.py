"""The result of ``report``: everything that the catalog says of a plan, at one time, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.report.documents.failure import ErrorInfo
from ddbbackup.report.documents.preview import CostInfo, PriceList

if TYPE_CHECKING:
    from ddbbackup.catalog.record import BackupKind

RECENT_DAYS: Final = 30

DayState = Literal["met", "late", "missed", "thinned", "none"]
"""``met``: the RPO was met all day. ``late``: it was broken for a part of the day. ``missed``: for all of it.
``thinned``: unknown, because retention has removed restore points since. ``none``: there was no restore point yet;
without an RPO also: there was no new one on this day."""

FindingKind = Literal[
    "selector",
    "unreadable",
    "unrestorable",
    "never",
    "stale",
    "damaged",
    "failed",
    "not_restorable",
    "gap",
    "prune",
]


TableState = Literal["ok", "stale", "never", "unrestorable", "kept", "unknown"]
"""``unrestorable``: there are backups, but none of them can be restored."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that people should look at. ``table`` is None for the plan as a whole."""

    kind: FindingKind
    severity: Literal["error", "warning"]
    table: str | None
    message: str


@dataclass(frozen=True, slots=True)
class RunningBackup:
    """A backup in progress."""

    backup: str
    kind: BackupKind
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """Restore points that lie close together: the first, the last, and how many there are."""

    since: datetime
    until: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Period:
    """From one time to another."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """One backup. ``items`` counts the items of a whole table, or the changes of a window."""

    time: datetime
    size_bytes: int
    items: int | None


@dataclass(frozen=True, slots=True)
class LaterRemoval:
    """How many of today's restore points no rule keeps any more after so many days of further backups."""

    days: int
    points: int


@dataclass(frozen=True, slots=True)
class RetentionOutlook:
    """What ``prune --apply`` would remove now, and an estimate of later removals.

    ``oldest`` and ``newest`` are the times of the restore points that it would remove now.
    """

    policy: str
    keeps: int
    removes: int
    removes_bytes: int | None
    oldest: datetime | None
    newest: datetime | None
    later: tuple[LaterRemoval, ...]


@dataclass(frozen=True, slots=True)
class TableOverview:
    """One table, or the backups of one table in a destination from which the plan does not back it up any more.

    ``status`` is ``kept`` for a table that the plan does not select: its backups stay, and have no RPO. It is
    ``unknown`` if the catalog could not be read. ``restore_points`` counts those that can be restored.
    ``stretches``: all of them. ``breaches``: when the RPO was broken, as far as it is known. ``days`` are the last
    days, the last one today. ``whole`` are full backups, scans and on-demand backups, ``windows`` those of chains; at
    most a few dozen of each. ``size_bytes`` counts the data of all backups, ``table_bytes`` is the size of the table.
    """

    table: str
    status: TableState
    entry: str | None
    method: str | None
    place: str
    exists: bool | None
    backup: str | None
    newest: datetime | None
    oldest: datetime | None
    age_seconds: int | None
    rpo_seconds: int | None
    restore_points: int
    kinds: dict[BackupKind, int]
    size_bytes: int
    table_bytes: int | None
    items: int | None
    verified: VerificationResult | None
    running: tuple[RunningBackup, ...]
    days: tuple[DayState, ...]
    stretches: tuple[Stretch, ...]
    breaches: tuple[Period, ...]
    whole: tuple[Sample, ...]
    windows: tuple[Sample, ...]
    retention: RetentionOutlook | None
    cost: CostInfo
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The tables of the account and region. ``tables`` is None if they could not be listed, for the ``reason``.

    ``uncovered`` are those that no entry of the plan selects.
    """

    tables: int | None
    reason: str | None
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverviewTotals:
    """``tables`` counts those that the plan selects, ``verified`` those with a newest backup verified as whole."""

    tables: int
    ok: int
    stale: int
    never: int
    unrestorable: int
    unknown: int
    running: int
    verified: int
    restore_points: int
    size_bytes: int
    removes: int
    removes_bytes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """``schemas/overview.schema.json``. Tables with findings come first, then by name.

    ``today`` is the last of the ``days`` of each table, in UTC. ``errors`` are those of selectors, and of what could
    not be read. ``cost`` is that of all tables for a month like the last one.
    """

    schema: ClassVar[Literal["overview"]] = "overview"

    plan: str
    version: str
    account: str
    region: str
    now: datetime
    today: date
    totals: OverviewTotals
    findings: tuple[Finding, ...]
    coverage: Coverage
    tables: tuple[TableOverview, ...]
    cost: CostInfo
    prices: PriceList
    errors: tuple[ErrorInfo, ...]
    exit_code: int
