"""Reads what ``report`` shows of a plan: its catalog, and the names of the tables of the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.catalog import Location, locate
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.cli.plan_globs import WantedTables
from ddbbackup.errors import Bug, DdbBackupError, Refused
from ddbbackup.plan.model import Destination, Retention, TableEntry
from ddbbackup.plan.only import Only, wants
from ddbbackup.plan.selection import Inventory, needs_names, select
from ddbbackup.report.overview.build import AccountTables, ObservedPlan, ObservedTable
from ddbbackup.retention.decision import decision_of
from ddbbackup.retention.planning import policy_of
from ddbbackup.retention.survey import survey_table
from ddbbackup.status.gone_tables import gone_tables
from ddbbackup.status.table_status import read_table_statuses
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.permissions import Permission

PERMISSIONS: Final = (
    Permission(
        "dynamodb:ListTables",
        "everything",
        ("read",),
        note="`report` finds the tables that no entry covers; without it, it says that it could not",
    ),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """The backups of one table in one destination. ``entry``: it is there that the plan backs it up."""

    location: Location
    entry: TableEntry | None
    policy: Retention | None
    exists: bool | None
    gone: bool


async def observe_plan(context: RunContext, files: Sequence[str], wanted: WantedTables) -> ObservedPlan:
    """What cannot be read of one table or destination is an error of it, and the others are read.

    Raises ``NothingSelected`` if the plan selects no table, or no pattern of ``wanted`` one of them.
    """
    plan, identity = context.plan, context.source.identity
    inventory = await take_inventory(context, only=wanted.only)
    only = wanted.of_plan(plan, inventory)
    account = await _account_tables(context, inventory, only)
    selection = select(plan, inventory, only=only)
    recorded, unreadable = await context.call(_recorded, context)
    chosen = {
        locate(plan.destinations[entry.destination], identity, table=table, plan=plan.name): entry
        for table, entry in selection.chosen.items()
    }
    readable = {each: entry for each, entry in chosen.items() if entry.destination not in unreadable}
    names = account.names
    gone = (
        await context.call(gone_tables, context, Inventory(tuple(names)), only=only, hidden=unreadable)
        if names is not None
        else ()
    )
    lost = {each.table for each in gone}
    places = [
        _Place(
            location,
            readable.get(location),
            policy_of(plan, location.table, inventory.tags),
            location.table in names if names is not None else None,
            location.table in lost,
        )
        for location in dict.fromkeys((*readable, *recorded))
        if wants(only, location.table)
    ]
    tables = await context.heavy(read_concurrently, lambda place: _observe(context, place), places)
    missing = [
        ObservedTable(location, entry, error=unreadable[entry.destination])
        for location, entry in chosen.items()
        if location not in readable
    ]
    return ObservedPlan(
        plan.name,
        files,
        identity,
        [*(each for each in tables if each.is_known), *missing],
        account,
        unselected=[error for _, error in selection.failures],
        unreadable=list(unreadable.values()),
    )


async def _account_tables(context: RunContext, inventory: Inventory, only: Only) -> AccountTables:
    if only:
        return AccountTables(None, Refused("only some tables were asked for", hint="run it without --only"))
    if needs_names(context.plan):
        return AccountTables(frozenset(inventory.names))
    try:
        return AccountTables(frozenset(await context.call(lambda: tuple(context.source.tables.names()))))
    except DdbBackupError as error:
        return AccountTables(None, error)


def _recorded(context: RunContext) -> tuple[list[Location], Mapping[str, DdbBackupError]]:
    """Every table with records, and the destinations that could not be listed."""

    def list_one(destination: Destination) -> Iterable[Location] | DdbBackupError:
        try:
            return context.catalog.tables(destination, context.source.identity).values()
        except DdbBackupError as error:
            return error

    destinations = context.plan.destinations
    listed = dict(zip(destinations, read_concurrently(list_one, destinations.values()), strict=True))
    return (
        [each for found in listed.values() if not isinstance(found, DdbBackupError) for each in found],
        {name: found for name, found in listed.items() if isinstance(found, DdbBackupError)},
    )


def _observe(context: RunContext, place: _Place) -> ObservedTable:
    location, entry = place.location, place.entry
    try:
        statuses = read_table_statuses(context, {location.table: entry}) if entry is not None else []
        survey = survey_table(context.catalog, location)
    except Bug:
        raise
    except DdbBackupError as error:
        return ObservedTable(location, entry, error=error, exists=place.exists, gone=place.gone)
    observed = ObservedTable(
        location,
        entry,
        status=statuses[0] if statuses else None,
        survey=survey,
        policy=place.policy,
        exists=place.exists,
        gone=place.gone,
    )
    if place.policy is None:
        return observed
    try:  # may have to read more records
        decision = decision_of(survey, place.policy, context.catalog, now=context.clock.now())
    except Bug:
        raise
    except DdbBackupError as error:
        return replace(observed, decision_error=error)
    return replace(observed, decision=decision)
