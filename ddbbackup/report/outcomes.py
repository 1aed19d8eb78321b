"""The report of a run: what every form is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ddbbackup.report.exit_code import exit_code
from ddbbackup.steps.step import Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one run."""

    verb: str
    run: str
    plan: str
    started_at: datetime
    ended_at: datetime
    outcomes: tuple[Outcome, ...]

    @property
    def exit_code(self) -> int:
        return exit_code(self.outcomes)

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()
