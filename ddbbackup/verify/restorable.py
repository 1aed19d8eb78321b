"""A backup whose data is whole can be of no use: a window needs all backups of its chain."""

from __future__ import annotations

from collections.abc import Mapping

from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.find_point import not_restorable
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.late_failure import fail


async def fail_unrestorable(
    context: RunContext, outcomes: tuple[Outcome, ...], backups: Mapping[str, StoredRecord]
) -> tuple[Outcome, ...]:
    """The outcomes of a verification, failed for what cannot be restored although its own data is whole.

    ``backups`` are those that were verified, by the ID of the step. Their records are read again after all steps:
    one of these may have found damage in what others need.
    """
    whole = {
        each.step: backups[each.step] for each in outcomes if each.status == "done" and each.step in backups
    }
    problems = await context.call(_problems, context, whole)
    return tuple(
        _failed(each, backups[each.step], problems[each.step]) if each.step in problems else each
        for each in outcomes
    )


def _problems(context: RunContext, backups: Mapping[str, StoredRecord]) -> dict[str, str]:
    """Why backups cannot be restored, by the ID of the step. What is wrong with them themselves has been said."""
    catalog = context.catalog
    found = read_concurrently(lambda each: catalog.look_up(each.location, each.record.id), backups.values())
    now = {name: each for name, each in zip(backups, found, strict=True) if isinstance(each, StoredRecord)}
    known = [each for each in found if each is not None]
    problems = not_restorable(catalog, now.values(), known=known)
    return {
        name: problems[each.key].reason
        for name, each in now.items()
        if each.key in problems and problems[each.key].culprit != each.record.id
    }


def _failed(outcome: Outcome, stored: StoredRecord, reason: str) -> Outcome:
    error = DataIncomplete(
        f"the data of {stored.record.id} passed, but the backup cannot be restored: {reason}",
        hint=f"run `ddbbackup backup --only {outcome.table}`, which begins a new chain with a full export",
    )
    return fail(outcome, error)
