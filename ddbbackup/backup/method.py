"""The backup method: how the ``method`` of a table entry backs up one table. ``BACKUP_METHODS`` lists the methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.steps.step import AnyStep


@dataclass(frozen=True, slots=True)
class PlannedBackup:
    """One table of a run. ``export_time`` is the common export time of the run; ``needs`` are IDs of steps."""

    table: str
    entry: TableEntry
    destination: Destination
    export_time: datetime | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackupMethod:
    """``step`` makes the step of one table. ``exports``: by ExportTableToPointInTime.

    Exports need point-in-time recovery, and only they can show several tables at one common time.
    """

    step: Callable[[PlannedBackup], AnyStep]
    exports: bool
