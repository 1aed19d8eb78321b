"""``verify``: reads recorded backups and proves that they are complete."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog.queries import complete_backups, tables_with_records
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.errors import NothingSelected
from ddbbackup.model.report import Report
from ddbbackup.verify.verify_backup import VerifyBackup


def run(options: Namespace) -> int:
    async def verify(session: Session) -> Report:
        context, wanted = session.context, options.backup
        tables = await context.call(
            tables_with_records, context.catalog, session.plan, context.source.identity, only=options.only
        )
        complete = await context.call(complete_backups, tables, every=options.all or wanted is not None)
        chosen = [stored for stored in complete if wanted in (None, stored.record.id)]
        if not chosen:
            raise NothingSelected(
                f"there is no complete backup{f' {wanted}' if wanted else ''} to verify",
                hint="see `ddbbackup list` for the backups in the catalog",
            )
        return await session.carry_out([VerifyBackup(stored) for stored in chosen])

    return write_report(options, run_session(options, verify))
