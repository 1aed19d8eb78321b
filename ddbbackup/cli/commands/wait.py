"""``wait``: completes the backups that earlier runs left in progress."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from ddbbackup.backup.finish_backup import FinishBackup
from ddbbackup.catalog.queries import backups_in_progress, tables_with_records
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.model.report import Report
from ddbbackup.plan.model import TableEntry
from ddbbackup.plan.selection import select


def run(options: Namespace) -> int:
    async def wait(session: Session) -> Report:
        context = session.context

        async def all_tables() -> Mapping[str, TableEntry]:
            return select(session.plan, await session.inventory()).chosen

        await session.run_hooks.follow(all_tables)
        tables = await context.call(
            tables_with_records, context.catalog, session.plan, context.source.identity, only=options.only
        )
        unfinished = await context.call(backups_in_progress, tables, now=context.clock.now())
        chosen = [stored for stored in unfinished if options.run_id in (None, stored.record.run)]
        return await session.carry_out([FinishBackup(stored) for stored in chosen])

    return write_report(options, run_session(options, wait))
