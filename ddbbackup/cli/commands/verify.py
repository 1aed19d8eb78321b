"""``verify``: proves recorded backups, the newest first, and records the results."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.queries import complete_backups, find_backups, tables_with_records
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.errors import NothingSelected, Refused
from ddbbackup.model.report import Report
from ddbbackup.steps.bad_record import ReportBadRecord
from ddbbackup.verify.restorable import fail_unrestorable
from ddbbackup.verify.verify_backup import VerifyBackup
from ddbbackup.verify.verify_snapshot import VerifySnapshot


def run(options: Namespace) -> int:
    async def verify(session: Session) -> Report:
        context, backup_id = session.context, options.backup
        tables = await context.call(
            tables_with_records, context.catalog, session.plan, context.source.identity, only=options.only
        )
        if backup_id is None:
            newest = None if options.all else options.newest
            backups = await context.call(complete_backups, tables, newest=newest)
        else:
            backups = _complete_only(await context.call(find_backups, tables, backup_id, only=options.only))
        if not backups:
            raise NothingSelected(
                "there are no complete backups", hint="run `ddbbackup list` to see the backups in the catalog"
            )
        steps = {each.key: _step(options, each) for each in _newest_first(backups)}
        stored = [(steps[each.key].id, each) for each in backups if isinstance(each, StoredRecord)]
        return await session.carry_out(
            list(steps.values()), conclude=lambda outcomes: fail_unrestorable(context, outcomes, dict(stored))
        )

    return write_report(options, run_session(options, verify))


def _step(
    options: Namespace, backup: StoredRecord | BadRecord
) -> VerifyBackup | VerifySnapshot | ReportBadRecord:
    if isinstance(backup, BadRecord):
        return ReportBadRecord(backup)
    if backup.record.made_by == "snapshot":
        return VerifySnapshot(backup)
    return VerifyBackup(backup, level=options.level, sample_percent=options.sample)


def _newest_first(backups: tuple[StoredRecord | BadRecord, ...]) -> list[StoredRecord | BadRecord]:
    """By the instant that they reach: if the run is stopped, what is most likely to be needed is proven."""
    return sorted(backups, key=_id_of, reverse=True)


def _id_of(backup: StoredRecord | BadRecord) -> str:
    return backup.id if isinstance(backup, BadRecord) else backup.record.id


def _complete_only(backups: tuple[StoredRecord | BadRecord, ...]) -> tuple[StoredRecord | BadRecord, ...]:
    for stored in backups:
        if isinstance(stored, StoredRecord) and stored.record.state != "complete":
            raise Refused(
                f"the backup {stored.record.id} of {stored.record.table.name} is {stored.record.state}, not complete",
                hint="choose a complete backup from `ddbbackup list`",
            )
    return backups
