"""Restores that took an older backup because a newer one cannot be restored: said before anything that went well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import count, counted
from ddbbackup.report.outcome_groups import alike
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome

_NAMED: Final = 3  # of many tables, where there is no room for all


def older_backups(report: RunReport, *, all_names: bool) -> Iterator[tuple[str, bool]]:
    """One sentence for all tables with the same reason, and whether the restore replaced items of the target."""
    older = [each for each in report.outcomes if each.facts.get("passed_over")]
    replacing = [each for each in older if _replaces(each)]
    others = [each for each in older if not _replaces(each)]
    for some in (replacing, others):
        for group in alike(some, lambda each: first_of(each.facts["passed_over"])):
            lost = "; changes between the two were not restored" if _replaces(group[0]) else ""
            yield f"{_restored(group, all_names=all_names)}{lost}", _replaces(group[0])


def first_of(passed_over: Sequence[str]) -> str:
    """The newest backup that was passed over, and how many others were."""
    others = len(passed_over) - 1
    return passed_over[0] if not others else f"{passed_over[0]} (and {counted(others, 'other')} neither)"


def _restored(group: Sequence[StepOutcome], *, all_names: bool) -> str:
    first = group[0]
    reason = first_of(first.facts["passed_over"])
    if len(group) == 1:
        return f"{first.table}: {first.facts.get('backup')} was used, because {reason}"
    few = all_names or len(group) <= _NAMED + 1
    tables = names([each.table for each in group], None if few else _NAMED)
    used = f"for {first.table}, {first.facts.get('backup')} was used, because {reason}"
    return f"{count(len(group))} tables: {tables}; {used}"


def _replaces(outcome: StepOutcome) -> bool:
    return outcome.facts.get("existing") in ("mirror", "overwrite")
