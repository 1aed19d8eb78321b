"""The steps of a preview as a reader needs them: what is blocked, then what changes, then what has nothing to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ddbbackup.report.documents.preview import CostInfo
from ddbbackup.report.formatting import sum_of_sizes
from ddbbackup.report.table_names import without_name

if TYPE_CHECKING:
    from ddbbackup.report.documents.failure import ErrorInfo
    from ddbbackup.report.documents.preview import PreviewStep

BLOCKED: Final = "blocked"
NOTHING: Final = "nothing to do"
KINDS: Final = {
    "full": "full export",
    "window": "incremental export",
    "scan": "scan",
    "snapshot": "snapshot",
}
_TITLES: Final = (
    BLOCKED,
    "first full export",
    "new chain",
    *KINDS.values(),
    "unfinished backup",
    "restore",
    "prune",
    NOTHING,
)
"""In the order of what a reader wants to know first."""


@dataclass(frozen=True, slots=True)
class StepGroup:
    """Steps of one kind."""

    title: str
    steps: tuple[PreviewStep, ...]

    @property
    def size(self) -> str:
        """A sum."""
        return sum_of_sizes(step.size_bytes for step in self.steps)

    @property
    def cost(self) -> CostInfo | None:
        costs = [step.cost for step in self.steps if step.cost is not None]
        if not costs:
            return None
        return CostInfo(
            estimate=True,
            usd=sum(cost.usd for cost in costs),
            usd_monthly=sum(cost.usd_monthly for cost in costs),
            unverified=any(cost.unverified for cost in costs),
            incomplete=any(cost.incomplete for cost in costs),
            lines=tuple(line for cost in costs for line in cost.lines),
        )


def group_steps(steps: Iterable[PreviewStep]) -> list[StepGroup]:
    """Backups by what the run does with them; within a group in the order of the run."""
    groups: dict[str, list[PreviewStep]] = {}
    for step in steps:
        groups.setdefault(title_of(step), []).append(step)
    ordered = sorted(groups, key=lambda title: _TITLES.index(title) if title in _TITLES else len(_TITLES))
    return [StepGroup(title, tuple(groups[title])) for title in ordered]


def in_groups(steps: Iterable[PreviewStep]) -> list[PreviewStep]:
    """The same steps, those of the first group first."""
    return [step for group in group_steps(steps) for step in group.steps]


def title_of(step: PreviewStep) -> str:
    if step.blockers:
        return BLOCKED
    if not step.changes:
        return NOTHING
    kind = step.facts.get("backup_kind")
    if kind == "full" and step.facts.get("last_backup") is None:
        return "first full export"
    if kind == "full" and step.facts.get("new_chain"):
        return "new chain"
    if kind is None:
        return "unfinished backup" if step.kind == "backup" else step.kind
    return KINDS.get(str(kind), str(kind))


# ---- sentences about many tables


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about some tables. With several tables, ``text`` has TABLE where it names each of them."""

    tables: tuple[str, ...]
    text: str
    hint: str = ""


def blockers_of(steps: Iterable[PreviewStep]) -> list[Remark]:
    """Each blocker once, with the tables that it blocks."""
    return _remarks((step.table, blocker) for step in steps for blocker in step.blockers)


def notes_of(steps: Iterable[PreviewStep]) -> list[Remark]:
    return _remarks((step.table, note) for step in steps for note in step.notes)


def _remarks(found: Iterable[tuple[str, ErrorInfo | str]]) -> list[Remark]:
    groups: dict[tuple[str, str], list[Remark]] = {}
    for table, each in found:
        text, hint = (each, "") if isinstance(each, str) else (each.message, each.hint)
        pattern = (without_name(text, table), without_name(hint, table))
        groups.setdefault(pattern, []).append(Remark((table,), text, hint))
    return [
        many[0]
        if len(many) == 1
        else Remark(tuple(dict.fromkeys(name for each in many for name in each.tables)), text, hint)
        for (text, hint), many in groups.items()
    ]
