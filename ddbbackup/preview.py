"""Walks steps without carrying them out: what a run would do, and what stands in its way. Only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ddbbackup.checks import Check
from ddbbackup.errors import DdbBackupError
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.ports import Identity
from ddbbackup.steps.check_destination import look_at
from ddbbackup.steps.forecast import Forecast, guarded
from ddbbackup.steps.inventory import choose_export_time, take_inventory
from ddbbackup.steps.lost_tables import LostTable, lost_tables
from ddbbackup.steps.planning import backup_steps, overwrites_its_source, restore_step
from ddbbackup.steps.prices import Cost, Prices
from ddbbackup.steps.selection import Selection, select, spell
from ddbbackup.steps.step import Step
from ddbbackup.steps.world import World

_AT_A_TIME: Final = 4  # DescribeContinuousBackups may be called ten times a second (botocore's model)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one entry of the plan's ``tables`` chose."""

    entry: str
    position: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that would be done. ``notes`` says what could not be looked at, and why."""

    plan: str
    run: str
    now: datetime
    identity: Identity
    prices: Prices
    chosen: tuple[Chosen, ...] = ()
    lost: tuple[LostTable, ...] = ()
    destinations: Mapping[str, tuple[Check, ...]] | None = None
    backups: tuple[Forecast, ...] = ()
    restores: tuple[Forecast, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def deciding(self) -> tuple[Forecast, ...]:
        """The steps by which the preview is judged: restores are done on demand, so beside backups they are not."""
        return self.backups or self.restores

    @property
    def cost(self) -> Cost:
        """Of the steps by which the preview is judged."""
        return sum((step.cost for step in self.deciding if step.cost is not None), Cost())


def preview_backup(world: World, *, only: str | None = None) -> Preview:
    """What ``backup`` would do. Raises what ``backup`` raises before its first step (nothing selected, no access)."""
    plan = world.plan
    selection = select(plan, take_inventory(plan, world.source, world.clock), only=only)
    looked = {name: look_at(world, plan.destinations[name]) for name in _used(selection)}
    notes: list[str] = []
    reachable = not any(check.error for checks in looked.values() for check in checks)
    export_time = None
    if reachable:
        export_time = choose_export_time(
            plan, world.source, world.catalog, selection, world.clock, run=world.run
        )
    elif plan.export_time == "common":
        notes.append("the common export time is not chosen yet: a destination has to be mended first")
    return replace(
        _empty(world),
        chosen=_chosen(plan, selection),
        lost=_lost(world, selection, notes) if only is None else (),
        destinations=looked,
        backups=_foretell(backup_steps(plan, selection, export_time=export_time), world),
        notes=tuple(notes),
    )


def preview_restores(world: World, restores: Sequence[Restore]) -> Preview:
    """What these restores would do, each for itself."""
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="preview") as pool:
        return replace(
            _empty(world), restores=tuple(pool.map(lambda restore: _restore(world, restore), restores))
        )


def _empty(world: World) -> Preview:
    return Preview(world.plan.name, world.run, world.clock.now(), world.source.identity, world.prices)


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


def _lost(world: World, selection: Selection, notes: list[str]) -> tuple[LostTable, ...]:
    try:
        return lost_tables(world, selection.chosen)
    except DdbBackupError as error:
        notes.append(
            f"whether the plan lost tables since its last run could not be found out: {error.message}"
        )
        return ()


def _foretell(steps: Sequence[Step], world: World) -> tuple[Forecast, ...]:
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="preview") as pool:
        return tuple(pool.map(lambda step: step.forecast(world), steps))


def _restore(world: World, restore: Restore) -> Forecast:
    name = f"restore {restore.name}"

    def tell() -> Forecast:
        step = restore_step(restore, run=world.run, today=world.started_at, confirmed=True)
        told = step.forecast(world)
        if overwrites_its_source(step):
            asks = "this overwrites the live table: the run asks for it, or needs --yes"
            told = replace(told, warnings=(asks, *told.warnings))
        return told

    return guarded(name, "restore", restore.table, name, tell)
