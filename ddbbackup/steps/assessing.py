"""Assessments of steps that are only looked at."""

from __future__ import annotations

from typing import Any

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import Step


async def assess(step: Step[Any], context: RunContext) -> Assessment[Any]:
    """The step's assessment. What it raises blocks it, for the run would raise it too."""
    try:
        return await step.assess(context)
    except DdbBackupError as error:
        return blocked(step.id, step.kind, step.table, step.id, error)


def blocked(step: str, kind: str, table: str, does: str, error: DdbBackupError) -> Assessment[None]:
    """The assessment of a step that cannot even be looked at."""
    return Assessment(step, kind, table, does, None, blockers=(Blocker(error),))
