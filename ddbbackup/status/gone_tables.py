"""Tables that were backed up in the last days and that do not exist any more, though an entry would select them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ddbbackup.catalog import Location
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.model.table_name import is_table_name
from ddbbackup.plan.model import Destination
from ddbbackup.plan.only import Only, wants
from ddbbackup.plan.selection import Inventory, entries_for
from ddbbackup.steps.context import RunContext

RECENT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class GoneTable:
    """``backup`` is the ID of its newest backup."""

    table: str
    backup: str


def gone_tables(
    context: RunContext, inventory: Inventory, *, only: Only = (), hidden: Container[str] = ()
) -> tuple[GoneTable, ...]:
    """By name, if the names of the account were listed. Blocking.

    Costs a listing of the folders of each destination that is not ``hidden``, and one for each folder of a table that
    does not exist. A destination that cannot be read has none: whoever reads its statuses says why.
    """
    if not inventory.names:
        return ()
    existing = set(inventory.names)
    missing = [
        location
        for destination in context.plan.destinations.values()
        if destination.name not in hidden
        for name, location in _folders(context, destination).items()
        if name not in existing and is_table_name(name)  # others may have put there what nobody should type
        if wants(only, name) and _is_of(context, destination, name)
    ]
    newest = read_concurrently(lambda each: _newest(context, each), missing)
    found = zip(missing, newest, strict=True)
    gone = (GoneTable(each.table, backup) for each, backup in found if backup is not None)
    return tuple(sorted(gone, key=lambda each: each.table))


def _folders(context: RunContext, destination: Destination) -> dict[str, Location]:
    try:
        return context.catalog.tables(destination, context.source.identity)
    except Bug:
        raise
    except DdbBackupError:
        return {}


def _is_of(context: RunContext, destination: Destination, table: str) -> bool:
    """Whether an entry selects the name. Nobody knows the tags that the table would have."""
    return any(entry.destination == destination.name for entry in entries_for(context.plan, table, {}))


def _newest(context: RunContext, location: Location) -> str | None:
    try:
        keys: Sequence[str] = context.catalog.record_keys(location, since=context.clock.now() - RECENT)
    except Bug:
        raise
    except DdbBackupError:
        return None
    return keys[-1].removeprefix(location.records).removesuffix(".json") if keys else None
