"""``list``: the backups in the catalog, the newest of each table first."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog import StoredRecord
from ddbbackup.catalog.find_point import not_restorable
from ddbbackup.catalog.queries import catalog_tables, readable_records
from ddbbackup.cli.output import plan_files_of, write_output
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say, stdout_view
from ddbbackup.errors import DataIncomplete
from ddbbackup.plan.only import check_only
from ddbbackup.report.commands import typed
from ddbbackup.report.documents.list import BackupList, backup_list
from ddbbackup.steps.context import RunContext


def run(options: Namespace) -> int:
    async def read(session: Session) -> BackupList:
        return await session.context.call(_read, session.context, options)

    document = run_session(options, read)
    unusable = DataIncomplete.exit_code if document.summary.states.get("unusable") else 0
    exit_code = document.unreadable[0].error.exit_code if document.unreadable else unusable
    exit_code = write_output(options, document, exit_code)
    for place in document.unreadable:
        say(
            f"ddbbackup: the destination {place.destination} cannot be read: {place.error.message}",
            f"hint: {typed(place.error.hint, plan_files_of(options))}",
        )
    return exit_code


def _read(context: RunContext, options: Namespace) -> BackupList:
    """Blocks."""
    plan, catalog = context.plan, context.catalog
    found = catalog_tables(catalog, plan, context.source.identity, only=options.only)
    newest_only = _fills_the_screen(options, len(found.tables))
    read = readable_records(found.tables, limit=1 if newest_only else options.last, since=options.since)
    unreadable = {**read.errors, **found.unreadable}
    if options.since is None and not unreadable:  # a folder may hold descriptions only
        check_only(
            options.only,
            {each.location.table for each in read.records},
            known={each.location.table for each in read.records},
            what="table with backups",
            otherwise="run `ddbbackup list` to see the tables that have backups",
        )
    stored = [each for each in read.records if isinstance(each, StoredRecord)]
    complete = [each for each in stored if each.record.state == "complete"]
    return backup_list(
        plan.name,
        read.records,
        not_restorable(catalog, complete, known=read.records),
        [(name, plan.destinations[name].bucket, error) for name, error in unreadable.items()],
        states=options.state,
        problems=options.problems,
        sort=options.sort,
        newest_only=newest_only,
    )


def _fills_the_screen(options: Namespace, tables: int) -> bool:
    """Whether the newest backup of each table is more than the terminal shows, and nothing else was asked for.

    Thousands of tables may have a hundred thousand records: reading them all would take minutes.
    """
    asked = (options.last, options.since, options.sort, *options.state, options.problems or None)
    is_shown_only = options.output == "text" and not options.output_files and options.detail == "normal"
    lines = stdout_view().lines
    return lines is not None and tables > lines and is_shown_only and all(each is None for each in asked)
