"""No two entries select the same tables, and an entry with a name has no keys of a selector."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import entries
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
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
        if "name" in entry:
            for key in ("exclude", "expect"):
                if key in entry:
                    yield document.problem(
                        (*path, key),
                        "not-a-selector",
                        f"`{key}` has no effect on an entry with `name`",
                        hint=f"remove `{key}`, or replace `name` with `match` or `tags`",
                        at_key=True,
                    )
