"""Tables that have backups but that the plan no longer chooses: deleted, renamed, or without their tags."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.catalog import Record
from ddbbackup.catalog.queries import TableRecords, read_concurrently, tables_with_records
from ddbbackup.errors import DdbBackupError, TableMissing
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission

PERMISSIONS: Final = (
    Permission(
        "dynamodb:DescribeTable",
        "table",
        ("read",),
        note="of a table that the plan no longer chooses: only to say whether it still exists",
    ),
)


@dataclass(frozen=True, slots=True)
class UnselectedTable:
    """``exists`` None: could not be found out.

    ``in_last_run``: the last run of a table that is still chosen, or the plan's newest run, backed this one up too
    (runs with ``--only`` do not make all others seem long lost).
    """

    table: str
    last_backup: str
    last_backup_time: datetime
    in_last_run: bool
    exists: bool | None


def unselected_tables(context: RunContext, chosen: Container[str]) -> tuple[UnselectedTable, ...]:
    """Those lost since the last run first. Raises what listing the catalog raises."""
    newest = [
        pair
        for pair in read_concurrently(
            _newest, tables_with_records(context.catalog, context.plan, context.source.identity)
        )
        if pair is not None
    ]
    if not newest:
        return ()
    last_runs = {record.run for held, record in newest if held.table in chosen}
    last_runs.add(max((record for _, record in newest), key=lambda record: record.started_at).run)
    gone = [(held, record) for held, record in newest if held.table not in chosen]
    exist = read_concurrently(lambda pair: _exists(context, pair[0].table), gone)
    found = [
        UnselectedTable(
            held.table, record.id, record.export.time or record.started_at, record.run in last_runs, exists
        )
        for (held, record), exists in zip(gone, exist, strict=True)
    ]
    return tuple(sorted(found, key=lambda lost: (not lost.in_last_run, lost.table)))


def _newest(records: TableRecords) -> tuple[TableRecords, Record] | None:
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
