"""``status``: the newest backup of each table of the plan, and its age against the RPO."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.output import write_output
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say
from ddbbackup.model.report import STALE
from ddbbackup.plan.selection import select
from ddbbackup.report.documents.status import PlanStatus, plan_status
from ddbbackup.status.table_status import read_table_statuses


def run(options: Namespace) -> int:
    async def read(session: Session) -> PlanStatus:
        context = session.context
        selection = select(session.plan, await session.inventory(only=options.only), only=options.only)
        tables = await context.call(read_table_statuses, context, selection.chosen)
        errors = [error for _, error in selection.failures]
        stale = STALE if any(table.breaks_rpo for table in tables) else 0
        exit_code = errors[0].exit_code if errors else stale
        session.run_hooks.ended(exit_code=exit_code, tables=tables)
        return plan_status(
            session.plan.name,
            context.source.identity,
            tables,
            errors,
            now=context.clock.now(),
            exit_code=exit_code,
        )

    document = run_session(options, read)
    exit_code = write_output(options, document, document.exit_code)
    for error in document.errors:
        say(f"ddbbackup: {error.message}", f"hint: {error.hint}")
    return exit_code
