"""Tables that have backups but that the plan no longer selects: deleted, renamed, or without their tags."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.catalog import Record
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.queries import TableRecords, tables_with_records
from ddbbackup.errors import DdbBackupError, TableMissing
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission

PERMISSIONS: Final = (
    Permission(
        "dynamodb:DescribeTable",
        "table",
        ("read",),
        note="of a table that the plan no longer selects: to report whether it still exists",
    ),
)


@dataclass(frozen=True, slots=True)
class UnselectedTable:
    """``exists`` is None if that is unknown.

    ``in_last_run``: the last run of a table that is still selected, or the newest run of the plan, also backed up
    this table. A run with ``--only`` therefore does not make other tables look as if they were dropped long ago.
    """

    table: str
    last_backup: str
    last_backup_time: datetime
    in_last_run: bool
    exists: bool | None


def unselected_tables(context: RunContext, selected: Container[str]) -> tuple[UnselectedTable, ...]:
    """Tables dropped since the last run come first. Raises what listing the catalog raises. Blocking."""
    tables = tables_with_records(context.catalog, context.plan, context.source.identity)
    dropped = _newest_records(each for each in tables if each.table not in selected)
    if not dropped:
        return ()  # without a request for each table that is selected
    still_selected = _newest_records(each for each in tables if each.table in selected)
    last_runs = {record.run for _, record in still_selected}
    newest = [record for _, record in (*dropped, *still_selected)]
    last_runs.add(max(newest, key=lambda record: record.started_at).run)
    existing = read_concurrently(lambda pair: _exists(context, pair[0]), dropped)
    unselected = [
        UnselectedTable(table, record.id, record.time or record.started_at, record.run in last_runs, exists)
        for (table, record), exists in zip(dropped, existing, strict=True)
    ]
    return tuple(sorted(unselected, key=lambda each: (not each.in_last_run, each.table)))


def _newest_records(tables: Iterable[TableRecords]) -> list[tuple[str, Record]]:
    """By table, without the tables that have none."""
    listed = list(tables)
    newest = read_concurrently(TableRecords.newest, listed)
    return [
        (each.table, stored.record) for each, stored in zip(listed, newest, strict=True) if stored is not None
    ]


def _exists(context: RunContext, table: str) -> bool | None:
    try:
        context.source.tables.describe(table)
    except TableMissing:
        return False
    except DdbBackupError:
        return None
    return True
