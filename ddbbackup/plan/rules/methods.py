"""Combinations that a restore method does not support, as far as the plan alone shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.clock import SystemClock
from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.restore_from import FromBackup, parse_from
from ddbbackup.plan.rules.access import get, names_export, restores
from ddbbackup.problems import Problem
from ddbbackup.times import InvalidTime

CREATES_TABLE: Final = ("import", "point-in-time", "snapshot")
MIN_BULK_PUT_WRITE_UNITS: Final = 1024  # StartBulkPutItems in botocore's service model


def check(document: Document) -> Iterator[Problem]:
    for path, _, restore in restores(document):
        method = restore.get("method")
        if method in CREATES_TABLE:
            yield from _creates_table(document, path, restore, str(method))
        if method == "import":
            yield from _import(document, path, restore)
        if method == "point-in-time":
            yield from _point_in_time(document, path, restore)
        if method == "snapshot":
            yield from _snapshot(document, path, restore)
        if method == "bulk-put":
            yield from _bulk_put(document, path, restore)


def _creates_table(
    document: Document, path: ValuePath, restore: dict[str, Any], method: str
) -> Iterator[Problem]:
    if get(restore, "to", "create") == "never":
        yield _unsupported(
            document,
            (*path, "to", "create"),
            f"`method: {method}` always creates the target table, so `create: never` cannot be met",
            hint="set `create: new`, or use `method: write`",
        )
    if restore.get("existing") in ("overwrite", "keep", "mirror"):
        yield _unsupported(
            document,
            (*path, "existing"),
            f"`existing: {restore['existing']}` has no effect, because `method: {method}` creates the target table",
            hint="remove `existing`, or use `method: write`",
        )
    if restore.get("limits"):
        yield _unsupported(
            document,
            (*path, "limits"),
            f"AWS accepts no limits for `method: {method}`",
            hint="remove `limits`, or use `method: write`",
        )


def _import(document: Document, path: ValuePath, restore: dict[str, Any]) -> Iterator[Problem]:
    if names_export(restore):
        yield _unsupported(
            document,
            (*path, "from"),
            "`method: import` creates the table from a backup record, which other exports do not have",
            hint="create the table, then use `method: write`",
        )


def _point_in_time(document: Document, path: ValuePath, restore: dict[str, Any]) -> Iterator[Problem]:
    source = restore.get("from", "latest")
    if isinstance(source, dict) or (isinstance(source, str) and _is_backup_id(source)):
        yield _unsupported(
            document,
            (*path, "from"),
            "`method: point-in-time` restores from the live table, not from a backup",
            hint="use `from: latest` or a time, or use `method: write`",
        )
    yield from _copy_by_aws(document, path, restore, "point-in-time")


def _snapshot(document: Document, path: ValuePath, restore: dict[str, Any]) -> Iterator[Problem]:
    if names_export(restore):
        yield _unsupported(
            document,
            (*path, "from"),
            "`method: snapshot` restores an on-demand backup of DynamoDB, not an export",
            hint="use `from: latest`, a backup ID or a time, or use `method: write`",
        )
    yield from _copy_by_aws(document, path, restore, "snapshot")


def _copy_by_aws(
    document: Document, path: ValuePath, restore: dict[str, Any], method: str
) -> Iterator[Problem]:
    """For methods by which AWS copies the table, with its indexes and in its account."""
    if get(restore, "to", "indexes") == "after-load":
        yield _unsupported(
            document,
            (*path, "to", "indexes"),
            f"`method: {method}` restores the table with its indexes, so they cannot be created after the data",
            hint="remove `indexes`, or restore a backup with `method: write` or `method: import`",
        )
    plan_account, target_account = get(document.data, "aws", "account"), get(restore, "to", "account")
    if isinstance(plan_account, str) and isinstance(target_account, str) and plan_account != target_account:
        yield _unsupported(
            document,
            (*path, "to", "account"),
            f"`method: {method}` cannot restore to another account",
            hint="restore a backup instead, with `method: write` or `method: import`",
        )


def _is_backup_id(source: str) -> bool:
    try:
        return isinstance(parse_from(source, now=SystemClock().now()), FromBackup)
    except InvalidTime:
        return False  # the schema reports this


def _bulk_put(document: Document, path: ValuePath, restore: dict[str, Any]) -> Iterator[Problem]:
    if restore.get("existing") in ("keep", "mirror"):
        cannot = "keep them" if restore["existing"] == "keep" else "write only what differs"
        yield _unsupported(
            document,
            (*path, "existing"),
            f"`method: bulk-put` overwrites existing items, so it cannot {cannot}",
            hint="use `method: write`",
        )
    units = get(restore, "limits", "write_units_per_second")
    if isinstance(units, int) and units < MIN_BULK_PUT_WRITE_UNITS:
        yield _unsupported(
            document,
            (*path, "limits", "write_units_per_second"),
            f"`method: bulk-put` accepts no limit below {MIN_BULK_PUT_WRITE_UNITS} write units per second",
            hint=f"use {MIN_BULK_PUT_WRITE_UNITS} or more, or use `method: write`",
        )
    if get(restore, "limits", "workers") is not None:
        yield _unsupported(
            document,
            (*path, "limits", "workers"),
            "`workers` has no effect, because `method: bulk-put` runs inside AWS",
            hint="remove `workers`, or use `method: write`",
        )


def _unsupported(document: Document, path: ValuePath, message: str, *, hint: str) -> Problem:
    return document.problem(path, "unsupported-combination", message, hint=hint)
