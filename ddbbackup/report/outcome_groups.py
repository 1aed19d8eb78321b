"""The outcomes of a run as a reader needs them: what failed, grouped by its reason, before what went well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ddbbackup.errors import TimedOut
from ddbbackup.report.formatting import count
from ddbbackup.report.table_names import names, without_name

if TYPE_CHECKING:
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome

# Export IDs, backup IDs and the first parts of ARNs differ between tables that fail for the same reason.
_ID: Final = re.compile(r"\b[0-9]{14,}-[0-9a-f]{8}\b|\b[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\b")
_TIME: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}T[\d:.]+Z")
_COUNTED: Final = {
    "check": "destinations",
    "finish": "backups",
    "record": "records",
    "select": "entries",
    "verify": "backups",
}
_NAMED: Final = 3  # of the tables of a group, where there is no room for all


@dataclass(frozen=True, slots=True)
class OutcomeGroup:
    """Outcomes of one kind of step with the same reason; the first one speaks for all."""

    outcomes: tuple[StepOutcome, ...]

    @property
    def first(self) -> StepOutcome:
        return self.outcomes[0]

    @property
    def reason(self) -> str:
        """``point-in-time recovery is off``; with the name of its table if others have another text."""
        first = self.first
        if first.error is None:
            return f"{first.facts.get('because')} failed"
        message = first.error.message
        same = all(each.error is not None and each.error.message == message for each in self.outcomes)
        return message if same or first.table in message else f"{first.table}: {message}"

    @property
    def hint(self) -> str | None:
        return self.first.error.hint if self.first.error is not None else None

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.table for each in self.outcomes if each.table))

    def title(self, *, all_names: bool) -> str:
        """``backup orders``, ``backup of 40 tables: orders, users, carts and 37 more``."""
        if len(self.outcomes) == 1:
            return self.first.step
        kind = self.first.kind
        counted = f"{count(len(self.outcomes))} {_COUNTED.get(kind, 'tables')}"
        few = all_names or len(self.tables) <= _NAMED + 1
        return f"{kind} of {counted}: {names(self.tables, None if few else _NAMED)}"


def is_running(outcome: StepOutcome) -> bool:
    """Whether it stopped waiting for AWS, where its job goes on: nothing has failed."""
    return outcome.error is not None and outcome.error.exit_code == TimedOut.exit_code


def failed(report: RunReport) -> list[OutcomeGroup]:
    return _grouped(report.outcomes, lambda each: each.error is not None and not is_running(each))


def running(report: RunReport) -> list[OutcomeGroup]:
    return _grouped(report.outcomes, is_running)


def skipped(report: RunReport) -> list[OutcomeGroup]:
    return _grouped(report.outcomes, lambda each: each.status == "skipped")


def succeeded(report: RunReport) -> list[StepOutcome]:
    return [each for each in report.table_outcomes if each.error is None and each.status != "skipped"]


def alike(
    outcomes: Iterable[StepOutcome], text: Callable[[StepOutcome], str]
) -> list[tuple[StepOutcome, ...]]:
    """Those whose texts differ only by names, IDs and times, in the order of their first ones."""
    groups: dict[str, list[StepOutcome]] = {}
    for outcome in outcomes:
        groups.setdefault(_TIME.sub("TIME", _pattern(text(outcome), outcome)), []).append(outcome)
    return [tuple(each) for each in groups.values()]


def _grouped(outcomes: Iterable[StepOutcome], chosen: Callable[[StepOutcome], bool]) -> list[OutcomeGroup]:
    """In the order of their first outcomes."""
    groups: dict[tuple[str, ...], list[StepOutcome]] = {}
    for outcome in filter(chosen, outcomes):
        groups.setdefault(_reason(outcome), []).append(outcome)
    return [OutcomeGroup(tuple(each)) for each in groups.values()]


def _reason(outcome: StepOutcome) -> tuple[str, ...]:
    """Equal for outcomes whose texts differ only by names and IDs."""
    if outcome.error is None:
        return (outcome.kind, outcome.status, str(outcome.facts.get("because")))
    error = outcome.error
    return (outcome.kind, error.kind, _pattern(error.message, outcome), _pattern(error.hint, outcome))


def _pattern(text: str, outcome: StepOutcome) -> str:
    return _ID.sub("{id}", without_name(text, outcome.table))
