"""``verify``: reads recorded backups completely and compares them with their manifests and records."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.queries import complete_backups, tables_with_records
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.errors import NothingSelected
from ddbbackup.model.report import Report
from ddbbackup.steps.bad_record import ReportBadRecord
from ddbbackup.verify.verify_backup import VerifyBackup


def run(options: Namespace) -> int:
    async def verify(session: Session) -> Report:
        context, backup_id = session.context, options.backup
        tables = await context.call(
            tables_with_records, context.catalog, session.plan, context.source.identity, only=options.only
        )
        complete = await context.call(complete_backups, tables, every=options.all or backup_id is not None)
        chosen = [stored for stored in complete if backup_id in (None, _id(stored))]
        if not chosen:
            raise NothingSelected(
                f"the catalog has no complete backup {backup_id}"
                if backup_id
                else "there are no complete backups",
                hint="run `ddbbackup list` to see the backups in the catalog",
            )
        return await session.carry_out([_step(each) for each in chosen])

    return write_report(options, run_session(options, verify))


def _id(each: StoredRecord | BadRecord) -> str:
    return each.id if isinstance(each, BadRecord) else each.record.id


def _step(each: StoredRecord | BadRecord) -> VerifyBackup | ReportBadRecord:
    return ReportBadRecord(each) if isinstance(each, BadRecord) else VerifyBackup(each)
