"""``list``: the catalog, newest backup of each table first."""

from __future__ import annotations

from argparse import Namespace
from functools import partial

from ddbbackup.cli.printing import say
from ddbbackup.cli.running import running
from ddbbackup.report.backups import render
from ddbbackup.steps.holdings import holdings


def run(options: Namespace) -> int:
    with running(options) as this:
        records = [stored.record for held in holdings(this.world, only=options.only) for stored in held.all()]
    say(options, partial(render, records, plan=this.plan.name), summary=False)
    return 0
