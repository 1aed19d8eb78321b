"""``wait``: takes up what an earlier run left in progress."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.backup.finish_backup import FinishBackup
from ddbbackup.catalog.queries import backups_in_progress, tables_with_records
from ddbbackup.cli.output import print_report
from ddbbackup.cli.session import running
from ddbbackup.plan.selection import select


def run(options: Namespace) -> int:
    with running(options) as this:
        this.run_hooks.follow(lambda: select(this.plan, this.inventory()).chosen)
        context = this.context
        tables = tables_with_records(
            context.catalog, context.plan, context.source.identity, only=options.only
        )
        left = backups_in_progress(tables, now=context.clock.now())
        chosen = [stored for stored in left if options.run_id in (None, stored.record.run)]
        report = this.carry_out([FinishBackup(stored) for stored in chosen])
    return print_report(report, options)
