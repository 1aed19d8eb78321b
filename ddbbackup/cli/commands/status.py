"""``status``: each table of the plan, its last good backup, its age against the RPO, what is running."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial

from ddbbackup.cli.output import say
from ddbbackup.cli.session import running
from ddbbackup.model.report import STALE
from ddbbackup.plan.selection import select
from ddbbackup.report.documents.status import render
from ddbbackup.status.table_status import table_statuses


def run(options: Namespace) -> int:
    with running(options) as this:
        context = this.context
        selection = select(this.plan, this.inventory(), only=options.only)
        found = table_statuses(context, selection.chosen)
        now = context.clock.now()
        errors = [error for _, error in selection.failures]
        code = STALE if any(standing.breaks_rpo for standing in found) else 0
        code = errors[0].exit_code if errors else code
        this.run_hooks.ended(exit_code=code, tables=found)
    say(options, partial(render, found, errors, plan=this.plan.name, now=now, exit_code=code))
    for error in errors:
        print(f"ddbbackup: {error.message}\nhint: {error.hint}", file=sys.stderr)
    return code
