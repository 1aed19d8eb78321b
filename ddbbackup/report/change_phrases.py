"""Lines about what a plan changes, for ``preview --against``. Plain text: each renderer escapes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ddbbackup.report.formatting import count, counted, size
from ddbbackup.report.step_groups import KINDS

if TYPE_CHECKING:
    from ddbbackup.report.documents.plan_changes import ChangedKey, PlanChange, PlanChanges
    from ddbbackup.report.documents.preview import Preview, PreviewStep

Sign = Literal["-", "~", "+"]
SIGNS: Final[dict[str, Sign]] = {"removed": "-", "changed": "~", "added": "+"}
TOGETHER_FROM: Final = 5
"""So many tables with the same change are one line."""
_SUBJECTS: Final = ("plan", "destination", "table", "restore", "notification")
_OTHER_METHOD: Final = {
    "export": "each run exports the whole table",
    "incremental": "the next run exports the whole table, and later runs only its changes",
    "scan": "each run reads the whole table, which uses read capacity",
    "snapshot": "new backups stay in DynamoDB, and no longer go to the bucket",
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change, or the same change of several tables. ``names`` are those of tables, or one of something else."""

    sign: Sign
    subject: str
    names: tuple[str, ...]
    text: str
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """``orders``, ``196 tables``, ``restore copy``."""
        if len(self.names) > 1:
            return counted(len(self.names), "table")
        return self.names[0] if self.subject == "table" else f"{self.subject} {self.names[0]}"


def changes_heading(changes: PlanChanges) -> str:
    """``Changes against origin/main (1a2b3c4d5e6f): 1 removed, 2 changed, 1 added``."""
    commit = (
        f" ({changes.commit[:12]})"
        if changes.commit and not changes.commit.startswith(changes.reference)
        else ""
    )
    tables = [each for each in changes.changes if each.subject == "table"]
    numbers = [
        f"{count(number)} {kind}" for kind in SIGNS if (number := sum(each.change == kind for each in tables))
    ]
    found = f"{', '.join(numbers)}" if numbers else "no table changes"
    return f"Changes against {changes.reference}{commit}: {found}"


def unchanged(changes: PlanChanges) -> str:
    """``196 tables and 2 restores unchanged``."""
    parts = [counted(changes.unchanged_tables, "table")] if changes.unchanged_tables else []
    parts += [counted(changes.unchanged_restores, "restore")] if changes.unchanged_restores else []
    return f"{' and '.join(parts)} unchanged" if parts else "no table unchanged"


def change_notes(changes: PlanChanges) -> Iterator[str]:
    if changes.is_new:
        yield f"{', '.join(changes.missing_files)} is not in {changes.reference}: everything is new"
    elif changes.missing_files:
        yield f"{', '.join(changes.missing_files)} is not in {changes.reference}, which is compared without it"
    yield from changes.notes


def change_lines(preview: Preview) -> list[ChangeLine]:
    """What is lost first, then what needs a second look, then the rest; nothing without --against."""
    if preview.against is None:
        return []
    steps = {step.table: step for step in preview.backups if step.kind == "backup"}
    groups: dict[object, list[PlanChange]] = {}
    for change in preview.against.changes:
        groups.setdefault(_group(change, steps.get(change.name)), []).append(change)
    lines = [
        _line(many, steps)
        for group in groups.values()
        for many in ([group] if len(group) >= TOGETHER_FROM else [[each] for each in group])
    ]
    return sorted(lines, key=_order)


def _order(line: ChangeLine) -> tuple[int, int, int]:
    return (_SUBJECTS.index(line.subject), list(SIGNS.values()).index(line.sign), not line.warnings)


def _group(change: PlanChange, step: PreviewStep | None) -> object:
    """Changes that are one line if they are many. Only tables are."""
    if change.subject != "table":
        return (change.subject, change.name)
    what = (
        (_first_kind(step), _is_first(step), bool(step and step.blockers))
        if change.change == "added"
        else None
    )
    return (change.change, tuple(_general(each, change.name) for each in change.keys), change.risks, what)


def _general(key: ChangedKey, table: str) -> tuple[str, str | None, str | None]:
    """The same for tables whose places differ only in their names."""
    return (key.key, _without_name(key.before, table), _without_name(key.after, table))


def _without_name(text: str | None, table: str) -> str | None:
    return text.replace(f"/{table}/", "/TABLE/") if text is not None and text.startswith("s3://") else text


def _line(changes: Sequence[PlanChange], steps: dict[str, PreviewStep]) -> ChangeLine:
    first = changes[0]
    names = tuple(change.name for change in changes)
    match first.change:
        case "removed":
            text = _removed(changes) if first.subject == "table" else "removed"
        case "added":
            text = _added([steps.get(name) for name in names]) if first.subject == "table" else "added"
        case "changed":
            keys = [
                _general(key, first.name) if len(changes) > 1 else (key.key, key.before, key.after)
                for key in first.keys
            ]
            text = ", ".join(f"{key} {_values(before, after)}" for key, before, after in keys)
    return ChangeLine(SIGNS[first.change], first.subject, names, text, tuple(_warnings(changes)))


def _values(before: str | None, after: str | None) -> str:
    if before == after:
        return "changed"
    return f"{before if before is not None else 'not set'} → {after if after is not None else 'not set'}"


def _removed(changes: Sequence[PlanChange]) -> str:
    backups = _sum(each.backups for each in changes)
    place = changes[0].place if len(changes) == 1 else None
    where = f" in {place}" if place else ""
    if backups is None:
        return f"NO LONGER BACKED UP ({'its' if len(changes) == 1 else 'their'} backups stay{where})"
    if not backups:
        return "NO LONGER BACKED UP (no backups so far)"
    return f"NO LONGER BACKED UP ({counted(backups, 'backup')} {'stays' if backups == 1 else 'stay'}{where})"


def _added(steps: Sequence[PreviewStep | None]) -> str:
    step = steps[0]
    if step is None:
        return "backed up from now on"
    if step.blockers:
        return f"blocked: {step.blockers[0].message}" if len(steps) == 1 else "blocked"
    kind = f"first {_first_kind(step)}" if _is_first(step) else _first_kind(step)
    sizes = _sum(each.size_bytes for each in steps if each is not None)
    return kind + (f" ≈ {size(sizes)}" if sizes is not None else "")


def _first_kind(step: PreviewStep | None) -> str:
    return KINDS.get(str(step.facts.get("backup_kind")), "backup") if step is not None else ""


def _is_first(step: PreviewStep | None) -> bool:
    """Whether it is known that the table has no backup."""
    return step is not None and "last_backup" in step.facts and step.facts["last_backup"] is None


def _warnings(changes: Sequence[PlanChange]) -> Iterator[str]:
    first = changes[0]
    values = {key.key: key for key in first.keys}
    if "moved" in first.risks:
        backups = _sum(each.backups for each in changes)
        what = "the backups so far" if backups is None else counted(backups, "earlier backup")
        stay = "stays" if backups == 1 else "stay"
        left = f", and {what} {stay} in the old place" if backups != 0 else ""
        yield f"the destination changes: the next backup is the first one there{left}"
    if "weaker-retention" in first.risks:
        removed = _sum(each.removed for each in changes)
        if removed is None:
            yield "retention is weaker: `prune` may remove more"
        elif removed:
            yield f"retention is weaker: `prune` would remove {counted(removed, 'more restore point')}"
        else:
            yield "retention is weaker, but `prune` would remove nothing more today"
    if "other-method" in first.risks:
        method = values["method"].after if "method" in values else None
        yield f"the method changes: {_OTHER_METHOD.get(method or '', 'see the line above')}"
    if "other-plan" in first.risks:
        name = values["name"].before if "name" in values else None
        yield f"the name changes: backups that were recorded as {name} are not found, and each table starts again"


def _sum(numbers: Iterable[int | None]) -> int | None:
    """None if one of them is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
