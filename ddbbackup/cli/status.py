"""``status``: each table of the plan, its last good backup, its age against the RPO, what is running."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial

from ddbbackup.cli.printing import say
from ddbbackup.cli.running import running
from ddbbackup.report.exit_code import STALE
from ddbbackup.report.standings import render
from ddbbackup.steps.selection import select
from ddbbackup.steps.standing import standings


def run(options: Namespace) -> int:
    with running(options) as this:
        world = this.world
        selection = select(this.plan, this.inventory(), only=options.only)
        found = standings(world, selection.chosen)
        now = world.clock.now()
        errors = [error for _, error in selection.failures]
        code = STALE if any(standing.breaks_rpo for standing in found) else 0
        code = errors[0].exit_code if errors else code
        this.aftermath.ended(exit_code=code, tables=found)
    say(options, partial(render, found, errors, plan=this.plan.name, now=now, exit_code=code))
    for error in errors:
        print(f"ddbbackup: {error.message}\nhint: {error.hint}", file=sys.stderr)
    return code
