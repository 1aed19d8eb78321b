"""Which tables the entries of a plan select, given what exists. Pure, so that preview and run agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ddbbackup.errors import DdbBackupError, NothingSelected, Refused
from ddbbackup.plan.model import Plan, TableEntry


@dataclass(frozen=True, slots=True)
class Inventory:
    """The tables of the account and region. ``tags`` are by table name. Both are empty if no entry needs them."""

    names: tuple[str, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected tables with their entries, in the plan's order, and the entries that failed, with the reason."""

    chosen: Mapping[str, TableEntry]
    failures: tuple[tuple[TableEntry, DdbBackupError], ...] = ()


def needs_names(plan: Plan) -> bool:
    return any(entry.name is None for entry in plan.tables)


def needs_tags(plan: Plan) -> bool:
    return any(entry.tags is not None for entry in plan.tables)


def select(plan: Plan, inventory: Inventory, *, only: str | None = None) -> Selection:
    """The tables of every entry. A table that an entry names belongs to that entry only.

    A selector that matches no table, or fewer or more than it expects, is a failure of that entry; the tables of
    the others are still backed up. ``only`` is a glob pattern that restricts the selected names; what the entries
    expect is not checked then.

    Raises ``NothingSelected`` if no table is selected and no entry failed.
    """
    if not plan.tables:
        raise NothingSelected(
            f"the plan {plan.name} backs up no tables", hint="add the tables to back up under `tables`"
        )
    named = {entry.name for entry in plan.tables if entry.name is not None}
    names = [name for name in inventory.names if _is_wanted(name, only)]
    chosen: dict[str, TableEntry] = {}
    failures: list[tuple[TableEntry, DdbBackupError]] = []
    for entry in plan.tables:
        if entry.name is not None:
            if _is_wanted(entry.name, only):
                chosen[entry.name] = entry
            continue
        matched = [name for name in names if _matches(entry, name, inventory)]
        if only is None and (failure := _check_count(entry, len(matched))):
            failures.append((entry, failure))
        for name in matched:
            if name in named:
                continue
            other = chosen.get(name)
            if other is not None:
                failures.append((entry, _ambiguous(name, other, entry)))
                continue
            chosen[name] = entry
    if not chosen and not failures:
        raise NothingSelected(
            f"no table of the plan {plan.name} matches {only!r}",
            hint="compare `--only`, a glob pattern such as 'billing-*', with the tables of the plan",
        )
    return Selection(chosen, tuple(failures))


def entries_for(plan: Plan, name: str, tags: Mapping[str, str]) -> tuple[TableEntry, ...]:
    """The entries that select a table of this name, whether or not it still exists: the one that names it, or all
    selectors that match it.
    """
    named = tuple(entry for entry in plan.tables if entry.name == name)
    inventory = Inventory((name,), {name: tags})
    return named or tuple(
        entry for entry in plan.tables if entry.name is None and _matches(entry, name, inventory)
    )


def format_selector(entry: TableEntry) -> str:
    """The entry for messages: ``match: billing-*``."""
    if entry.name is not None:
        return f"name: {entry.name}"
    if entry.match is not None:
        return f"match: {entry.match}"
    return "tags: " + ", ".join(f"{key}={value}" for key, value in (entry.tags or {}).items())


def _is_wanted(name: str, only: str | None) -> bool:
    return only is None or fnmatchcase(name, only)


def _matches(entry: TableEntry, name: str, inventory: Inventory) -> bool:
    if any(fnmatchcase(name, pattern) for pattern in entry.exclude):
        return False
    if entry.match is not None:
        return fnmatchcase(name, entry.match)
    tags = inventory.tags.get(name, {})
    return all(tags.get(key) == value for key, value in (entry.tags or {}).items())


def _check_count(entry: TableEntry, count: int) -> DdbBackupError | None:
    if count == 0:
        return NothingSelected(
            f"{_describe(entry)} matches no table",
            hint="check the selector, and the account and Region that the plan runs in",
        )
    expect = entry.expect
    if expect and expect.min is not None and count < expect.min:
        return Refused(
            f"{_describe(entry)} matches {count} tables, but expects at least {expect.min}",
            hint="find the tables that were deleted or lost their tags, or lower `expect.min`",
        )
    if expect and expect.max is not None and count > expect.max:
        return Refused(
            f"{_describe(entry)} matches {count} tables, but expects at most {expect.max}",
            hint="narrow the selector, or raise `expect.max`",
        )
    return None


def _ambiguous(name: str, first: TableEntry, second: TableEntry) -> Refused:
    return Refused(
        f"{_describe(first)} and {_describe(second)} both select {name}",
        hint=f"exclude {name} from one of them, or add an entry with `name: {name}`",
    )


def _describe(entry: TableEntry) -> str:
    return f"`{format_selector(entry)}` (tables[{entry.position}])"
