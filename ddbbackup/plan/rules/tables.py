"""No two entries select the same tables, no key of an entry is without effect, and no chain is too short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import defaults_and_entries, entries
from ddbbackup.problems import Problem
from ddbbackup.times import InvalidTime, parse_duration

_WITHOUT_RECOVERY: Final = ("scan", "snapshot")
_ONLY_BY: Final[Mapping[str, str]] = {"full_every": "incremental", "view": "incremental", "limits": "scan"}


_SHORTEST_CHAIN: Final = "1d"  # as long as the longest window; with less, most runs would make a full export


def check(document: Document) -> Iterator[Problem]:
    for path, entry in defaults_and_entries(document):
        yield from _check_chain(document, path, entry)
    first: dict[tuple[str, str], int] = {}
    for index, (path, entry) in enumerate(entries(document)):
        for key in ("name", "match"):
            value = entry.get(key)
            if not isinstance(value, str):
                continue
            earlier = first.setdefault((key, value), index)
            if earlier != index and entry.get("exclude") is None:
                yield document.problem(
                    (*path, key),
                    "duplicate-table",
                    f"duplicate entry for {document.show((*path, key), value)} (first in tables[{earlier}])",
                    hint="remove one of the two entries",
                )
        yield from _check_method(document, path, entry)
        if "name" in entry:
            for key in ("exclude", "expect", "overlap"):
                if key in entry:
                    yield document.problem(
                        (*path, key),
                        "not-a-selector",
                        f"`{key}` has no effect on an entry with `name`",
                        hint=f"remove `{key}`, or replace `name` with `match` or `tags`",
                        at_key=True,
                    )


def _check_chain(document: Document, path: ValuePath, entry: Mapping[str, Any]) -> Iterator[Problem]:
    value = entry.get("full_every")
    if not isinstance(value, str):
        return
    try:
        seconds = parse_duration(value)
    except InvalidTime:
        return  # the schema says so
    if seconds < parse_duration(_SHORTEST_CHAIN):
        place = (*path, "full_every")
        yield document.problem(
            place,
            "out-of-bounds",
            f"{document.show(place, value)} is below the minimum of {_SHORTEST_CHAIN}: most backups would be full",
            hint=f"use {_SHORTEST_CHAIN} or more, or `method: export` to make only full exports",
        )


def _check_method(document: Document, path: ValuePath, entry: Mapping[str, Any]) -> Iterator[Problem]:
    defaults = document.data.get("defaults")
    by_default = defaults.get("method") if isinstance(defaults, Mapping) else None
    method = entry.get("method", by_default)
    for key, needed in _ONLY_BY.items():
        if key in entry and method != needed:
            yield document.problem(
                (*path, key),
                "unsupported-combination",
                f"`{key}` has no effect without `method: {needed}`",
                hint=f"remove `{key}`, or set `method: {needed}`",
                at_key=True,
            )
    if "pitr" in entry and method in _WITHOUT_RECOVERY:
        yield document.problem(
            (*path, "pitr"),
            "unsupported-combination",
            f"`pitr` has no effect with `method: {method}`, which needs no point-in-time recovery",
            hint="remove `pitr`",
            at_key=True,
        )
