"""The effective plan: every value that applies, with the place where it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ddbbackup.plan.build import applicable_defaults
from ddbbackup.plan.document import Document, Mark, ValuePath, members


@dataclass(frozen=True, slots=True)
class Value:
    """One value. ``data`` is a scalar, or an empty mapping or list.

    If the plan takes the value from the environment, ``expression`` is the text in the plan and ``data`` is None,
    because the value may be a secret. ``by_default`` marks a value of ``defaults`` that applies to an entry.
    """

    path: ValuePath
    data: Any
    mark: Mark
    expression: str | None = None
    by_default: bool = False


def effective(document: Document) -> tuple[Value, ...]:
    """Every value of a valid plan, in the order of the plan, with ``defaults`` applied to ``tables``."""
    return tuple(_plan_values(document))


def _plan_values(document: Document) -> Iterator[Value]:
    defaults = document.data.get("defaults") or {}
    for key, value in document.data.items():
        if key == "tables":
            for index, entry in enumerate(value):
                yield from _entry_values(document, ("tables", index), entry, defaults)
        elif key != "defaults":
            yield from _values_within(document, (key,), (key,), value)


def _entry_values(
    document: Document, path: ValuePath, entry: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[Value]:
    for key, value in entry.items():
        yield from _values_within(document, (*path, key), (*path, key), value)
    for key, value in applicable_defaults(defaults, entry).items():
        if key not in entry:
            yield from _values_within(document, (*path, key), ("defaults", key), value)


def _values_within(document: Document, path: ValuePath, written_at: ValuePath, value: Any) -> Iterator[Value]:
    """The values within the one that is written at ``written_at`` and applies at ``path``."""
    if isinstance(value, dict | list) and value:
        for key, member in members(value):
            yield from _values_within(document, (*path, key), (*written_at, key), member)
        return
    is_variable = written_at in document.interpolated
    yield Value(
        path,
        None if is_variable else value,
        document.values[written_at],
        expression=document.written[written_at] if is_variable else None,
        by_default=path != written_at,
    )
