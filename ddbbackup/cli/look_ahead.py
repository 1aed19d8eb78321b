"""Assess the steps of a run without running them: what they would do, and what blocks them. Only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ddbbackup.backup.backup_table import BackupTable
from ddbbackup.backup.check_destination import checks_of
from ddbbackup.backup.export_time import choose_export_time
from ddbbackup.backup.planning import backup_steps
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import AnyAssessment
from ddbbackup.model.check import Check
from ddbbackup.model.export_pace import PACE, start_seconds
from ddbbackup.model.progress import Progress
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.only import Only
from ddbbackup.plan.selection import Inventory, Selection, format_selector, select
from ddbbackup.report.documents.plan_changes import PlanChanges
from ddbbackup.report.documents.preview import Preview, SelectedTables, preview
from ddbbackup.report.formatting import counted, duration
from ddbbackup.restore.planning import restore_step
from ddbbackup.retention.planning import plan_prune
from ddbbackup.sources.selected_tables import restores_of_tables
from ddbbackup.status.unselected_tables import UnselectedTable, unselected_tables
from ddbbackup.steps.assessing import assess, blocked
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.rate_limits import pace_of_checks
from ddbbackup.steps.step import AnyStep

_NOTABLE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What a run would do. ``destinations`` are checks by the name of the destination."""

    selection: tuple[SelectedTables, ...] = ()
    unselected_tables: tuple[UnselectedTable, ...] = ()
    destinations: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    backups: tuple[AnyAssessment, ...] = ()
    restores: tuple[AnyAssessment, ...] = ()
    prunes: tuple[AnyAssessment, ...] = ()
    notes: tuple[str, ...] = ()
    against: PlanChanges | None = None


async def preview_backup(
    context: RunContext, *, only: Only = (), inventory: Inventory | None = None
) -> LookAhead:
    """What ``backup`` would do. Raises what ``backup`` raises before its first step, such as ``NothingSelected``."""
    plan = context.plan
    selection = select(plan, inventory or await take_inventory(context, only=only), only=only)
    checks = {name: await checks_of(context, plan.destinations[name]) for name in _used(selection)}
    notes: list[str] = []
    export_time = await choose_export_time(context, selection)
    steps = backup_steps(plan, selection, export_time=export_time)
    backups = await _assess_all(steps, context, pace=pace_of_checks(len(steps)))
    notes += _pace(steps, backups)
    return LookAhead(
        selection=_selected(plan, selection),
        unselected_tables=await _unselected(context, selection, notes) if not only else (),
        destinations=checks,
        backups=backups,
        notes=tuple(notes),
    )


async def preview_restores(context: RunContext, restores: Sequence[Restore]) -> LookAhead:
    """What each of these restores would do. A restore that cannot be planned is one blocked assessment."""
    assessments = await asyncio.gather(*(_restore(context, restore) for restore in restores))
    return LookAhead(restores=tuple(each for many in assessments for each in many))


async def preview_prune(context: RunContext, *, only: Only = (), confirmed: bool = False) -> LookAhead:
    """What ``prune --apply`` would do. Raises what it raises before its first step, such as ``NothingSelected``."""
    found = await plan_prune(context, only=only, confirmed=confirmed)
    return LookAhead(prunes=await _assess_all(found.steps, context), notes=found.notes)


def preview_of(context: RunContext, found: LookAhead, *, detailed_exit_code: bool) -> Preview:
    return preview(
        plan=context.plan.name,
        run=context.run_id,
        now=context.clock.now(),
        identity=context.source.identity,
        prices=context.prices,
        selection=found.selection,
        unselected_tables=found.unselected_tables,
        destinations=found.destinations,
        backups=found.backups,
        restores=found.restores,
        prunes=found.prunes,
        notes=found.notes,
        against=found.against,
        detailed_exit_code=detailed_exit_code,
    )


def _used(selection: Selection) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.destination for entry in selection.chosen.values()))


def _selected(plan: Plan, selection: Selection) -> tuple[SelectedTables, ...]:
    return tuple(
        SelectedTables(
            format_selector(entry),
            entry.position,
            tuple(name for name, by in selection.chosen.items() if by.position == entry.position),
        )
        for entry in plan.tables
    )


async def _unselected(
    context: RunContext, selection: Selection, notes: list[str]
) -> tuple[UnselectedTable, ...]:
    try:
        return await context.call(unselected_tables, context, selection.chosen)
    except DdbBackupError as error:
        notes.append(f"could not check for tables dropped since the last run: {error.message}")
        return ()


async def _assess_all(
    steps: Sequence[AnyStep], context: RunContext, *, pace: str = ""
) -> tuple[AnyAssessment, ...]:
    """``pace`` says why it takes a while."""
    assessed = 0

    async def assess_one(step: AnyStep) -> AnyAssessment:
        nonlocal assessed
        assessment = await assess(step, context)
        assessed += 1
        context.on_progress(Progress("", "assess", assessed, len(steps), "tables", reason=pace))
        return assessment

    return tuple(await asyncio.gather(*map(assess_one, steps)))


def _pace(steps: Sequence[AnyStep], assessments: Sequence[AnyAssessment]) -> list[str]:
    """Said before it is felt: many tables wait for their turn."""
    exports = sum(
        isinstance(step, BackupTable) and each.changes and not each.blockers
        for step, each in zip(steps, assessments, strict=True)
    )
    seconds = start_seconds(exports)
    if seconds < _NOTABLE_SECONDS:
        return []
    return [f"{counted(exports, 'export')} start over about {duration(seconds)}: {PACE}"]


async def _restore(context: RunContext, restore: Restore) -> tuple[AnyAssessment, ...]:
    """One assessment for each table."""
    name = f"restore {restore.name}"
    try:
        steps = [
            restore_step(each, run=context.run_id, today=context.started_at, confirmed=True)
            for each in await restores_of_tables(context, restore)
        ]
    except DdbBackupError as error:
        return (blocked(name, "restore", restore.table, name, error),)
    return await _assess_all(steps, context)
