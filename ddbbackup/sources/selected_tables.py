"""The tables of a restore: which have backups, and in which destination.

Names come from the catalog, so that tables that no longer exist are restored like the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ddbbackup.catalog import Location
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.find_point import FoundPoint, find_point
from ddbbackup.errors import NothingSelected, Refused
from ddbbackup.model.json_value import as_object
from ddbbackup.plan.likely_entry import likely_entry
from ddbbackup.plan.model import Destination, Restore, TableSelector
from ddbbackup.plan.restore_from import FromCatalog
from ddbbackup.ports import Identity
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import RESTORES_OF_MANY, Permission
from ddbbackup.suggestions import suggest

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("restore", "read"), RESTORES_OF_MANY),
    Permission("s3:GetObject", "record", ("restore", "read"), RESTORES_OF_MANY),
)


async def restores_of_tables(context: RunContext, restore: Restore) -> tuple[Restore, ...]:
    """One restore for each table that the selector of ``restore`` selects, by name; itself if it names a table.

    Raises ``NothingSelected`` if there is none, and ``Refused`` if tags shall decide but were not recorded.
    """
    selector = restore.selector
    if selector is None:
        return (await _with_destination(context, restore),)
    every = await backed_up_tables(context, restore)
    tables = {name: place for name, place in every.items() if selector.admits(name)}
    if selector.tags:
        chosen = await asyncio.gather(*(_has_tags(context, selector, each) for _, each in tables.values()))
        tables = {name: tables[name] for name, is_chosen in zip(tables, chosen, strict=True) if is_chosen}
    if not tables:
        raise NothingSelected(
            f"no table with backups is selected by {selector}",
            hint=suggest(
                str(selector), every, otherwise="run `ddbbackup restore` to see what can be restored"
            ),
        )
    return tuple(_of_table(restore, name, destination) for name, (destination, _) in tables.items())


async def backed_up_tables(
    context: RunContext, restore: Restore | None = None
) -> dict[str, tuple[str, Location]]:
    """Every table with records, by name, with the name of its destination and its place there.

    Those of the account and Region of the plan, or of those that ``from`` of ``restore`` names. A table with records
    in several destinations is in that of its table entry, or else in the first one of the plan.
    """
    identity = _identity(context, restore)
    names = list(context.plan.destinations)
    listed = await asyncio.gather(
        *(context.call(_with_records, context, context.plan.destinations[name], identity) for name in names)
    )
    found: dict[str, tuple[str, Location]] = {}
    for destination, tables in zip(names, listed, strict=True):
        for table, location in tables.items():
            entry = likely_entry(table, context.plan.tables)
            if table not in found or (entry is not None and entry.destination == destination):
                found[table] = (destination, location)
    return dict(sorted(found.items()))


def _with_records(context: RunContext, destination: Destination, identity: Identity) -> dict[str, Location]:
    """Without tables whose records were all removed. Blocks."""
    tables = context.catalog.tables(destination, identity)
    have = read_concurrently(context.catalog.has_records, tables.values())
    return {name: tables[name] for name, has in zip(tables, have, strict=True) if has}


async def _with_destination(context: RunContext, restore: Restore) -> Restore:
    """A table that the plan does not back up any more may have its backups in any destination."""
    is_listed = likely_entry(restore.table, context.plan.tables) is not None
    if is_listed or not isinstance(restore.source, FromCatalog) or len(context.plan.destinations) < 2:
        return restore
    found = (await backed_up_tables(context, restore)).get(restore.table)
    return restore if found is None else replace(restore, destination=found[0])


def _of_table(restore: Restore, table: str, destination: str) -> Restore:
    """A selection on the command line has no name of its own."""
    name = table if restore.name == str(restore.selector) else f"{restore.name} {table}"
    return replace(restore, name=name, table=table, destination=destination, selector=None)


def _identity(context: RunContext, restore: Restore | None) -> Identity:
    identity = context.source.identity
    origin = restore.origin if restore is not None else None
    if origin is None:
        return identity
    return replace(
        identity, account=origin.account or identity.account, region=origin.region or identity.region
    )


async def _has_tags(context: RunContext, selector: TableSelector, location: Location) -> bool:
    tags = await context.call(_recorded_tags, context, location)
    return all(tags.get(key) == value for key, value in selector.tags.items())


def _recorded_tags(context: RunContext, location: Location) -> Mapping[str, object]:
    """At the newest restore point; empty for a table without one. Blocks."""
    found = find_point(context.catalog, location)
    if not isinstance(found, FoundPoint):
        return {}
    setting = (context.catalog.settings(found.last) or {}).get("tags")
    if setting is None or setting.state == "unknown":
        raise Refused(
            f"the tags of {location.table} were not recorded with its newest backup, so they cannot select it",
            hint="select the tables by their names, with `match`",
        )
    return as_object(setting.value) if setting.state == "present" else {}
