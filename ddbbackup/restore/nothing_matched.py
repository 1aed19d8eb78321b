"""A restore of selected items that finds none of them in any table: the selection is probably misspelled."""

from __future__ import annotations

from collections.abc import Mapping

from ddbbackup.errors import NothingSelected
from ddbbackup.model.json_value import Json
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Restore
from ddbbackup.steps.late_failure import fail


def matched_nothing(facts: Mapping[str, Json]) -> bool:
    """Whether these facts are of a restore with ``only`` to which no item of the backup belongs."""
    return "only" in facts and facts.get("items") == 0


def fail_if_nothing_matched(
    restores: Mapping[str, Restore], outcomes: tuple[Outcome, ...]
) -> tuple[Outcome, ...]:
    """The same outcomes, but failed with ``NothingSelected`` if no table had an item that was to be restored.

    Of many tables, some may have none. ``restores`` are those that ran, by the ID of the step.
    """
    ended = [each for each in outcomes if each.status not in ("failed", "skipped")]
    if not all(matched_nothing(each.facts) for each in ended):
        return outcomes
    return tuple(_failed(restores[each.step], each) if each in ended else each for each in outcomes)


def _failed(restore: Restore, outcome: Outcome) -> Outcome:
    table = restore.table
    error = NothingSelected(
        f"the backup {outcome.facts['backup']} of {table} holds no {outcome.facts['only']}, so nothing was "
        f"written to {outcome.table}",
        hint=f"run `ddbbackup find {table} --history` with the same selection to see which backups hold it",
    )
    return fail(outcome, error)
