"""The backup status of one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.verification_result import VerificationResult

Standing = Literal["unrestorable", "never", "stale", "failed", "ok"]
"""The worst first. ``unrestorable``: there are backups, but none can be restored. ``failed``: the newest backup
failed or cannot be restored, and an older one still meets the RPO."""
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)


@dataclass(frozen=True, slots=True)
class NotRestorable:
    """A backup that cannot be restored. ``reason`` is a part of a sentence. ``damaged``: so said a verification."""

    backup: str
    reason: str
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class TableStatus:
    """The last complete backup of a table, measured against its RPO.

    ``kind`` is full, window, scan or snapshot. ``age_seconds`` is the age of the data in that backup,
    ``export_time`` its instant. ``completed_at`` is when the backup was verified, ``seconds`` its duration from start
    to verification. ``running`` are the IDs of the backups in progress, the newest first. ``last_failure`` is the
    failure of the newest backup that has ended, if it failed.
    ``not_restorable`` are newer backups that are complete, or have a record that cannot be used.
    ``gap_since``: changes after this time, before the chain of the backup began, may be in no backup. ``table_bytes``
    is the size of the table when the backup began, as DescribeTable said.
    """

    table: str
    state: Literal["ok", "stale", "never"]
    backup: str | None = None
    kind: str | None = None
    export_time: datetime | None = None
    age_seconds: int | None = None
    rpo_seconds: int | None = None
    items: int | None = None
    size_bytes: int | None = None
    verified: VerificationResult | None = None
    completed_at: datetime | None = None
    seconds: float | None = None
    running: tuple[str, ...] = ()
    last_failure: str | None = None
    not_restorable: tuple[NotRestorable, ...] = ()
    gap_since: datetime | None = None
    table_bytes: int | None = None

    @property
    def breaks_rpo(self) -> bool:
        return self.state == "stale" or (self.state == "never" and self.rpo_seconds is not None)

    @property
    def standing(self) -> Standing:
        """What is to be said first of the table."""
        if self.backup is None:
            return "unrestorable" if self.not_restorable else "never"
        if self.state == "stale":
            return "stale"
        return "failed" if self.last_failure is not None or self.not_restorable else "ok"


@dataclass(frozen=True, slots=True)
class UnreadableDestination:
    """A destination of a plan whose records cannot be read, and the tables that are not shown for that."""

    name: str
    bucket: str
    tables: tuple[str, ...]
    error: DdbBackupError
