"""The backups of a restore can be found: the plan backs the table up, or ``from`` names another export."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import entries, mapping, names_export, names_origin, restores, sequence
from ddbbackup.problems import Problem
from ddbbackup.suggestions import suggest


def check(document: Document) -> Iterator[Problem]:
    yield from _check_backed_up(document)
    for path, _, restore in restores(document):
        named = mapping(restore.get("from")).keys()
        if "backup" in named and not named.isdisjoint(("export_arn", "s3_uri")):
            yield document.problem(
                (*path, "from", "backup"),
                "unsupported-combination",
                "`backup` has no effect, because `from` names an export",
                hint="remove `backup`, or replace the export with `account` or `region`",
                at_key=True,
            )


def _check_backed_up(document: Document) -> Iterator[Problem]:
    names = [str(entry["name"]) for _, entry in entries(document) if isinstance(entry.get("name"), str)]
    for path, _, restore in restores(document):
        table = restore.get("table")
        if names_origin(restore) and mapping(document.data.get("destinations")):
            continue  # which tables the other origin backs up is not in this plan
        needs_record = not names_export(restore) and restore.get("method") != "point-in-time"
        if needs_record and isinstance(table, str) and not _is_backed_up(document, table):
            place = (*path, "table")
            yield document.problem(
                place,
                "not-backed-up",
                f"no entry of `tables` backs up {document.show(place, table)}",
                hint=suggest(
                    table,
                    names,
                    otherwise="add the table to `tables`, or restore an export with `s3_uri` or `export_arn`",
                ),
            )


def _is_backed_up(document: Document, table: str) -> bool:
    """The tags of a table are known only at run time, so an entry with tags may select any table."""
    for _, entry in entries(document):
        match, excludes = entry.get("match"), sequence(entry.get("exclude"))
        if entry.get("name") == table:
            return True
        if any(isinstance(glob, str) and fnmatchcase(table, glob) for glob in excludes):
            continue
        if mapping(entry.get("tags")) or (isinstance(match, str) and fnmatchcase(table, match)):
            return True
    return False
