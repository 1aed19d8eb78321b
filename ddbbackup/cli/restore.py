"""``restore NAME``: carries out one restore of the plan."""

from __future__ import annotations

import difflib
import sys
from argparse import Namespace
from dataclasses import replace

from ddbbackup.cli.printing import print_report
from ddbbackup.cli.running import Running, running
from ddbbackup.errors import UsageError
from ddbbackup.plan.model import Plan, Restore, Source
from ddbbackup.steps.planning import overwrites_its_source, restore_step
from ddbbackup.steps.restore_table import RestoreTable


def run(options: Namespace) -> int:
    with running(options) as this:
        restore = _find(this.plan, options.name)
        if options.source is not None:
            restore = replace(restore, source=Source(**options.source))
        world = this.world
        step = restore_step(restore, run=world.run, today=world.started_at, confirmed=options.yes)
        if not step.confirmed and overwrites_its_source(step) and sys.stdin.isatty():
            step = replace(step, confirmed=_ask(this, step))
        report = this.carry_out([step])
    return print_report(report, options)


def _find(plan: Plan, name: str) -> Restore:
    restore = plan.restores.get(name)
    if restore is not None:
        return restore
    near = difflib.get_close_matches(name, plan.restores, n=1)
    if near:
        hint = f"did you mean `{near[0]}`?"
    elif plan.restores:
        hint = f"choose one of: {', '.join(plan.restores)}"
    else:
        hint = "add it under `restores`"
    raise UsageError(f"the plan {plan.name} has no restore {name!r}", hint=hint)


def _ask(this: Running, step: RestoreTable) -> bool:
    """Shows what is about to happen to the live table; only its name, typed, is a yes."""
    identity = this.world.source.identity
    print(
        f"{step.restore.name} will {step.does}\n"
        f"in account {identity.account}, region {identity.region}: what was written there since is lost.",
        file=sys.stderr,
    )
    print(f"Type {step.target} to go on: ", file=sys.stderr, end="", flush=True)
    return sys.stdin.readline().strip() == step.target
