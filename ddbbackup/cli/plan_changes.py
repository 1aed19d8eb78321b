"""What ``preview --against`` shows: the difference of two plans, with what the catalog says about its risks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ddbbackup.catalog import Location, locate
from ddbbackup.cli.plan_reference import Reference
from ddbbackup.errors import DdbBackupError, NothingSelected
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.comparison import Change, Place, PlanSide, compare_plans, shown_place
from ddbbackup.plan.document import Document, Mark
from ddbbackup.plan.model import Destination, Plan, Retention, TableEntry
from ddbbackup.plan.only import Only
from ddbbackup.plan.selection import Inventory, select
from ddbbackup.report.documents.plan_changes import PlanChanges, TableConsequence, plan_changes
from ddbbackup.report.table_names import names
from ddbbackup.retention.decision import Decision
from ddbbackup.retention.planning import decide_tables
from ddbbackup.retention.survey import READS_AT_ONCE
from ddbbackup.steps.context import RunContext

_NAMED_AT_MOST: Final = 10
_ALL: Final = Retention(keep_last=1_000_000_000, min_verified=0)


async def compare_with_reference(
    context: RunContext, document: Document, reference: Reference, inventory: Inventory, *, only: Only
) -> PlanChanges:
    """Reads the catalog of tables that are moved, no longer backed up, or have weaker retention."""
    after = _side(context, context.plan, document, inventory, only)
    before = _before(context, reference, after, inventory, only)
    comparison = compare_plans(before, after)
    notes: list[str] = []
    consequences = await _consequences(context, comparison.of("table"), before, after, notes)
    return plan_changes(
        comparison,
        reference=reference.name,
        commit=reference.commit,
        missing_files=reference.missing,
        is_new=reference.plan is None,
        consequences=consequences,
        notes=notes,
    )


def _before(
    context: RunContext, reference: Reference, after: PlanSide, inventory: Inventory, only: Only
) -> PlanSide:
    """Without a plan in the commit: one of the same name and account that backs up nothing."""
    if reference.plan is not None and reference.document is not None:
        return _side(context, reference.plan, reference.document, inventory, only)
    nothing = replace(after.plan, destinations={}, tables=(), restores={}, notifications=())
    empty = Document({"aws": after.document.data.get("aws", {})}, {(): Mark(reference.name, 1, 1)}, {})
    return replace(after, plan=nothing, document=empty, tables={})


def _side(context: RunContext, plan: Plan, document: Document, inventory: Inventory, only: Only) -> PlanSide:
    def place(destination: Destination, table: str) -> Place:
        location = _locate(context, plan, destination, table)
        return Place(S3Location(location.bucket, location.prefix).uri, location.uri)

    return PlanSide(plan, document, _chosen(plan, inventory, only), place)


def _chosen(plan: Plan, inventory: Inventory, only: Only) -> Mapping[str, TableEntry]:
    try:
        return select(plan, inventory, only=only).chosen
    except NothingSelected:
        return {}


def _locate(context: RunContext, plan: Plan, destination: Destination, table: str) -> Location:
    return locate(destination, context.source.identity, table=table, plan=plan.name)


async def _consequences(
    context: RunContext,
    changes: Sequence[Change],
    before: PlanSide,
    after: PlanSide,
    notes: list[str],
) -> dict[str, TableConsequence]:
    risky = [change for change in changes if change.risks]
    locations = {
        change.name: _locate(
            context,
            before.plan,
            before.plan.destinations[before.tables[change.name].destination],
            change.name,
        )
        for change in risky
    }
    left = {
        locations[change.name]: _ALL
        for change in risky
        if "not-backed-up" in change.risks or "moved" in change.risks
    }
    weaker = [change.name for change in risky if "weaker-retention" in change.risks]
    old, new = (
        {locations[name]: side.tables[name].retention or _ALL for name in weaker} for side in (before, after)
    )
    counted, allowed, removed = await asyncio.gather(*(_decide(context, each) for each in (left, old, new)))
    consequences: dict[str, TableConsequence] = {}
    unread: dict[str, list[str]] = {}
    for name, location in locations.items():
        results = (counted.get(location), allowed.get(location), removed.get(location))
        error = next((each for each in results if isinstance(each, DdbBackupError)), None)
        if error is not None:
            unread.setdefault(error.message, []).append(name)
        count, earlier, now = (each if isinstance(each, Decision) else None for each in results)
        consequences[name] = TableConsequence(
            shown_place(before, name),
            backups=count.restore_points if count is not None else None,
            removed=len({*now.removed} - {*earlier.removed}) if now and earlier else None,
        )
    notes += [
        f"could not read the backups of {names(tables, _NAMED_AT_MOST)}: {message}"
        for message, tables in unread.items()
    ]
    return consequences


async def _decide(
    context: RunContext, policies: Mapping[Location, Retention]
) -> Mapping[Location, Decision | DdbBackupError]:
    if not policies:
        return {}
    return await context.heavy(
        decide_tables, context.catalog, policies, now=context.clock.now(), reads_at_once=READS_AT_ONCE
    )
