"""Which tables the entries of a plan select, given what exists. Pure, so that preview and run agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from ddbbackup.errors import DdbBackupError, NothingSelected, Refused
from ddbbackup.model.numbers import counted
from ddbbackup.plan.model import Plan, TableEntry
from ddbbackup.plan.only import Only, check_only, wants

_NAMED_AT_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Inventory:
    """The tables of the account and region. ``tags`` are by table name. Both are empty if no entry needs them.

    With ``--only``, ``names`` are still all tables, but ``tags`` are those of the tables that it selects.
    """

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


def select(plan: Plan, inventory: Inventory, *, only: Only = ()) -> Selection:
    """The tables of every entry. A table that an entry names belongs to that entry only.

    A selector that matches no table, or fewer or more than it expects, is a failure of that entry; the tables of
    the others are still backed up. ``only`` restricts the selected names; what the entries expect is then not
    checked.
    Two entries that select the same tables are one failure, of the later one; the earlier one has the tables.

    Raises ``NothingSelected`` if the plan has no entries, or if a pattern of ``only`` matches no selected table.
    """
    if not plan.tables:
        raise NothingSelected(
            f"the plan {plan.name} backs up no tables", hint="add the tables to back up under `tables`"
        )
    named = {entry.name for entry in plan.tables if entry.name is not None}
    names = [name for name in inventory.names if wants(only, name)]
    chosen: dict[str, TableEntry] = {}
    failures: list[tuple[TableEntry, DdbBackupError]] = []
    for entry in plan.tables:
        if entry.name is not None:
            if wants(only, entry.name):
                chosen[entry.name] = entry
            continue
        matched = [name for name in names if _matches(entry, name, inventory)]
        if not only and (failure := _check_count(entry, len(matched))):
            failures.append((entry, failure))
        of_others: dict[int, list[str]] = {}
        for name in matched:
            if name in named:
                continue
            first = chosen.setdefault(name, entry)
            if first is not entry and first.overlap == "fail":
                of_others.setdefault(first.position, []).append(name)
        failures += [
            (entry, _ambiguous(both, plan.tables[position], entry)) for position, both in of_others.items()
        ]
    check_only(
        only,
        chosen,
        known=_selectable(plan, named, inventory),
        what=f"table of the plan {plan.name}",
        otherwise="run `ddbbackup status` to see the tables of the plan",
    )
    return Selection(chosen, tuple(failures))


def matching_patterns(plan: Plan, inventory: Inventory, only: Only) -> Only:
    """Those of ``only`` that select a table of the plan. Raises ``NothingSelected`` if none does."""
    failures: list[NothingSelected] = []
    matching: list[str] = []
    for pattern in only:
        try:
            select(plan, inventory, only=(pattern,))
        except NothingSelected as error:
            failures.append(error)
        else:
            matching.append(pattern)
    if failures and not matching:
        raise failures[0]
    return tuple(matching)


def entries_for(plan: Plan, name: str, tags: Mapping[str, str]) -> tuple[TableEntry, ...]:
    """The entries that select a table of this name, whether or not it still exists: the one that names it, or all
    selectors that match it, or the first of them if it says `overlap: first`.
    """
    named = tuple(entry for entry in plan.tables if entry.name == name)
    inventory = Inventory((name,), {name: tags})
    selectors = tuple(
        entry for entry in plan.tables if entry.name is None and _matches(entry, name, inventory)
    )
    if selectors and selectors[0].overlap == "first":
        selectors = selectors[:1]
    return named or selectors


def format_selector(entry: TableEntry) -> str:
    """The entry for messages: ``match: billing-*``."""
    if entry.name is not None:
        return f"name: {entry.name}"
    if entry.match is not None:
        return f"match: {entry.match}"
    return "tags: " + ", ".join(f"{key}={value}" for key, value in (entry.tags or {}).items())


def _selectable(plan: Plan, named: Set[str], inventory: Inventory) -> tuple[str, ...]:
    """The names that can be meant by ``--only``. Any table may have the tags that an entry asks for."""
    selectors = [entry for entry in plan.tables if entry.name is None]
    found = [name for name in inventory.names if any(_matches_name(entry, name) for entry in selectors)]
    return (*named, *found)


def _matches(entry: TableEntry, name: str, inventory: Inventory) -> bool:
    tags = inventory.tags.get(name, {})
    return _matches_name(entry, name) and all(
        tags.get(key) == value for key, value in (entry.tags or {}).items()
    )


def _matches_name(entry: TableEntry, name: str) -> bool:
    if any(fnmatchcase(name, pattern) for pattern in entry.exclude):
        return False
    return entry.match is None or fnmatchcase(name, entry.match)


def _check_count(entry: TableEntry, count: int) -> DdbBackupError | None:
    if count == 0:
        return NothingSelected(
            f"{_describe(entry)} matches no table",
            hint="check the selector, and the account and Region that the plan runs in",
        )
    expect = entry.expect
    if expect and expect.min is not None and count < expect.min:
        return Refused(
            f"{_describe(entry)} matches {counted(count, 'table')}, but expects at least {expect.min}",
            hint="find the tables that were deleted or lost their tags, or lower `expect.min`",
        )
    if expect and expect.max is not None and count > expect.max:
        return Refused(
            f"{_describe(entry)} matches {counted(count, 'table')}, but expects at most {expect.max}",
            hint="narrow the selector, or raise `expect.max`",
        )
    return None


def _ambiguous(names: Sequence[str], first: TableEntry, second: TableEntry) -> Refused:
    both = f"{_describe(first)} and {_describe(second)} both select"
    if len(names) == 1:
        [name] = names
        return Refused(
            f"{both} {name}",
            hint=f"exclude {name} from one of them, or set `overlap: first` in tables[{first.position}]",
        )
    shown = ", ".join(names[:_NAMED_AT_MOST]) + (", …" if len(names) > _NAMED_AT_MOST else "")
    return Refused(
        f"{both} {len(names)} tables: {shown}",
        hint=f"exclude these tables from one of them, or set `overlap: first` in tables[{first.position}]",
    )


def _describe(entry: TableEntry) -> str:
    return f"`{format_selector(entry)}` (tables[{entry.position}])"
