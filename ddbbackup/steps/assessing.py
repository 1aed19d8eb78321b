"""Assess a step without running it."""

from __future__ import annotations

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import AnyAssessment, Assessment, Blocker
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import AnyStep


async def assess(step: AnyStep, context: RunContext) -> AnyAssessment:
    """The assessment of a step. An error that ``step.assess`` raises becomes a blocker, as the run would raise it."""
    try:
        return await step.assess(context)
    except DdbBackupError as error:
        return blocked(step.id, step.kind, step.table, "blocked", error)


def blocked(step: str, kind: str, table: str, summary: str, error: DdbBackupError) -> Assessment[None]:
    """The assessment of a step that cannot be planned or assessed."""
    return Assessment(step, kind, table, summary, None, blockers=(Blocker(error),))
