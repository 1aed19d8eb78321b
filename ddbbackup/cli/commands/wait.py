"""``wait``: completes the backups that earlier runs left in progress."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping

from ddbbackup.backup.finish_backup import FinishBackup
from ddbbackup.backup.finish_scan import FinishScan
from ddbbackup.backup.snapshot import FinishSnapshot
from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.queries import backups_in_progress, tables_with_records
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.told_backups import tell_ended
from ddbbackup.model.report import Report
from ddbbackup.plan.model import TableEntry
from ddbbackup.plan.selection import select
from ddbbackup.steps.bad_record import ReportBadRecord

AllTables = Callable[[], Awaitable[Mapping[str, TableEntry]]]


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
        steps: list[FinishBackup | FinishScan | FinishSnapshot | ReportBadRecord] = []
        for each in unfinished:
            if isinstance(each, BadRecord):
                steps.append(ReportBadRecord(each))
            elif options.run_id in (None, each.record.run):
                steps.append(await _step_for(each, all_tables))
        standing = context.standing
        standing.begin(
            (step.table for step in steps if not isinstance(step, ReportBadRecord)),
            alone="the backup of {tables} is still in progress",
            together="the backups of {tables} are still in progress",
        )
        return await session.carry_out(steps, on_outcome=lambda outcome: tell_ended(standing, outcome))

    return write_report(options, run_session(options, wait))


async def _step_for(
    stored: StoredRecord, all_tables: AllTables
) -> FinishBackup | FinishScan | FinishSnapshot:
    """The plan is asked only where something would be started: a record alone starts nothing."""
    if stored.record.made_by == "scan":
        entry = (await all_tables()).get(stored.location.table)
        return FinishScan(stored, entry if entry is not None and entry.method == "scan" else None)
    planned = stored.record.job_arn is not None or stored.location.table in await all_tables()
    finish = FinishSnapshot if stored.record.made_by == "snapshot" else FinishBackup
    return finish(stored, planned=planned)
