"""``wait``: takes up what an earlier run left in progress."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.printing import print_report
from ddbbackup.cli.running import running
from ddbbackup.steps.finish_backup import FinishBackup
from ddbbackup.steps.holdings import in_progress
from ddbbackup.steps.selection import select


def run(options: Namespace) -> int:
    with running(options) as this:
        this.aftermath.follow(lambda: select(this.plan, this.inventory()).chosen)
        left = in_progress(this.world, only=options.only)
        chosen = [stored for stored in left if options.run_id in (None, stored.record.run)]
        report = this.carry_out([FinishBackup(stored) for stored in chosen])
    return print_report(report, options)
