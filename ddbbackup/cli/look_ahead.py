"""Walks steps without carrying them out: what a run would do, and what stands in its way. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from ddbbackup.backup.check_destination import look_at
from ddbbackup.backup.export_time import choose_export_time
from ddbbackup.backup.planning import backup_steps
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import Assessment, guarded
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.selection import Selection, select, spell
from ddbbackup.report.documents.preview import Chosen, Preview
from ddbbackup.restore.planning import overwrites_its_source, restore_step
from ddbbackup.status.unselected_tables import UnselectedTable, unselected_tables
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.step import Step

_AT_A_TIME: Final = 4  # DescribeContinuousBackups may be called ten times a second (botocore's model)


def preview_backup(context: RunContext, *, only: str | None = None) -> Preview:
    """What ``backup`` would do. Raises what ``backup`` raises before its first step (nothing selected, no access)."""
    plan = context.plan
    selection = select(plan, take_inventory(plan, context.source, context.clock), only=only)
    looked = {name: look_at(context, plan.destinations[name]) for name in _used(selection)}
    notes: list[str] = []
    reachable = not any(check.error for checks in looked.values() for check in checks)
    export_time = None
    if reachable:
        export_time = choose_export_time(
            plan, context.source, context.catalog, selection, context.clock, run=context.run_id
        )
    elif plan.export_time == "common":
        notes.append("the common export time is not chosen yet: a destination has to be mended first")
    return replace(
        _empty(context),
        chosen=_chosen(plan, selection),
        lost=_lost(context, selection, notes) if only is None else (),
        destinations=looked,
        backups=_foretell(backup_steps(plan, selection, export_time=export_time), context),
        notes=tuple(notes),
    )


def preview_restores(context: RunContext, restores: Sequence[Restore]) -> Preview:
    """What these restores would do, each for itself."""
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="preview") as pool:
        return replace(
            _empty(context), restores=tuple(pool.map(lambda restore: _restore(context, restore), restores))
        )


def _empty(context: RunContext) -> Preview:
    return Preview(
        context.plan.name, context.run_id, context.clock.now(), context.source.identity, context.prices
    )


def _used(selection: Selection) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.destination for entry in selection.chosen.values()))


def _chosen(plan: Plan, selection: Selection) -> tuple[Chosen, ...]:
    return tuple(
        Chosen(
            spell(entry),
            entry.position,
            tuple(name for name, by in selection.chosen.items() if by.position == entry.position),
        )
        for entry in plan.tables
    )


def _lost(context: RunContext, selection: Selection, notes: list[str]) -> tuple[UnselectedTable, ...]:
    try:
        return unselected_tables(context, selection.chosen)
    except DdbBackupError as error:
        notes.append(
            f"whether the plan lost tables since its last run could not be found out: {error.message}"
        )
        return ()


def _foretell(steps: Sequence[Step], context: RunContext) -> tuple[Assessment, ...]:
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="preview") as pool:
        return tuple(pool.map(lambda step: step.assess(context), steps))


def _restore(context: RunContext, restore: Restore) -> Assessment:
    name = f"restore {restore.name}"

    def tell() -> Assessment:
        step = restore_step(restore, run=context.run_id, today=context.started_at, confirmed=True)
        told = step.assess(context)
        if overwrites_its_source(step):
            asks = "this overwrites the live table: the run asks for it, or needs --yes"
            told = replace(told, warnings=(asks, *told.warnings))
        return told

    return guarded(name, "restore", restore.table, name, tell)
