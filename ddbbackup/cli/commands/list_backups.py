"""``list``: the backups in the catalog, the newest of each table first."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog import BadRecord, StoredRecord
from ddbbackup.catalog.queries import newest_records, tables_with_records
from ddbbackup.cli.output import write_output
from ddbbackup.cli.session import Session, run_session
from ddbbackup.report.documents.list import BackupList, backup_list


def run(options: Namespace) -> int:
    async def read(session: Session) -> BackupList:
        context = session.context

        def recorded() -> list[StoredRecord | BadRecord]:
            tables = tables_with_records(
                context.catalog, session.plan, context.source.identity, only=options.only
            )
            return newest_records(tables, limit=options.limit, since=options.since)

        return backup_list(session.plan.name, await context.call(recorded))

    return write_output(options, run_session(options, read))
