"""Which tables a plan's entries choose, given what exists: pure, so that preview and run cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ddbbackup.errors import DdbBackupError, NothingSelected, Refused
from ddbbackup.plan.model import Plan, TableEntry


@dataclass(frozen=True, slots=True)
class Inventory:
    """What exists in the account and region. ``tags`` by table name; both empty if no entry needs them."""

    names: tuple[str, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen tables with their entries, in the plan's order, and the entries that chose wrongly."""

    chosen: Mapping[str, TableEntry]
    failures: tuple[tuple[TableEntry, DdbBackupError], ...] = ()


def needs_names(plan: Plan) -> bool:
    return any(entry.name is None for entry in plan.tables)


def needs_tags(plan: Plan) -> bool:
    return any(entry.tags is not None for entry in plan.tables)


def select(plan: Plan, inventory: Inventory, *, only: str | None = None) -> Selection:
    """A table named by an entry belongs to that entry, whatever globs or tags also choose it.

    A selector that chooses nothing, or less or more than it expects, is a failure of its own: the others are
    still backed up. ``only`` is a glob over the chosen names.

    Raises ``NothingSelected`` if nothing at all is left.
    """
    named = {entry.name: entry for entry in plan.tables if entry.name is not None}
    chosen: dict[str, TableEntry] = {}
    failures: list[tuple[TableEntry, DdbBackupError]] = []
    for entry in plan.tables:
        if entry.name is not None:
            chosen[entry.name] = entry
            continue
        matched = [name for name in inventory.names if _matches(entry, name, inventory)]
        failure = _judge(entry, len(matched))
        if failure:
            failures.append((entry, failure))
        for name in matched:
            if name in named:
                continue
            other = chosen.get(name)
            if other is not None:
                failures.append((entry, _claimed_twice(name, other, entry)))
                continue
            chosen[name] = entry
    if only is not None:
        chosen = {name: entry for name, entry in chosen.items() if fnmatchcase(name, only)}
        failures = [] if chosen else failures
    if not chosen and not failures:
        wish = f" matches {only!r}" if only is not None else ""
        raise NothingSelected(
            f"no table of the plan {plan.name}{wish}",
            hint="check `--only` against the plan's tables: it is a glob, such as 'billing-*'",
        )
    return Selection(chosen, tuple(failures))


def spell(entry: TableEntry) -> str:
    """How an entry is called in messages: ``match: billing-*``."""
    if entry.name is not None:
        return f"name: {entry.name}"
    if entry.match is not None:
        return f"match: {entry.match}"
    return "tags: " + ", ".join(f"{key}={value}" for key, value in (entry.tags or {}).items())


def _matches(entry: TableEntry, name: str, inventory: Inventory) -> bool:
    if any(fnmatchcase(name, pattern) for pattern in entry.exclude):
        return False
    if entry.match is not None:
        return fnmatchcase(name, entry.match)
    tags = inventory.tags.get(name, {})
    return all(tags.get(key) == value for key, value in (entry.tags or {}).items())


def _judge(entry: TableEntry, count: int) -> DdbBackupError | None:
    if count == 0:
        return NothingSelected(
            f"`{spell(entry)}` (tables[{entry.position}]) matches no table",
            hint="correct the selector, or look whether region and account are the right ones",
        )
    expect = entry.expect
    if expect and expect.min is not None and count < expect.min:
        return Refused(
            f"`{spell(entry)}` (tables[{entry.position}]) matches {count} tables, but expects {expect.min} or more",
            hint="find the tables that are gone or lost their tags, or lower `expect.min`",
        )
    if expect and expect.max is not None and count > expect.max:
        return Refused(
            f"`{spell(entry)}` (tables[{entry.position}]) matches {count} tables, but expects {expect.max} or fewer",
            hint="narrow the selector, or raise `expect.max`",
        )
    return None


def _claimed_twice(name: str, first: TableEntry, second: TableEntry) -> Refused:
    return Refused(
        f"`{spell(first)}` (tables[{first.position}]) and `{spell(second)}` (tables[{second.position}]) "
        f"both choose {name}",
        hint=f"exclude {name} from one of them, or give it an entry of its own by name",
    )
