"""Sentences about the standing of tables and the backups in the catalog. Plain text: each renderer escapes it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.commands import option, typed
from ddbbackup.report.formatting import count, counted
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.report.documents.list import BackupList, BackupRow
    from ddbbackup.report.documents.status import GoneRow, StatusReport

SEPARATOR: Final = " · "
_NAMED_AT_MOST: Final = 3


def status_counts(document: StatusReport) -> list[tuple[str, str]]:
    """``("198 ok", "ok")``: what the summary line is made of, and the status of each part.

    A narrow terminal has no column for the backups in progress, but the line counts their tables.
    """
    summary = document.summary
    numbers = {
        "ok": summary.ok,
        "failed": summary.failed,
        "stale": summary.stale,
        "never": summary.never,
        "unrestorable": summary.unrestorable,
        "unreadable": summary.unreadable,
        "running": summary.running,
    }
    parts = [(f"{count(number)} {status}", status) for status, number in numbers.items() if number]
    return parts if summary.tables else [("no tables", "never")]


def places(document: StatusReport) -> str:
    """``plan prod, account 123456789012, region eu-west-1``; what differs is in the columns."""
    plans = document.plans
    parts = [f"plan {plans[0].plan}" if len(plans) == 1 else f"{len(plans)} plans"]
    accounts = {each.account for each in plans if each.account}
    regions = {each.region for each in plans if each.region}
    parts += [f"account {each}" for each in accounts if len(accounts) == 1]
    parts += [f"region {each}" for each in regions if len(regions) == 1]
    return ", ".join(parts)


def unreadable_tables(document: StatusReport) -> list[str]:
    return [
        f"unreadable: destination {each.destination} (bucket {each.bucket}), "
        f"{counted(len(each.tables), 'table')}: {each.error.message}"
        for each in document.unreadable
    ]


def table_remarks(document: StatusReport) -> list[str]:
    """What the cells cannot say of tables, the worst first; the same reason is said once."""
    several = len({row.region for row in document.tables}) > 1
    tables = [(f"{row.table} ({row.region})" if several else row.table, row) for row in document.tables]
    broken = (
        ((row.plan, row.account, row.region), name, each.backup, each.reason)
        for name, row in tables
        for each in row.not_restorable
    )
    failures = _grouped((row.last_failure, name) for name, row in tables if row.last_failure)
    gaps = _grouped(
        (to_iso(row.gap_since.replace(microsecond=0)), name)
        for name, row in tables
        if row.gap_since is not None
    )
    return [
        *_gone(document),
        *not_restorable(broken),
        *(f"last backup failed: {names}: {message}" for message, names in failures),
        *(f"gap: {names}: changes after {since} may be in no backup" for since, names in gaps),
    ]


def _gone(document: StatusReport) -> Iterator[str]:
    """One sentence for each plan, of which several may have one name: a table that does not exist has no row."""
    several = len(document.plans) > 1
    files = {(plan.plan, plan.account, plan.region): plan.files for plan in reversed(document.plans)}
    rows_of: dict[tuple[str, str, str], list[GoneRow]] = {}
    for row in document.gone:
        rows_of.setdefault((row.plan, row.account, row.region), []).append(row)
    for place, rows in rows_of.items():
        _, account, region = place
        where = f"{account}/{region}" if len({plan.account for plan in document.plans}) > 1 else region
        text = _gone_from_one_plan(rows, f" in {where}" if several else "")
        yield typed(text, files[place]) if several else text


def _gone_from_one_plan(rows: Sequence[GoneRow], where: str) -> str:
    [(_, names)] = _grouped(("", row.table) for row in rows)
    command = restore_of_gone([row.table for row in rows])
    if len(rows) == 1:
        return f"gone{where}: {names}: this table does not exist any more; `{command}` brings it back"
    text = f"gone{where}: {names}: these tables do not exist any more; `{command}` brings"
    if len(rows) <= _NAMED_AT_MOST:
        return f"{text} them back"
    return f"{text} back every table that has backups and does not exist, and refuses the others"


def restore_of_gone(tables: Sequence[str]) -> str:
    """The command that creates these tables again. Of many, it creates all that have backups and do not exist."""
    if len(tables) == 1:
        chosen = option("--table", tables[0])
    elif len(tables) <= _NAMED_AT_MOST:
        chosen = " ".join(option("--match", table) for table in tables)
    else:
        chosen = "--all --create new"
    return f"ddbbackup restore {chosen} --settings all"


def backup_counts(document: BackupList) -> list[tuple[str, str]]:
    """``("205 complete", "complete")``: what the summary line is made of, and the state of each part."""
    states = document.summary.states
    return [(f"{count(number)} {state}", state) for state, number in states.items()]


def unreadable_vaults(document: BackupList) -> list[str]:
    return [
        f"unreadable: destination {each.destination} (bucket {each.bucket}): {each.error.message}"
        for each in document.unreadable
    ]


def backup_remarks(document: BackupList) -> list[str]:
    broken = (
        (_place(row), row.table, row.backup, row.not_restorable)
        for row in document.backups
        if row.not_restorable
    )
    failures = _grouped(_failures(document))
    return [
        *not_restorable(broken),
        *(f"failed: {names}: {message}" for message, names in failures),
    ]


def _failures(document: BackupList) -> Iterator[tuple[str, str]]:
    """The reason, and the newest backup of each table that failed for it."""
    ids: dict[tuple[str, str, Hashable], list[str]] = {}
    for row in document.backups:
        if row.failure:
            ids.setdefault((row.failure, row.table, _place(row)), []).append(row.backup)
    for (failure, table, _), own in ids.items():
        others = f" ({counted(len(own) - 1, 'older one')} too)" if len(own) > 1 else ""
        yield failure, f"{own[0]} of {table}{others}"


def _place(row: BackupRow) -> Hashable:
    return row.account, row.region, row.bucket, row.prefix


def not_restorable(backups: Iterable[tuple[Hashable, str, str, str]]) -> Iterator[str]:
    """One line for each reason of a table. Place, table, backup ID and reason of each backup, the newest first.

    ``place`` tells tables of one name apart.
    """
    by_reason: dict[tuple[Hashable, str, str], list[str]] = {}
    for place, table, backup, reason in backups:
        by_reason.setdefault((place, table, reason), []).append(backup)
    for (_, table, reason), ids in by_reason.items():
        others = f" and {counted(len(ids) - 1, 'older one')}" if len(ids) > 1 else ""
        yield f"not restorable: {ids[0]} of {table}{others}: {reason}"


def _grouped(pairs: Iterable[tuple[str | None, str]]) -> Iterator[tuple[str, str]]:
    """Each text once, with the first names that it is about."""
    names: dict[str, list[str]] = {}
    for text, name in pairs:
        if text is not None:
            names.setdefault(text, []).append(name)
    for text, own in names.items():
        more = f" and {count(len(own) - _NAMED_AT_MOST)} more" if len(own) > _NAMED_AT_MOST else ""
        yield text, ", ".join(own[:_NAMED_AT_MOST]) + more
