"""From a plan and what exists to the steps of a run. No effects: ``preview`` and ``backup`` share this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ddbbackup.backup.backup_table import BackupTable
from ddbbackup.backup.check_destination import CheckDestination
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Plan, TableEntry
from ddbbackup.plan.selection import Selection, format_selector
from ddbbackup.ports import PitrWindow
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import Step


@dataclass(frozen=True, slots=True)
class FailedSelector:
    """A step that says that a selector chose wrongly, so that the report and the exit code show it.

    ``number`` tells several failures of the same words apart.
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
        does = "nothing: the selector matches the wrong tables"
        return Assessment(self.id, self.kind, self.table, does, None, blockers=(Blocker(self.error),))

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        raise self.error


def backup_steps(plan: Plan, selection: Selection, *, export_time: datetime | None) -> tuple[Step[Any], ...]:
    """One step a table, then one a selector that chose wrongly and one a destination that has to be made sure of."""
    checks = {
        name: CheckDestination(plan.destinations[name])
        for name in dict.fromkeys(entry.destination for entry in selection.chosen.values())
        if plan.destinations[name].require
    }
    backups = [
        BackupTable(
            table=name,
            entry=entry,
            destination=plan.destinations[entry.destination],
            export_time=export_time,
            needs=(checks[entry.destination].id,) if entry.destination in checks else (),
        )
        for name, entry in selection.chosen.items()
    ]
    seen: Counter[str] = Counter()
    failed = []
    for entry, error in selection.failures:
        seen[format_selector(entry)] += 1
        failed.append(FailedSelector(entry, error, number=seen[format_selector(entry)]))
    return (*backups, *failed, *checks.values())


def common_instant(windows: Mapping[str, PitrWindow]) -> datetime | None:
    """The latest whole second inside every table's window, or None if no table has one.

    A table whose window begins later than that fails on its own, with AWS's own words.
    """
    ends = [window.latest for window in windows.values() if window.enabled and window.latest is not None]
    return min(ends).replace(microsecond=0) if ends else None
