"""``list``: the catalog, newest backup of each table first."""

from __future__ import annotations

from argparse import Namespace
from functools import partial

from ddbbackup.catalog import Record
from ddbbackup.catalog.queries import tables_with_records
from ddbbackup.cli.output import say
from ddbbackup.cli.session import Session, run_session
from ddbbackup.report.documents.list import render


def run(options: Namespace) -> int:
    async def look(session: Session) -> tuple[str, list[Record]]:
        context = session.context

        def every_record() -> list[Record]:
            tables = tables_with_records(
                context.catalog, session.plan, context.source.identity, only=options.only
            )
            return [stored.record for table in tables for stored in table.all()]

        return session.plan.name, await context.call(every_record)

    plan, records = run_session(options, look)
    say(options, partial(render, records, plan=plan), summary=False)
    return 0
