"""The result of ``report``: everything that the catalogs say of plans, at one time, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ddbbackup.model.table_status import Standing
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.report.documents.preview import CostInfo, PriceList
from ddbbackup.report.documents.read_plan import ReadPlan

if TYPE_CHECKING:
    from ddbbackup.catalog.record import BackupKind

RECENT_DAYS: Final = 30

DayState = Literal["met", "late", "missed", "thinned", "none"]
"""``met``: the RPO was met all day. ``late``: it was broken for a part of the day. ``missed``: for all of it.
``thinned``: unknown, because retention has removed restore points since. ``none``: there was no restore point yet;
without an RPO also: there was no new one on this day."""

FindingKind = Literal[
    "plan",
    "selector",
    "unreadable",
    "gone",
    "unrestorable",
    "never",
    "stale",
    "damaged",
    "failed",
    "not_restorable",
    "gap",
    "prune",
]
Severity = Literal["error", "warning"]
TableState = Standing | Literal["kept", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that people should look at. ``table`` is None for the plan as a whole, ``plan`` for one that could
    not be read.
    """

    kind: FindingKind
    severity: Severity
    plan: str | None
    account: str | None
    region: str | None
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

    ``oldest`` and ``newest`` are the times of the restore points that it would remove now. ``is_blocked``: it would
    remove nothing, because of records that cannot be used; what comes later is unknown.
    """

    policy: str
    keeps: int
    removes: int
    removes_bytes: int | None
    oldest: datetime | None
    newest: datetime | None
    later: tuple[LaterRemoval, ...]
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class TableOverview:
    """One table of a plan, or its backups in a destination into which the plan does not back it up any more.

    ``status`` is ``kept`` for a table that the plan does not select: its backups stay, and have no RPO. It is
    ``unknown`` if the catalog could not be read. ``restore_points`` counts those that can be restored.
    ``stretches``: all of them. ``breaches``: when the RPO was broken, as far as it is known, which it is since
    ``rpo_known_since``. ``days`` are the last days, the last one today; there are none if the catalog could not be
    read. ``whole`` are full backups, scans and on-demand backups, ``windows`` those of chains; at most a few dozen of
    each. ``size_bytes`` counts the data of all backups, except for ``unsized`` ones, of which the size is not known.
    ``table_bytes`` is the size of the table. ``verified`` is that of the record of the newest backup, None also for a
    ``kept`` table of which it was not read. ``retention`` is None without a policy, and if it could not be decided,
    for the reason in ``retention_error``.
    """

    plan: str
    account: str
    region: str
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
    unsized: int
    table_bytes: int | None
    items: int | None
    verified: VerificationResult | None
    running: tuple[RunningBackup, ...]
    days: tuple[DayState, ...]
    stretches: tuple[Stretch, ...]
    breaches: tuple[Period, ...]
    rpo_known_since: datetime | None
    whole: tuple[Sample, ...]
    windows: tuple[Sample, ...]
    retention: RetentionOutlook | None
    retention_error: str | None
    cost: CostInfo
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The tables of one account and region. ``tables`` is None if they could not be listed, for the ``reason``.

    ``uncovered`` are those that no entry of a plan selects.
    """

    account: str
    region: str
    tables: int | None
    reason: str | None
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverviewTotals:
    """``tables`` counts those that the plans select, ``without_rpo`` those of them for which the plan has no RPO,
    ``failed`` those within their RPO of which the newest backup failed or cannot be restored, ``verified`` those with
    a newest backup verified as whole. ``unsized``: restore points that are not in ``size_bytes``, because their size
    is not known.
    """

    tables: int
    without_rpo: int
    ok: int
    failed: int
    stale: int
    never: int
    unrestorable: int
    unknown: int
    running: int
    verified: int
    restore_points: int
    size_bytes: int
    unsized: int
    removes: int
    removes_bytes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """``schemas/overview.schema.json``. Tables with findings come first, then by name.

    ``today`` is the last of the ``days`` of each table, in UTC. ``coverage`` has one element for each account and
    region. ``cost`` is that of all tables for a month like the last one.
    """

    schema: ClassVar[Literal["overview"]] = "overview"

    version: str
    plans: tuple[ReadPlan, ...]
    now: datetime
    today: date
    totals: OverviewTotals
    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    tables: tuple[TableOverview, ...]
    cost: CostInfo
    prices: PriceList
    exit_code: int
