"""One completed run, as notifications and metrics read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.report import Report
from ddbbackup.model.table_status import TableStatus
from ddbbackup.plan.model import When
from ddbbackup.report.documents.run_report import run_report
from ddbbackup.report.phrases import report_summary

_BY_SEVERITY: Final[tuple[When, ...]] = ("failed", "partial", "stale", "recovered")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """``report`` is None if the run ended before it had one, ``error`` is None unless an error ended it.

    ``account`` and ``region`` are None if the plan does not name them and the run ended before it was connected.
    ``step_ends`` are the end times of steps by their id.
    """

    plan: str
    verb: str
    run: str
    started_at: datetime
    ended_at: datetime
    exit_code: int
    account: str | None = None
    region: str | None = None
    conditions: frozenset[When] = frozenset()
    report: Report | None = None
    error: DdbBackupError | None = None
    tables: tuple[TableStatus, ...] = ()
    step_ends: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def notable_conditions(self) -> tuple[When, ...]:
        """All but ``always``, the most severe first."""
        return tuple(condition for condition in _BY_SEVERITY if condition in self.conditions)

    @property
    def headline(self) -> str:
        """``ddbbackup backup prod: 3 ok, 1 failed (partial)``."""
        if self.report is not None:
            result = report_summary(run_report(self.report))
        elif self.error is not None:
            result = f"{self.verb} {self.plan}: failed"
        else:
            result = f"{self.verb} {self.plan}: ended with exit code {self.exit_code}"
        conditions = f" ({', '.join(self.notable_conditions)})" if self.notable_conditions else ""
        return f"ddbbackup {result}{conditions}"
