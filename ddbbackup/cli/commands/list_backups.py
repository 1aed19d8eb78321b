"""``list``: the catalog, newest backup of each table first."""

from __future__ import annotations

from argparse import Namespace
from functools import partial

from ddbbackup.catalog.queries import tables_with_records
from ddbbackup.cli.output import say
from ddbbackup.cli.session import running
from ddbbackup.report.documents.list import render


def run(options: Namespace) -> int:
    with running(options) as this:
        context = this.context
        tables = tables_with_records(
            context.catalog, context.plan, context.source.identity, only=options.only
        )
        records = [stored.record for table in tables for stored in table.all()]
    say(options, partial(render, records, plan=this.plan.name), summary=False)
    return 0
