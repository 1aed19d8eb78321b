"""What a restore method cannot do is known before AWS is asked: where the plan alone shows it, here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import get, restores
from ddbbackup.problems import Problem

MAKES_TABLE: Final = ("import", "point-in-time")
LEAST_WRITE_UNITS: Final = 1024  # of a bulk put (botocore's model)


def check(document: Document) -> Iterator[Problem]:
    for path, _, restore in restores(document):
        method = restore.get("method")
        if method in MAKES_TABLE:
            yield from _makes_table(document, path, restore, str(method))
        if method == "import":
            yield from _import(document, path, restore)
        if method == "point-in-time":
            yield from _point_in_time(document, path, restore)
        if method == "bulk-put":
            yield from _bulk_put(document, path, restore)
        yield from _account(document, path, restore)


def _makes_table(document: Document, path: Path, restore: dict[str, Any], method: str) -> Iterator[Problem]:
    if get(restore, "to", "create") == "never":
        message = f"`method: {method}` makes its own table, so `create: never` leaves it nothing to do"
        yield _problem(
            document, (*path, "to", "create"), message, "set `create: new`, or use `method: write`"
        )
    if restore.get("existing") in ("overwrite", "keep"):
        message = (
            f"`method: {method}` makes its own table, so `existing: {restore['existing']}` has no meaning"
        )
        yield _problem(document, (*path, "existing"), message, "remove it, or use `method: write`")
    if restore.get("limits"):
        message = f"`limits` bound what ddbbackup writes; AWS takes no bound for `method: {method}`"
        yield _problem(document, (*path, "limits"), message, "remove `limits`, or use `method: write`")


def _import(document: Document, path: Path, restore: dict[str, Any]) -> Iterator[Problem]:
    if isinstance(restore.get("from"), dict):
        message = "an import makes its table from a record, and an export named by its address has none"
        yield _problem(document, (*path, "from"), message, "create the table and use `method: write`")


def _point_in_time(document: Document, path: Path, restore: dict[str, Any]) -> Iterator[Problem]:
    source = restore.get("from", "latest")
    by_time = isinstance(source, str) and (source == "latest" or source[4:5] == "-")
    if isinstance(source, str | dict) and not by_time:
        message = "`method: point-in-time` restores the live table's past: its source is a time, not a backup"
        yield _problem(document, (*path, "from"), message, "say `latest` or a time, or use `method: write`")
    here, there = get(document.data, "aws", "account"), get(restore, "to", "account")
    if isinstance(here, str) and isinstance(there, str) and here != there:
        message = "`method: point-in-time` stays in the account of the live table"
        yield _problem(
            document, (*path, "to", "account"), message, "restore a backup there: `method: write` or `import`"
        )


def _bulk_put(document: Document, path: Path, restore: dict[str, Any]) -> Iterator[Problem]:
    if restore.get("existing") == "keep":
        message = "`method: bulk-put` writes over what is there, so it cannot keep it"
        yield _problem(document, (*path, "existing"), message, "use `method: write`")
    units = get(restore, "limits", "write_units_per_second")
    if isinstance(units, int) and units < LEAST_WRITE_UNITS:
        message = f"a bulk put takes no bound below {LEAST_WRITE_UNITS} write units per second"
        place = (*path, "limits", "write_units_per_second")
        yield _problem(document, place, message, f"say {LEAST_WRITE_UNITS} or more, or use `method: write`")
    if get(restore, "limits", "workers") is not None:
        message = "`workers` are processes of this machine, and `method: bulk-put` uses none"
        yield _problem(document, (*path, "limits", "workers"), message, "remove it, or use `method: write`")


def _account(document: Document, path: Path, restore: dict[str, Any]) -> Iterator[Problem]:
    """A role belongs to one account; the guard must name the same."""
    account, role = get(restore, "to", "account"), get(restore, "to", "assume_role", "role_arn")
    if isinstance(account, str) and isinstance(role, str):
        parts = role.split(":")
        if len(parts) > 5 and parts[4].isdigit() and parts[4] != account:
            message = f"the role is one of account {parts[4]}, but `account` allows writing in {account} only"
            yield _problem(document, (*path, "to", "account"), message, "correct the role or the account")


def _problem(document: Document, path: Path, message: str, hint: str) -> Problem:
    return document.problem(path, "method-cannot", message, hint=hint)
