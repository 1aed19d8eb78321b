"""No two entries are for the same table, and only selectors exclude or expect."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import entries
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    first: dict[tuple[str, str], Path] = {}
    for path, entry in entries(document):
        for kind in ("name", "match"):
            wanted = entry.get(kind)
            if not isinstance(wanted, str):
                continue
            earlier = first.setdefault((kind, wanted), path)
            if earlier != path and entry.get("exclude") is None:
                yield document.problem(
                    (*path, kind),
                    "table-twice",
                    f"tables[{earlier[-1]}] is for {document.show((*path, kind), wanted)} too",
                    hint="keep one entry for each table",
                )
        if "name" in entry:
            for key in ("exclude", "expect"):
                if key in entry:
                    yield document.problem(
                        (*path, key),
                        "not-a-selector",
                        f"`{key}` says nothing about an entry with a `name`",
                        hint=f"remove `{key}`, or use `match` or `tags`",
                        at_key=True,
                    )
