"""The effective plan: what a run goes by, value by value, each with the place that it was written at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ddbbackup.plan.build import applicable
from ddbbackup.plan.document import Document, Mark, Path


@dataclass(frozen=True, slots=True)
class Value:
    """One value. ``data`` is a scalar, or an empty map or list.

    Where a variable was filled in, ``expression`` is what the plan says and ``data`` is None: what came from
    the environment may be a secret. ``by_default`` tells a value of ``defaults`` that holds for an entry.
    """

    path: Path
    data: Any
    mark: Mark
    expression: str | None = None
    by_default: bool = False


def effective(document: Document) -> tuple[Value, ...]:
    """Every value of a valid plan in the plan's order, with ``defaults`` laid under each entry of ``tables``."""
    return tuple(_values(document))


def _values(document: Document) -> Iterator[Value]:
    defaults = document.data.get("defaults") or {}
    for key, value in document.data.items():
        if key == "tables":
            for index, entry in enumerate(value):
                yield from _entry(document, ("tables", index), entry, defaults)
        elif key != "defaults":
            yield from _inside(document, (key,), (key,), value)


def _entry(
    document: Document, path: Path, entry: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[Value]:
    for key, value in entry.items():
        yield from _inside(document, (*path, key), (*path, key), value)
    for key, value in applicable(defaults, entry).items():
        if key not in entry:
            yield from _inside(document, (*path, key), ("defaults", key), value)


def _inside(document: Document, path: Path, written_at: Path, value: Any) -> Iterator[Value]:
    """``written_at`` is where the value stands in the document, ``path`` where it takes effect."""
    if isinstance(value, dict | list) and value:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from _inside(document, (*path, key), (*written_at, key), member)
        return
    filled = written_at in document.interpolated
    yield Value(
        path,
        None if filled else value,
        document.values[written_at],
        expression=document.written[written_at] if filled else None,
        by_default=path != written_at,
    )
