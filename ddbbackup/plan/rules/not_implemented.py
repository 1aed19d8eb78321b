"""What the format promises and this version does not do yet is refused, never half-executed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import entries, get, restores
from ddbbackup.problems import Problem

BACKUP_METHODS: Final = ("incremental", "scan")
EXISTING: Final = ("mirror",)


def check(document: Document) -> Iterator[Problem]:
    places: list[tuple[Path, object]] = [(("defaults",), document.data.get("defaults"))]
    places += list(entries(document))
    for path, holder in places:
        if get(holder, "method") in BACKUP_METHODS:
            yield _refuse(document, (*path, "method"), get(holder, "method"), "use `method: export`")
        if get(holder, "retention") is not None:
            yield _refuse(
                document, (*path, "retention"), "retention", "remove it; nothing prunes backups yet"
            )
    for path, _, restore in restores(document):
        if restore.get("existing") in EXISTING:
            yield _refuse(document, (*path, "existing"), restore["existing"], "use `overwrite` or `keep`")


def _refuse(document: Document, path: Path, what: object, hint: str) -> Problem:
    return document.problem(path, "not-built", f"`{what}` is not built yet", hint=hint)
