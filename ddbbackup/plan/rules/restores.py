"""A restore's backup can be found: the plan backs the table up, or `from` names another export."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import entries, mapping, restores, sequence
from ddbbackup.plan.schema_problems import near
from ddbbackup.problems import Problem
from ddbbackup.times import from_iso


def check(document: Document) -> Iterator[Problem]:
    names = [str(entry["name"]) for _, entry in entries(document) if isinstance(entry.get("name"), str)]
    for path, _, restore in restores(document):
        source, table = restore.get("from", "latest"), restore.get("table")
        if isinstance(source, str) and source[4:5] == "-":
            try:
                from_iso(source)
            except ValueError:
                message = f"{document.show((*path, 'from'), source)} is no time that exists"
                yield document.problem(
                    (*path, "from"), "bad-value", message, hint="correct the date or the time"
                )
        if isinstance(source, dict) or not isinstance(table, str) or _backed_up(document, table):
            continue
        if restore.get("method") == "point-in-time":
            continue  # it needs the live table, not a backup
        yield document.problem(
            (*path, "table"),
            "not-backed-up",
            f"no entry of `tables` backs up {document.show((*path, 'table'), table)}",
            hint=near(table, names, "add the table to `tables`, or restore from an s3_uri or export_arn"),
        )


def _backed_up(document: Document, table: str) -> bool:
    """Tags are known at run time only, so an entry with tags may back up any table."""
    for _, entry in entries(document):
        match, excluded = entry.get("match"), sequence(entry.get("exclude"))
        if entry.get("name") == table or mapping(entry.get("tags")):
            return True
        left_out = any(isinstance(glob, str) and fnmatchcase(table, glob) for glob in excluded)
        if isinstance(match, str) and fnmatchcase(table, match) and not left_out:
            return True
    return False
