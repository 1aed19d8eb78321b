"""How each table of a plan stands: its last good backup, and whether that is young enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from ddbbackup.catalog import BadRecord, Record, locate
from ddbbackup.catalog.queries import read_concurrently
from ddbbackup.plan.model import TableEntry
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("read",)),
    Permission("s3:GetObject", "record", ("read",)),
)


@dataclass(frozen=True, slots=True)
class TableStatus:
    """``age_seconds`` counts from the instant whose data the backup holds; None without a backup.
    ``completed_at`` is when the backup was verified, ``seconds`` how long that took from its start.

    ``running`` is the id of a backup in progress, ``last_failure`` what the newest finished try met if it
    was no success. ``bad_records`` are ids of newer records that cannot be used.
    """

    table: str
    state: Literal["fresh", "stale", "never"]
    backup: str | None = None
    export_time: datetime | None = None
    age_seconds: int | None = None
    rpo_seconds: int | None = None
    items: int | None = None
    size_bytes: int | None = None
    completed_at: datetime | None = None
    seconds: float | None = None
    running: str | None = None
    last_failure: str | None = None
    bad_records: tuple[str, ...] = ()

    @property
    def breaks_rpo(self) -> bool:
        return self.state == "stale" or (self.state == "never" and self.rpo_seconds is not None)


def table_statuses(context: RunContext, chosen: Mapping[str, TableEntry]) -> list[TableStatus]:
    """One a table, in the order given."""
    return read_concurrently(lambda pair: _standing(context, *pair), chosen.items())


def _standing(context: RunContext, table: str, entry: TableEntry) -> TableStatus:
    destination = context.plan.destinations[entry.destination]
    location = locate(destination, context.source.identity, table=table, plan=context.plan.name)
    newer: list[Record] = []
    bad_records: list[str] = []
    last: Record | None = None
    for stored in context.catalog.of_table(location):
        if isinstance(stored, BadRecord):
            bad_records.append(stored.id)
        elif stored.record.state == "complete":
            last = stored.record
            break
        else:
            newer.append(stored.record)
    status = judge(table, entry, last, newer, context.clock.now())
    return replace(status, bad_records=tuple(bad_records))


def judge(
    table: str, entry: TableEntry, last: Record | None, newer: list[Record], now: datetime
) -> TableStatus:
    """``last`` is the newest complete record, ``newer`` what came after it, newest first. Pure."""
    running = next((record.id for record in newer if record.state == "in_progress"), None)
    failure = next((record.failure for record in newer if record.state != "in_progress"), None)
    last_failure = failure.message if failure else None
    if last is None:
        return TableStatus(
            table, "never", rpo_seconds=entry.rpo_seconds, running=running, last_failure=last_failure
        )
    as_of = last.export.time or last.started_at
    age = int((now - as_of).total_seconds())
    late = entry.rpo_seconds is not None and age > entry.rpo_seconds
    return TableStatus(
        table,
        "stale" if late else "fresh",
        backup=last.id,
        export_time=as_of,
        age_seconds=age,
        rpo_seconds=entry.rpo_seconds,
        items=last.data.item_count,
        size_bytes=last.data.size_bytes,
        completed_at=last.completed_at,
        seconds=(last.completed_at - last.started_at).total_seconds() if last.completed_at else None,
        running=running,
        last_failure=last_failure,
    )
