"""The part of ``preview --against``: what the plan changes, compared with another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbbackup.plan.comparison import Change, Kind, PlanComparison, Risk, Subject


@dataclass(frozen=True, slots=True)
class ChangedKey:
    """A key of the plan with its values, as texts. None: that plan does not set it."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What is added, changed or removed.

    For a table with ``risks``, ``place`` is where its backups are so far, as a URI, and ``backups`` is their number;
    ``removed`` are the restore points that `prune` would remove because of weaker rules. None: not relevant, or not
    known.
    """

    subject: Subject
    name: str
    change: Kind
    keys: tuple[ChangedKey, ...]
    risks: tuple[Risk, ...]
    place: str | None
    backups: int | None
    removed: int | None


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """``reference`` is what --against named, ``commit`` its hash, None for a file.

    ``missing_files`` are files of the plan that the commit does not have. ``notes`` say what could not be read.
    """

    reference: str
    commit: str | None
    missing_files: tuple[str, ...]
    is_new: bool
    changes: tuple[PlanChange, ...]
    unchanged_tables: int
    unchanged_restores: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableConsequence:
    """What is known of the backups of a table with a risky change, see ``PlanChange``."""

    place: str
    backups: int | None = None
    removed: int | None = None


def plan_changes(
    comparison: PlanComparison,
    *,
    reference: str,
    commit: str | None,
    missing_files: Iterable[str] = (),
    is_new: bool = False,
    consequences: Mapping[str, TableConsequence] | None = None,
    notes: Iterable[str] = (),
) -> PlanChanges:
    """``consequences`` are by table. ``is_new``: the commit has no plan."""
    by_table = consequences or {}
    return PlanChanges(
        reference=reference,
        commit=commit,
        missing_files=tuple(missing_files),
        is_new=is_new,
        changes=tuple(
            _change(change, by_table.get(change.name) if change.subject == "table" else None)
            for change in comparison.changes
        ),
        unchanged_tables=comparison.unchanged_tables,
        unchanged_restores=comparison.unchanged_restores,
        notes=tuple(notes),
    )


def _change(change: Change, consequence: TableConsequence | None) -> PlanChange:
    return PlanChange(
        subject=change.subject,
        name=change.name,
        change=change.kind,
        keys=tuple(ChangedKey(each.key, each.before, each.after) for each in change.differences),
        risks=change.risks,
        place=consequence.place if consequence is not None else None,
        backups=consequence.backups if consequence is not None else None,
        removed=consequence.removed if consequence is not None else None,
    )
