"""Tables that have backups but that the plan no longer chooses: deleted, renamed, or without their tags."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.catalog import Record
from ddbbackup.errors import DdbBackupError, TableMissing
from ddbbackup.steps.holdings import Holding, at_once, holdings
from ddbbackup.steps.permission import Permission
from ddbbackup.steps.world import World

PERMISSIONS: Final = (
    Permission(
        "dynamodb:DescribeTable",
        "table",
        ("read",),
        note="of a table that the plan no longer chooses: only to say whether it still exists",
    ),
)


@dataclass(frozen=True, slots=True)
class LostTable:
    """``exists`` None: could not be found out.

    ``in_last_run``: the last run of a table that is still chosen, or the plan's newest run, backed this one up too
    (runs with ``--only`` do not make all others seem long lost).
    """

    table: str
    last_backup: str
    last_backup_time: datetime
    in_last_run: bool
    exists: bool | None


def lost_tables(world: World, chosen: Container[str]) -> tuple[LostTable, ...]:
    """Those lost since the last run first. Raises what listing the catalog raises."""
    newest = [pair for pair in at_once(_newest, holdings(world)) if pair is not None]
    if not newest:
        return ()
    last_runs = {record.run for held, record in newest if held.table in chosen}
    last_runs.add(max((record for _, record in newest), key=lambda record: record.started_at).run)
    gone = [(held, record) for held, record in newest if held.table not in chosen]
    exist = at_once(lambda pair: _exists(world, pair[0].table), gone)
    found = [
        LostTable(
            held.table, record.id, record.export_time or record.started_at, record.run in last_runs, exists
        )
        for (held, record), exists in zip(gone, exist, strict=True)
    ]
    return tuple(sorted(found, key=lambda lost: (not lost.in_last_run, lost.table)))


def _newest(held: Holding) -> tuple[Holding, Record] | None:
    stored = next(iter(held.world.catalog.of_table(held.location, held.table)), None)
    return (held, stored.record) if stored is not None else None


def _exists(world: World, table: str) -> bool | None:
    try:
        world.source.tables.describe(table)
    except TableMissing:
        return False
    except DdbBackupError:
        return None
    return True
