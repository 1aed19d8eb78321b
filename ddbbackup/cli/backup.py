"""``backup``: export, wait, verify and record every table that the plan chooses."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.printing import print_report
from ddbbackup.cli.running import running
from ddbbackup.steps.inventory import choose_export_time
from ddbbackup.steps.planning import backup_steps
from ddbbackup.steps.selection import select


def run(options: Namespace) -> int:
    with running(options, wait=not options.no_wait) as this:
        world = this.world
        inventory = this.inventory()
        this.aftermath.follow(lambda: select(this.plan, inventory).chosen)
        selection = select(this.plan, inventory, only=options.only)
        export_time = choose_export_time(
            this.plan, world.source, world.catalog, selection, world.clock, run=world.run
        )
        report = this.carry_out(backup_steps(this.plan, selection, export_time=export_time))
    return print_report(report, options)
