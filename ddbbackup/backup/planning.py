"""The steps of a backup run, from a plan and the selected tables. Pure: ``preview`` and ``backup`` share it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ddbbackup.backup.check_destination import CheckDestination
from ddbbackup.backup.method import PlannedBackup
from ddbbackup.backup.methods import BACKUP_METHODS
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Plan, TableEntry
from ddbbackup.plan.selection import Selection, format_selector
from ddbbackup.ports import PitrWindow
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import AnyStep

# A recovery window is updated every few minutes.
_STALE_AFTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class FailedSelector:
    """A step that fails because a selector matches the wrong tables, so that the report and the exit code show it.

    ``number`` distinguishes several failures of selectors that read the same.
    """

    entry: TableEntry
    error: DdbBackupError
    number: int
    kind: str = "select"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return format_selector(self.entry)

    @property
    def id(self) -> str:
        return f"select {self.table}" + (f" ({self.number})" if self.number > 1 else "")

    async def assess(self, context: RunContext) -> Assessment[None]:
        summary = "nothing to do: the selector matches the wrong tables"
        return Assessment(self.id, self.kind, self.table, summary, None, blockers=(Blocker(self.error),))

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        raise self.error


def backup_steps(plan: Plan, selection: Selection, *, export_time: datetime | None) -> tuple[AnyStep, ...]:
    """One step per table, then one per failed selector, and one per destination that has ``require``."""
    checks = {
        name: CheckDestination(plan.destinations[name])
        for name in dict.fromkeys(entry.destination for entry in selection.chosen.values())
        if plan.destinations[name].require
    }
    backups = [
        BACKUP_METHODS[entry.method].step(
            PlannedBackup(
                table=name,
                entry=entry,
                destination=plan.destinations[entry.destination],
                export_time=export_time,
                needs=(checks[entry.destination].id,) if entry.destination in checks else (),
            )
        )
        for name, entry in selection.chosen.items()
    ]
    count: Counter[str] = Counter()
    failed = []
    for entry, error in selection.failures:
        count[format_selector(entry)] += 1
        failed.append(FailedSelector(entry, error, number=count[format_selector(entry)]))
    return (*backups, *failed, *checks.values())


def common_instant(windows: Mapping[str, PitrWindow]) -> datetime | None:
    """The latest whole second that no recovery window ends before; None if recovery is disabled for all tables.

    A window normally ends about five minutes ago. One that has fallen behind the others does not count: it would
    drag all tables into the past. The assessment of its step then has a blocker, as it has for a window that begins
    later.
    """
    ends = [window.latest for window in windows.values() if window.enabled and window.latest is not None]
    current = [end for end in ends if max(ends) - end <= _STALE_AFTER]
    return min(current).replace(microsecond=0) if current else None
