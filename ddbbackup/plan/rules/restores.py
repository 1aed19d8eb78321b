"""The backups of a restore can be found, each of its tables has a target of its own, and no key is without effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from ddbbackup.model.backup_id import is_backup_id, is_short_id
from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import entries, get, mapping, names_export, names_origin, restores, sequence
from ddbbackup.problems import Problem
from ddbbackup.suggestions import suggest

_FOLDERS: Final = {"s3_uri", "s3_uris"}


def check(document: Document) -> Iterator[Problem]:
    yield from _check_backed_up(document)
    for path, _, restore in restores(document):
        yield from _check_selector(document, path, restore)
        yield from _check_schema_only(document, path, restore)
        yield from _check_mirror(document, path, restore)
        named = mapping(restore.get("from")).keys()
        yield from _check_owner(document, path, named)
        if "backup" in named and not named.isdisjoint(("export_arn", "s3_uri", "s3_uris")):
            yield document.problem(
                (*path, "from", "backup"),
                "unsupported-combination",
                "`backup` has no effect, because `from` names an export",
                hint="remove `backup`, or replace the export with `account` or `region`",
                at_key=True,
            )


def _check_selector(document: Document, path: ValuePath, restore: dict[str, Any]) -> Iterator[Problem]:
    """Of a restore of many tables."""
    if "table" in restore:
        if "exclude" in restore:
            yield document.problem(
                (*path, "exclude"),
                "not-a-selector",
                "`exclude` has no effect on a restore with `table`",
                hint="remove `exclude`, or replace `table` with `match` or `tags`",
                at_key=True,
            )
        return
    if restore.keys().isdisjoint(("match", "tags")):
        return
    template = get(restore, "to", "table")
    if isinstance(template, str) and "{table}" not in template:
        yield document.problem(
            (*path, "to", "table"),
            "unsupported-combination",
            f"all tables would be restored into {document.show((*path, 'to', 'table'), template)}",
            hint='add {table} to the template, such as "{table}-restored"',
        )
    source = restore.get("from")
    if names_export(restore):
        yield document.problem(
            (*path, "from"),
            "unsupported-combination",
            "`from` names an export, which is of one table, but the restore is of many",
            hint="use `latest` or a time, or replace `match` or `tags` with `table`",
        )
    backup = source if isinstance(source, str) else get(source, "backup")
    if isinstance(backup, str) and (is_backup_id(backup) or is_short_id(backup)):
        yield document.problem(
            (*path, "from") if backup is source else (*path, "from", "backup"),
            "unsupported-combination",
            "a backup is of one table, but the restore is of many",
            hint="use `latest` or a time",
        )


def _check_schema_only(document: Document, path: ValuePath, restore: Mapping[str, Any]) -> Iterator[Problem]:
    if restore.get("schema_only") is not True:
        return
    method = restore.get("method")
    if method in ("bulk-put", "import", "point-in-time", "snapshot"):
        yield document.problem(
            (*path, "schema_only"),
            "unsupported-combination",
            f"`method: {method}` always restores the items too",
            hint="remove `schema_only`, or use `method: write`",
            at_key=True,
        )
    for key in ("existing", "limits"):
        if key in restore:
            yield document.problem(
                (*path, key),
                "unsupported-combination",
                f"`{key}` has no effect with `schema_only`, because no items are written",
                hint=f"remove `{key}`",
                at_key=True,
            )


def _check_mirror(document: Document, path: ValuePath, restore: Mapping[str, Any]) -> Iterator[Problem]:
    mirrors = restore.get("existing") == "mirror"
    if mirrors and "change" in restore:
        yield document.problem(
            (*path, "change"),
            "unsupported-combination",
            "`existing: mirror` makes the target equal to the restore point, so its items cannot be changed",
            hint="remove `change`, or use `existing: overwrite`",
            at_key=True,
        )
    if mirrors and "only" in restore:
        yield document.problem(
            (*path, "only"),
            "unsupported-combination",
            "`existing: mirror` makes the target equal to the restore point, so all other items would be deleted",
            hint="remove `only`, or use `existing: overwrite`",
            at_key=True,
        )
    if not mirrors and get(restore, "limits", "max_deletes_percent") is not None:
        yield document.problem(
            (*path, "limits", "max_deletes_percent"),
            "unsupported-combination",
            "`max_deletes_percent` has no effect without `existing: mirror`, because nothing is deleted",
            hint="remove `max_deletes_percent`",
            at_key=True,
        )


def _check_owner(document: Document, path: ValuePath, named: Collection[str]) -> Iterator[Problem]:
    if "bucket_owner" in named and not _FOLDERS & set(named):
        yield document.problem(
            (*path, "from", "bucket_owner"),
            "unsupported-combination",
            "`bucket_owner` has no effect without `s3_uri` or `s3_uris`",
            hint="remove `bucket_owner`, or name the folder of the export",
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
