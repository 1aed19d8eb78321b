"""The result of ``backup``, ``wait``, ``verify`` and ``restore``: what happened to each step of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ddbbackup.report.documents.failure import ErrorInfo, error_info

if TYPE_CHECKING:
    from ddbbackup.model.outcome import Outcome, Status
    from ddbbackup.model.report import Report


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """One step. ``seconds`` is its run time; ``facts`` are JSON values that depend on the kind of step."""

    step: str
    kind: str
    table: str
    status: Status
    seconds: float
    facts: Mapping[str, Any]
    error: ErrorInfo | None


@dataclass(frozen=True, slots=True)
class RunReport:
    """``schemas/report.schema.json``."""

    schema: ClassVar[Literal["report"]] = "report"

    verb: str
    run: str
    plan: str
    account: str
    region: str
    started_at: datetime
    ended_at: datetime
    exit_code: int
    outcomes: tuple[StepOutcome, ...]

    @property
    def table_outcomes(self) -> tuple[StepOutcome, ...]:
        """``outcomes``, with a check of a destination only if it failed: a destination is no table."""
        return tuple(each for each in self.outcomes if each.kind != "check" or each.error is not None)

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()


def run_report(report: Report) -> RunReport:
    return RunReport(
        verb=report.verb,
        run=report.run,
        plan=report.plan,
        account=report.account,
        region=report.region,
        started_at=report.started_at,
        ended_at=report.ended_at,
        exit_code=report.exit_code,
        outcomes=tuple(_outcome(outcome) for outcome in report.outcomes),
    )


def _outcome(outcome: Outcome) -> StepOutcome:
    return StepOutcome(
        step=outcome.step,
        kind=outcome.kind,
        table=outcome.table,
        status=outcome.status,
        seconds=round(outcome.seconds, 3),
        facts=outcome.facts,
        error=error_info(outcome.error) if outcome.error is not None else None,
    )
