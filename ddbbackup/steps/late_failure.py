"""A step that ended well, and that is found to be a failure once all steps have ended."""

from __future__ import annotations

from dataclasses import replace

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.outcome import Outcome

log = structlog.get_logger()


def fail(outcome: Outcome, error: DdbBackupError) -> Outcome:
    """The failed outcome, with the event that its step would have logged."""
    log.error(
        events.STEP_FAILED,
        step=outcome.step,
        table=outcome.table,
        error=type(error).__name__,
        message=error.message,
        hint=error.hint,
    )
    return replace(outcome, status="failed", error=error)
