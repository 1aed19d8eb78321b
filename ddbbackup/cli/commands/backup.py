"""``backup``: exports every table of the plan, waits, verifies the data and records the backups."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from ddbbackup.backup.export_time import choose_export_time
from ddbbackup.backup.planning import backup_steps
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.told_backups import tell_ended
from ddbbackup.model.report import Report
from ddbbackup.plan.model import TableEntry
from ddbbackup.plan.selection import select


def run(options: Namespace) -> int:
    async def back_up(session: Session) -> Report:
        context, plan = session.context, session.plan
        narrowed = () if session.run_hooks.needs_all_tables else options.only
        inventory = await session.inventory(only=narrowed)

        async def all_tables() -> Mapping[str, TableEntry]:
            return select(plan, inventory).chosen

        await session.run_hooks.follow(all_tables)
        selection = select(plan, inventory, only=options.only)
        export_time = await choose_export_time(context, selection)
        steps = backup_steps(plan, selection, export_time=export_time)
        standing = context.standing
        standing.begin(
            (each.table for each in steps if each.kind == "backup"),
            alone="the backup of {tables} was not started",
            together="the backups of {tables} were not started",
        )
        return await session.carry_out(steps, on_outcome=lambda outcome: tell_ended(standing, outcome))

    return write_report(options, run_session(options, back_up, wait=not options.no_wait))
