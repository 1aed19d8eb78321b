"""``backup``: export, wait, verify and record every table that the plan chooses."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.backup.export_time import choose_export_time
from ddbbackup.backup.planning import backup_steps
from ddbbackup.cli.output import print_report
from ddbbackup.cli.session import running
from ddbbackup.plan.selection import select


def run(options: Namespace) -> int:
    with running(options, wait=not options.no_wait) as this:
        context = this.context
        inventory = this.inventory()
        this.run_hooks.follow(lambda: select(this.plan, inventory).chosen)
        selection = select(this.plan, inventory, only=options.only)
        export_time = choose_export_time(
            this.plan, context.source, context.catalog, selection, context.clock, run=context.run_id
        )
        report = this.carry_out(backup_steps(this.plan, selection, export_time=export_time))
    return print_report(report, options)
