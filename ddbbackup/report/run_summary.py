"""What is told of one run: the same facts for every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.report import Report
from ddbbackup.plan.model import When
from ddbbackup.report.formatting import duration
from ddbbackup.report.renderers import text
from ddbbackup.status.table_status import TableStatus


@dataclass(frozen=True, slots=True)
class RunSummary:
    """``report`` or ``error`` is None where the run had none; ``step_ends`` is by the step's id."""

    plan: str
    verb: str
    run: str
    started_at: datetime
    ended_at: datetime
    exit_code: int
    conditions: frozenset[When] = frozenset()
    report: Report | None = None
    error: DdbBackupError | None = None
    tables: tuple[TableStatus, ...] = ()
    step_ends: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def is_conclusive(self) -> bool:
        """Whether it says how a backup ended: not while exports still run, nor where there was nothing to do."""
        statuses = [outcome.status for outcome in self.report.outcomes] if self.report is not None else None
        nothing = statuses == [] or "started" in (statuses or ())
        return self.exit_code != 75 and not (self.exit_code == 0 and nothing)

    @property
    def headline(self) -> str:
        """One line: ``ddbbackup backup prod: 3 ok, 1 failed (recovered)``."""
        said = [each for each in ("failed", "partial", "stale", "recovered") if each in self.conditions]
        if self.report is not None:
            what = text.summary(self.report)
        else:
            what = f"{self.verb} {self.plan}: " + (
                "failed" if self.error else f"ended with exit code {self.exit_code}"
            )
        return f"ddbbackup {what}" + (f" ({', '.join(said)})" if said else "")

    @property
    def body(self) -> str:
        """The report as text, the error with its hint, and the tables that break their RPO."""
        parts = [text.outcomes(self.report)] if self.report is not None else []
        if self.error is not None:
            parts.append(f"{self.error.message}\nhint: {self.error.hint}\n")
        parts += [
            f"{each.table}: last good backup {each.backup or 'never'}, age {duration(each.age_seconds)}, "
            f"RPO {duration(each.rpo_seconds)}\n"
            for each in self.tables
            if each.breaks_rpo
        ]
        return "\n".join(parts) or f"run {self.run}\n"
