"""``list``: the backups in the catalog, the newest of each table first."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.queries import tables_with_records
from ddbbackup.cli.output import write_output
from ddbbackup.cli.session import Session, run_session
from ddbbackup.report.documents.list import BackupList, backup_list


def run(options: Namespace) -> int:
    async def read(session: Session) -> BackupList:
        context = session.context

        def every_record() -> list[StoredRecord | BadRecord]:
            tables = tables_with_records(
                context.catalog, session.plan, context.source.identity, only=options.only
            )
            return [each for table in tables for each in table.all()]

        return backup_list(session.plan.name, await context.call(every_record))

    return write_output(options, run_session(options, read))
