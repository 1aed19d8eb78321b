"""``wait``: completes the backups that earlier runs left in progress."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from ddbbackup.backup.finish_backup import FinishBackup
from ddbbackup.backup.snapshot import FinishSnapshot
from ddbbackup.catalog import BadRecord
from ddbbackup.catalog.queries import backups_in_progress, tables_with_records
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.model.report import Report
from ddbbackup.plan.model import TableEntry
from ddbbackup.plan.selection import select
from ddbbackup.steps.bad_record import ReportBadRecord


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
        steps: list[FinishBackup | FinishSnapshot | ReportBadRecord] = []
        for each in unfinished:
            if isinstance(each, BadRecord):
                steps.append(ReportBadRecord(each))
            elif options.run_id in (None, each.record.run):
                never_started = each.record.job_arn is None
                planned = not never_started or each.location.table in await all_tables()
                finish = FinishSnapshot if each.record.made_by == "snapshot" else FinishBackup
                steps.append(finish(each, planned=planned))
        return await session.carry_out(steps)

    return write_report(options, run_session(options, wait))
