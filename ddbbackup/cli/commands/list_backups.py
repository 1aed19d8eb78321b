"""``list``: the backups in the catalog, the newest of each table first."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.find_point import not_restorable
from ddbbackup.catalog.queries import newest_records, tables_with_records
from ddbbackup.cli.output import write_output
from ddbbackup.cli.session import Session, run_session
from ddbbackup.report.documents.list import BackupList, backup_list


def run(options: Namespace) -> int:
    async def read(session: Session) -> BackupList:
        context = session.context

        def listed() -> BackupList:
            catalog = context.catalog
            tables = tables_with_records(catalog, session.plan, context.source.identity, only=options.only)
            records = newest_records(tables, limit=options.limit, since=options.since)
            stored = [each for each in records if isinstance(each, StoredRecord)]
            complete = [each for each in stored if each.record.state == "complete"]
            problems = not_restorable(catalog, complete, known=records)
            return backup_list(session.plan.name, records, problems)

        return await context.call(listed)

    return write_output(options, run_session(options, read))
