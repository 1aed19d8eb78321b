"""What changes between two plans, by what they mean for each table. Pure: the caller knows which tables exist.

No value of an environment variable is in the result, as it may be a secret: the text of the plan stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal

from ddbbackup.plan.document import Document, ValuePath, format_path, members
from ddbbackup.plan.model import Destination, Expect, Plan, Retention, TableEntry
from ddbbackup.plan.selection import format_selector
from ddbbackup.times import format_duration

Subject = Literal["plan", "destination", "table", "restore", "notification"]
Kind = Literal["added", "changed", "removed"]
Risk = Literal["not-backed-up", "moved", "weaker-retention", "other-method", "other-plan"]

NOT_SHOWN: Final = "(not shown)"
_NONE: Final = "none"
_KEEP_ALL: Final = "keep all"
_PRIVATE: Final = frozenset({"only", "change", "external_id", "headers"})
"""Keys that may hold personal data, or secrets."""
_EXPORTS: Final = ("export", "incremental")
_OF_METHODS: Final = ("pitr", "full_every", "view", "limits.read_units_per_second")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the backups of a table go, as URIs: their data, and their records, by which they are found again."""

    data: str
    records: str


@dataclass(frozen=True, slots=True)
class PlanSide:
    """One of the two plans. ``tables`` are those that it selects now; ``place`` says where it keeps their backups."""

    plan: Plan
    document: Document
    tables: Mapping[str, TableEntry]
    place: Callable[[Destination, str], Place]

    def place_of(self, table: str) -> Place:
        return self.place(self.plan.destinations[self.tables[table].destination], table)


@dataclass(frozen=True, slots=True)
class Difference:
    """One key with its values, as texts for people. None: this plan does not have the key."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is added, changed or removed. ``differences`` are those of a change; ``risks`` are what to look at twice.

    Risk ``moved``: new backups are not found beside the old ones. ``weaker-retention``: `prune` may remove more.
    """

    subject: Subject
    name: str
    kind: Kind
    differences: tuple[Difference, ...] = ()
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """``changes`` are those of the plan, its destinations, its tables, its restores and its notifications."""

    changes: tuple[Change, ...]
    unchanged_tables: int
    unchanged_restores: int

    def of(self, subject: Subject) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.subject == subject)


def compare_plans(before: PlanSide, after: PlanSide) -> PlanComparison:
    """Tables are in the order of their names, everything else in that of the plans."""
    tables = [
        change for name in sorted({*before.tables, *after.tables}) if (change := _table(name, before, after))
    ]
    restores = list(_elements("restore", before, after, _restore_differs))
    return PlanComparison(
        changes=(
            *_plan(before, after),
            *_elements("destination", before, after, _destination_differs),
            *tables,
            *restores,
            *_elements("notification", before, after, _notification_differs),
        ),
        unchanged_tables=len(after.tables) - sum(each.kind != "removed" for each in tables),
        unchanged_restores=len(after.plan.restores) - sum(each.kind != "removed" for each in restores),
    )


# ---- tables


def _table(name: str, before: PlanSide, after: PlanSide) -> Change | None:
    if name not in before.tables:
        return Change("table", name, "added")
    if name not in after.tables:
        return Change("table", name, "removed", risks=("not-backed-up",))
    differences = tuple(_table_differences(name, before, after))
    if not differences:
        return None
    return Change("table", name, "changed", differences, tuple(_table_risks(name, before, after)))


def _table_differences(name: str, before: PlanSide, after: PlanSide) -> Iterator[Difference]:
    old, new = before.tables[name], after.tables[name]
    if before.place_of(name).data != after.place_of(name).data:
        yield Difference("destination", shown_place(before, name), shown_place(after, name))
    old_values, new_values = _values(old), _values(new)
    if old.retention is not None and new.retention is not None:
        old_values |= {f"retention.{rule}": value for rule, value in retention_rules(old.retention).items()}
        new_values |= {f"retention.{rule}": value for rule, value in retention_rules(new.retention).items()}
    elif old.retention != new.retention:
        yield Difference("retention", _show_retention(before, old), _show_retention(after, new))
    for key in dict.fromkeys((*old_values, *new_values)):
        left, right = old_values.get(key), new_values.get(key)
        follows_from_method = key in _OF_METHODS and (key in old_values) != (key in new_values)
        if left != right and not follows_from_method:
            yield Difference(key, _show(before, old, key, left), _show(after, new, key, right))


def _values(entry: TableEntry) -> dict[str, Any]:
    """What applies to the table, by keys of the plan; durations in the form of the plan."""
    values: dict[str, Any] = {"method": entry.method}
    if entry.method in _EXPORTS:
        values["pitr"] = entry.pitr
    if entry.method == "incremental":
        values["full_every"] = format_duration(entry.full_every_seconds)
        values["view"] = entry.view
    if entry.method == "scan":
        values["limits.read_units_per_second"] = entry.read_units_per_second
    values["verify"] = entry.verify
    values["rpo"] = format_duration(entry.rpo_seconds) if entry.rpo_seconds is not None else None
    return values


def retention_rules(retention: Retention) -> dict[str, int | str]:
    """The rules that are set, by keys of the plan; all policies have ``min_verified``."""
    rules: dict[str, int | str] = {}
    for each in fields(retention):
        value = getattr(retention, each.name)
        if each.name == "keep_within_seconds":
            if value is not None:
                rules["keep_within"] = format_duration(value)
        elif value or each.name == "min_verified":
            rules[each.name] = value
    return rules


def _show(side: PlanSide, entry: TableEntry, key: str, value: Any) -> str | None:
    if value is None:
        return None
    keys = key.split(".")
    of_entry: ValuePath = ("tables", entry.position)
    path = of_entry if (*of_entry, keys[0]) in side.document.values else ("defaults",)
    return _written(side.document, (*path, *keys), value)


def _show_retention(side: PlanSide, entry: TableEntry) -> str:
    if entry.retention is None:
        return _KEEP_ALL
    rules = retention_rules(entry.retention)
    return ", ".join(f"{rule}: {_show(side, entry, f'retention.{rule}', rules[rule])}" for rule in rules)


def shown_place(side: PlanSide, table: str) -> str:
    """The place of the data of a table for people: rendered, unless a part of it comes from the environment."""
    destination = side.plan.destinations[side.tables[table].destination]
    path = ("destinations", destination.name)
    bucket = _written(side.document, (*path, "bucket"), destination.bucket)
    rendered = side.place_of(table).data.removeprefix(f"s3://{destination.bucket}/")
    return f"s3://{bucket}/{_written(side.document, (*path, 'prefix'), rendered)}"


def _table_risks(name: str, before: PlanSide, after: PlanSide) -> Iterator[Risk]:
    old, new = before.tables[name], after.tables[name]
    if before.place_of(name).records != after.place_of(name).records and before.plan.name == after.plan.name:
        yield "moved"
    if is_weaker(old.retention, new.retention):
        yield "weaker-retention"
    if old.method != new.method:
        yield "other-method"


def is_weaker(before: Retention | None, after: Retention | None) -> bool:
    """Whether a rule keeps less than it did. Without a policy everything is kept."""
    if before is None or after is None:
        return before is None and after is not None
    old, new = asdict(before), asdict(after)
    return any((new[rule] or 0) < (old[rule] or 0) for rule in old)


# ---- destinations, restores, notifications


def _elements(
    subject: Subject, before: PlanSide, after: PlanSide, differs: Callable[[str, PlanSide, PlanSide], bool]
) -> Iterator[Change]:
    section = f"{subject}s"
    old, new = _section(before, section), _section(after, section)
    for name in dict.fromkeys((*old, *new)):
        if name not in old:
            yield Change(subject, name, "added")
        elif name not in new:
            yield Change(subject, name, "removed")
        elif differs(name, before, after):
            match subject:
                case "restore":
                    differences = _restore_differences(name, before, after)
                case "destination":
                    differences = _destination_differences(name, before, after)
                case _:
                    differences = _key_differences((section, name), before, after)
            yield Change(subject, name, "changed", tuple(differences))


def _section(side: PlanSide, section: str) -> dict[str, Any]:
    return {key: value for key, value in (_at(side, (section,)) or {}).items() if not key.startswith("x-")}


def _destination_differs(name: str, before: PlanSide, after: PlanSide) -> bool:
    return before.plan.destinations[name] != after.plan.destinations[name]


def _destination_differences(name: str, before: PlanSide, after: PlanSide) -> Iterator[Difference]:
    """With rendered prefixes: people read places, not templates."""
    for each in _key_differences(("destinations", name), before, after):
        if each.key == "prefix":
            yield Difference("prefix", _show_prefix(before, name), _show_prefix(after, name))
        else:
            yield each


def _show_prefix(side: PlanSide, name: str) -> str:
    """With TABLE in place of the name of a table; as the plan has it where it comes from the environment."""
    destination = side.plan.destinations[name]
    rendered = side.place(destination, "TABLE").data.removeprefix(f"s3://{destination.bucket}/")
    return _written(side.document, ("destinations", name, "prefix"), rendered) or _NONE


def _restore_differs(name: str, before: PlanSide, after: PlanSide) -> bool:
    """``from`` is compared as it is written: `2h` (ago) is another instant each time that a plan is read."""
    if _at(before, ("restores", name, "from")) != _at(after, ("restores", name, "from")):
        return True
    old, new = before.plan.restores[name], after.plan.restores[name]
    return old != replace(new, source=old.source)


def _restore_differences(name: str, before: PlanSide, after: PlanSide) -> Iterator[Difference]:
    """With the destination that it reads from, which follows from the tables of the plan."""
    yield from _key_differences(("restores", name), before, after)
    old, new = before.plan.restores[name].destination, after.plan.restores[name].destination
    if old != new:
        yield Difference("destination", old, new)


def _notification_differs(name: str, before: PlanSide, after: PlanSide) -> bool:
    old = {each.name: each for each in before.plan.notifications}
    return old[name] != {each.name: each for each in after.plan.notifications}[name]


def _key_differences(path: ValuePath, before: PlanSide, after: PlanSide) -> Iterator[Difference]:
    """What differs below ``path``, key by key, in lists as a whole."""
    old, new = dict(_leaves(before, path)), dict(_leaves(after, path))
    for leaf in dict.fromkeys((*old, *new)):
        left, right = (
            _leaf_text(side, leaf, values[leaf]) if leaf in values else None
            for side, values in ((before, old), (after, new))
        )
        if old.get(leaf) != new.get(leaf):
            yield Difference(format_path(leaf[len(path) :]), left, right)


def _leaves(side: PlanSide, path: ValuePath) -> Iterator[tuple[ValuePath, Any]]:
    value = _at(side, path)
    if isinstance(value, dict) and value and path[-1] not in _PRIVATE:
        for key, _ in members(value):
            yield from _leaves(side, (*path, key))
    elif value is not None:
        yield path, value


def _leaf_text(side: PlanSide, path: ValuePath, value: Any) -> str:
    if path[-1] in _PRIVATE or path[0] == "notifications":
        return NOT_SHOWN
    if isinstance(value, list):
        return ", ".join(_leaf_text(side, (*path, index), each) for index, each in enumerate(value)) or _NONE
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_leaf_text(side, (*path, key), each)}" for key, each in value.items())
    return _written(side.document, path, value) or _NONE


# ---- the plan as a whole


def _plan(before: PlanSide, after: PlanSide) -> Iterator[Change]:
    differences = list(_plan_differences(before, after))
    if differences:
        risks: tuple[Risk, ...] = ("other-plan",) if before.plan.name != after.plan.name else ()
        yield Change("plan", after.plan.name, "changed", tuple(differences), risks)


def _plan_differences(before: PlanSide, after: PlanSide) -> Iterator[Difference]:
    if before.plan.name != after.plan.name:
        yield Difference(
            "name",
            _written(before.document, ("name",), before.plan.name),
            _written(after.document, ("name",), after.plan.name),
        )
    if before.plan.aws != after.plan.aws:
        for each in _key_differences(("aws",), before, after):
            yield replace(each, key=f"aws.{each.key}")
    if before.plan.export_time != after.plan.export_time:
        yield Difference("export_time", before.plan.export_time, after.plan.export_time)
    if before.plan.metrics != after.plan.metrics:
        yield Difference("metrics", NOT_SHOWN, NOT_SHOWN)
    yield from _expectations(before, after)


def _expectations(before: PlanSide, after: PlanSide) -> Iterator[Difference]:
    """How many tables an entry expects: it decides whether a run fails, and belongs to no table."""
    old = {format_selector(entry): entry.expect for entry in before.plan.tables}
    for entry in after.plan.tables:
        selector = format_selector(entry)
        if selector in old and old[selector] != entry.expect:
            yield Difference(
                f"tables[{entry.position}].expect", _show_expect(old[selector]), _show_expect(entry.expect)
            )


def _show_expect(expect: Expect | None) -> str | None:
    if expect is None:
        return None
    return ", ".join(f"{key}: {value}" for key, value in asdict(expect).items() if value is not None)


# ---- documents


def _at(side: PlanSide, path: ValuePath) -> Any:
    value = side.document.data
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _written(document: Document, path: ValuePath, value: Any) -> str | None:
    """The text of the plan where it takes the value, or a part of it, from the environment."""
    if path in document.interpolated:
        return document.written[path]
    return None if value is None else str(value)
