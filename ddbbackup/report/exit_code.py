"""From the outcomes of a run to its exit code. Nothing that failed ever exits 0."""

from __future__ import annotations

from collections.abc import Sequence

from ddbbackup.errors import Bug, DataNotWhole, StepFailed
from ddbbackup.steps.step import Outcome

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
    for loudest in (DataNotWhole, Bug):
        if any(isinstance(error, loudest) for error in failed):
            return loudest.exit_code
    if any(o.error is None and o.status != "skipped" and o.kind != "check" for o in outcomes):
        return SOME_FAILED
    codes = {error.exit_code for error in failed}
    return codes.pop() if len(codes) == 1 else StepFailed.exit_code
