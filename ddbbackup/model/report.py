"""The report of a run: what every form is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ddbbackup.errors import Bug, DataIncomplete, StepFailed
from ddbbackup.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one run. ``account`` and ``region`` are those that the plan applies to."""

    verb: str
    run: str
    plan: str
    account: str
    region: str
    started_at: datetime
    ended_at: datetime
    outcomes: tuple[Outcome, ...]

    @property
    def exit_code(self) -> int:
        return exit_code(self.outcomes)

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()


DONE = 0
STALE = 4
SOME_FAILED = 3


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Data that is not whole is the loudest, then a bug; then 3 if any other work was done (a check is none).

    Where every step failed for one and the same reason, that reason's code says more than 1.
    """
    failed = [outcome.error for outcome in outcomes if outcome.error is not None]
    if not failed:
        return DONE
    for loudest in (DataIncomplete, Bug):
        if any(isinstance(error, loudest) for error in failed):
            return loudest.exit_code
    if any(o.error is None and o.status != "skipped" and o.kind != "check" for o in outcomes):
        return SOME_FAILED
    codes = {error.exit_code for error in failed}
    return codes.pop() if len(codes) == 1 else StepFailed.exit_code
