"""What ``method: incremental`` makes next for one table: a full export, a window, or nothing yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ddbbackup.catalog.find_point import NewestChain, NoChain
from ddbbackup.catalog.record import MAX_CHAIN, Record, Restarted, RestartReason
from ddbbackup.ports import PitrWindow
from ddbbackup.times import to_iso

# DynamoDB guide: Quotas. Other windows are InvalidExportTimeException (observed on AWS).
SHORTEST_WINDOW: Final = timedelta(minutes=15)
LONGEST_WINDOW: Final = timedelta(hours=24)
# DynamoDB API: RecoveryPeriodInDays. It is 35, unless the table says less.
LONGEST_PERIOD_DAYS: Final = 35
# `until` may be a common export time of some hours ago.
_PERIOD_MARGIN: Final = timedelta(hours=1)
# A window must not end after the clock of AWS, which may differ from ours by a minute (DynamoDB guide: exports).
CLOCK_MARGIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class FullExport:
    """A new chain. ``restarted`` says why, and which changes no backup holds."""

    restarted: Restarted

    @property
    def because(self) -> str:
        return describe_restart(self.restarted)


@dataclass(frozen=True, slots=True)
class Window:
    """The changes from ``start`` to ``end``, which follow ``previous``. ``more``: other windows are due after it."""

    previous: Record
    start: datetime
    end: datetime
    more: bool
    restarted: Restarted | None


@dataclass(frozen=True, slots=True)
class NotDue:
    """The next window would be shorter than AWS accepts, until ``due``."""

    previous: Record
    due: datetime


NextBackup = FullExport | Window | NotDue


def next_backup(
    chain: NewestChain | NoChain, *, table_id: str, pitr: PitrWindow, until: datetime, full_every_seconds: int
) -> NextBackup:
    """``until`` is the latest end of a window: the common export time, or now less ``CLOCK_MARGIN``."""
    if isinstance(chain, NoChain):
        return _full("unusable" if chain.unusable else "first")
    if chain.last.table.id != table_id:
        return _full("recreated", missing_from=chain.end)
    if not pitr.enabled:
        return _full("disabled", missing_from=chain.end)
    if pitr.earliest is not None and pitr.earliest > (chain.last.time or chain.end):
        return _full("outlived" if _is_full_length(pitr, until) else "gap", missing_from=chain.end)
    if pitr.earliest is not None and pitr.earliest > chain.end:
        return _full("too_early")
    if len(chain.last.chain.needs) >= MAX_CHAIN:
        return _full("due")
    if chain.base is None:
        return _full("broken")
    if chain.base.time is not None and until - chain.base.time >= timedelta(seconds=full_every_seconds):
        return _full("due")
    if until - chain.end < SHORTEST_WINDOW:
        return NotDue(chain.last, due=chain.end + SHORTEST_WINDOW + CLOCK_MARGIN)
    end = min(until.replace(microsecond=0), chain.end + LONGEST_WINDOW)
    more = until - end >= SHORTEST_WINDOW
    return Window(chain.last, chain.end, end, more, chain.last.chain.restarted)


def describe_restart(restarted: Restarted) -> str:
    """Why a chain began with a full export, for people."""
    since = to_iso(restarted.missing_from)
    match restarted.reason:
        case "first":
            return "the table has no full backup that a window could follow"
        case "unusable":
            return "none of the records of earlier backups can be used, so no window can follow them"
        case "due":
            return "the last full export is older than `full_every`"
        case "broken":
            return (
                "a backup of the chain is missing, damaged or unusable, so no window after it can be restored"
            )
        case "too_early":
            return "the last full backup was made in the second in which point-in-time recovery was enabled"
        case "recreated":
            return f"the table was deleted and created again; changes of the old table after {since} are in no backup"
        case "disabled":
            return (
                f"point-in-time recovery is disabled, so no window can follow the last backup; {_lost(since)}"
            )
        case "gap":
            return (
                "the recovery window does not reach back to the last backup: point-in-time recovery was disabled "
                f"after it, and enabled again; {_lost(since)}"
            )
        case "outlived":
            return f"the last backup is older than the recovery window, which has moved on; {_lost(since)}"


def _lost(since: str | None) -> str:
    return f"changes between {since} and the full export can only be restored as far as it shows them"


def _is_full_length(pitr: PitrWindow, until: datetime) -> bool:
    """Whether the recovery window is as long as it can be: it was not opened since, and its start only moves on."""
    period = timedelta(days=pitr.period_days or LONGEST_PERIOD_DAYS)
    return pitr.earliest is not None and pitr.earliest <= until - period + _PERIOD_MARGIN


def _full(reason: RestartReason, *, missing_from: datetime | None = None) -> FullExport:
    return FullExport(Restarted(reason=reason, missing_from=missing_from))
