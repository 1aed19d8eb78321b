"""Tables that have backups but that the plan no longer selects: deleted, renamed, or without their tags."""

from __future__ import annotations

from collections.abc import Container
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
    newest = [pair for pair in read_concurrently(_newest_record, tables) if pair is not None]
    if not newest:
        return ()
    last_runs = {record.run for records, record in newest if records.table in selected}
    last_runs.add(max((record for _, record in newest), key=lambda record: record.started_at).run)
    dropped = [(records.table, record) for records, record in newest if records.table not in selected]
    existing = read_concurrently(lambda pair: _exists(context, pair[0]), dropped)
    unselected = [
        UnselectedTable(table, record.id, record.time or record.started_at, record.run in last_runs, exists)
        for (table, record), exists in zip(dropped, existing, strict=True)
    ]
    return tuple(sorted(unselected, key=lambda each: (not each.in_last_run, each.table)))


def _newest_record(records: TableRecords) -> tuple[TableRecords, Record] | None:
    stored = records.newest()
    return (records, stored.record) if stored is not None else None


def _exists(context: RunContext, table: str) -> bool | None:
    try:
        context.source.tables.describe(table)
    except TableMissing:
        return False
    except DdbBackupError:
        return None
    return True
