"""Read the backup status of the tables of a plan from the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import BadRecord, Catalog, Location, Record, StoredRecord, locate
from ddbbackup.catalog.concurrent_reads import READS_AT_ONCE, read_concurrently
from ddbbackup.catalog.find_point import problem_of
from ddbbackup.catalog.queries import IN_PROGRESS_AT_MOST
from ddbbackup.errors import AccessDenied, Bug, DdbBackupError
from ddbbackup.model.table_status import NotRestorable, TableStatus, UnreadableDestination
from ddbbackup.plan.model import TableEntry
from ddbbackup.ports import ObjectFacts
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("read",)),
    Permission("s3:GetObject", "record", ("read",)),
)

_CHAIN_READS_AT_LEAST: Final = 4  # at a time, for each of up to 64 tables
_DENIED_AT_MOST: Final = 10  # records: then the others are not tried


@dataclass(frozen=True, slots=True)
class Statuses:
    """``tables`` are those whose records could be read, in the order of the plan."""

    tables: tuple[TableStatus, ...]
    unreadable: tuple[UnreadableDestination, ...] = ()


def read_table_statuses(context: RunContext, selected: Mapping[str, TableEntry]) -> list[TableStatus]:
    """The status of each table, in the order given. Blocking."""
    at_once = _reads_for_each(selected)
    return read_concurrently(lambda pair: _read_status(context, *pair, at_once), selected.items())


def read_statuses(context: RunContext, selected: Mapping[str, TableEntry]) -> Statuses:
    """As ``read_table_statuses``, but a destination that cannot be read takes only its own tables with it. Blocking.

    Each destination is tried first: two thousand tables of one that does not answer would take hours.
    """
    names = list(dict.fromkeys(entry.destination for entry in selected.values()))
    tried = read_concurrently(lambda name: _error_of(lambda: _try_destination(context, name)), names)
    errors = {name: error for name, error in zip(names, tried, strict=True) if error is not None}
    readable = [pair for pair in selected.items() if pair[1].destination not in errors]
    at_once = _reads_for_each(selected)
    read = read_concurrently(lambda pair: _status_or_error(context, *pair, at_once), readable)
    hidden: dict[str, list[str]] = {name: [] for name in errors}
    for table, entry in selected.items():
        if entry.destination in errors:
            hidden[entry.destination].append(table)
    for (table, entry), found in zip(readable, read, strict=True):
        if isinstance(found, DdbBackupError):
            errors.setdefault(entry.destination, found)
            hidden.setdefault(entry.destination, []).append(table)
    return Statuses(
        tuple(each for each in read if isinstance(each, TableStatus)),
        tuple(_unreadable(context, name, hidden[name], error) for name, error in errors.items()),
    )


def _reads_for_each(selected: Mapping[str, TableEntry]) -> int:
    return max(_CHAIN_READS_AT_LEAST, READS_AT_ONCE // max(len(selected), 1))


def _try_destination(context: RunContext, name: str) -> None:
    context.catalog.check_readable(context.plan.destinations[name], context.source.identity)


def _error_of(read: Callable[[], None]) -> DdbBackupError | None:
    try:
        read()
    except Bug:
        raise
    except DdbBackupError as error:
        return error
    return None


def _status_or_error(
    context: RunContext, table: str, entry: TableEntry, at_once: int
) -> TableStatus | DdbBackupError:
    try:
        return _read_status(context, table, entry, at_once)
    except Bug:
        raise
    except DdbBackupError as error:
        return error


def _unreadable(
    context: RunContext, name: str, tables: Sequence[str], error: DdbBackupError
) -> UnreadableDestination:
    return UnreadableDestination(name, context.plan.destinations[name].bucket, tuple(tables), error)


def assess_status(
    table: str,
    entry: TableEntry,
    last: Record | None,
    newer: Sequence[Record],
    now: datetime,
    *,
    older: Sequence[Record] = (),
) -> TableStatus:
    """``last`` is the newest complete record, ``newer`` the records after it, newest first. Pure.

    ``older`` are backups in progress that reach an earlier time than ``last``, newest first.
    """
    running = tuple(record.id for record in (*newer, *older) if record.state == "in_progress")
    failure = next((record.failure for record in newer if record.state != "in_progress"), None)
    last_failure = failure.message if failure else None
    if last is None:
        return TableStatus(
            table, "never", rpo_seconds=entry.rpo_seconds, running=running, last_failure=last_failure
        )
    export_time = last.holds_all_until or last.started_at
    age_seconds = int((now - export_time).total_seconds())
    stale = entry.rpo_seconds is not None and age_seconds > entry.rpo_seconds
    return TableStatus(
        table,
        "stale" if stale else "ok",
        backup=last.id,
        kind=last.kind,
        export_time=export_time,
        age_seconds=age_seconds,
        rpo_seconds=entry.rpo_seconds,
        items=last.data.item_count,
        size_bytes=last.data.size_bytes,
        verified=last.verified.outcome if last.verified is not None else None,
        completed_at=last.completed_at,
        seconds=(last.completed_at - last.started_at).total_seconds() if last.completed_at else None,
        running=running,
        last_failure=last_failure,
        gap_since=last.chain.restarted.missing_from if last.chain.restarted is not None else None,
        table_bytes=last.table.size_bytes,
    )


def _read_status(context: RunContext, table: str, entry: TableEntry, at_once: int) -> TableStatus:
    """Reads records up to the newest one that can be restored, and those of its chain that the summary does not know.

    A complete backup that cannot be restored is passed over: it protects nothing. Raises ``AccessDenied`` if no
    record may be read.
    """
    destination = context.plan.destinations[entry.destination]
    location = locate(destination, context.source.identity, table=table, plan=context.plan.name)
    newer: list[Record] = []
    last: Record | None = None
    passed: list[NotRestorable] = []
    denied: list[AccessDenied] = []
    now = context.clock.now()
    recent = context.catalog.list_records(location, since=now - IN_PROGRESS_AT_MOST)
    for stored in context.catalog.of_table(location, recent=recent):
        if isinstance(stored, BadRecord):
            passed.append(NotRestorable(stored.id, f"its record cannot be used: {stored.error.message}"))
            if isinstance(stored.error, AccessDenied):
                denied.append(stored.error)
            if len(denied) == len(passed) == _DENIED_AT_MOST and not newer:
                break
            continue
        if stored.record.state != "complete":
            newer.append(stored.record)
            continue
        problem = problem_of(context.catalog, stored, at_once=at_once)
        if problem is None:
            last = stored.record
            break
        log.warning(events.BACKUP_PASSED_OVER, table=table, backup=stored.record.id, message=problem.reason)
        damaged = stored.record.verified is not None and stored.record.verified.result == "damaged"
        passed.append(NotRestorable(stored.record.id, problem.reason, damaged))
    if denied and len(denied) == len(passed) and not newer and last is None:
        raise denied[0]
    older = _older_in_progress(context.catalog, location, recent, last) if last is not None else ()
    status = assess_status(table, entry, last, newer, now, older=older)
    return replace(status, not_restorable=tuple(passed))


def _older_in_progress(
    catalog: Catalog, location: Location, recent: Sequence[ObjectFacts], last: Record
) -> tuple[Record, ...]:
    """Among ``recent`` records. Reads the summary, and what neither it nor the chain of ``last`` knows."""
    needed = {location.record_key(backup) for backup in last.chain.needs}
    own = location.record_key(last.id)
    older = [each for each in recent if each.key < own and each.key not in needed]
    known = catalog.known_records(location, recent=older)
    unknown = [backup for backup, row in reversed(known.items()) if row is None]
    read = [catalog.read(location, location.record_key(backup)) for backup in unknown]
    return tuple(
        each.record for each in read if isinstance(each, StoredRecord) and each.record.state == "in_progress"
    )
