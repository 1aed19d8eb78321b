"""``status``: the newest backup of each table of one plan or several, and its age against the RPO."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from ddbbackup.cli.output import plan_files_of, write_output
from ddbbackup.cli.plan_globs import WantedTables, read_plans
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say
from ddbbackup.clock import SystemClock
from ddbbackup.errors import DataIncomplete, NothingSelected
from ddbbackup.model.report import STALE
from ddbbackup.model.table_status import TableStatus
from ddbbackup.plan.only import Only
from ddbbackup.plan.selection import Inventory, select
from ddbbackup.report.commands import typed
from ddbbackup.report.documents.read_plan import naming
from ddbbackup.report.documents.status import PlanStatus, failed_plan, plan_status, status_report
from ddbbackup.report.formatting import counted
from ddbbackup.report.standing_phrases import restore_of_gone
from ddbbackup.status.gone_tables import gone_tables
from ddbbackup.status.table_status import read_statuses
from ddbbackup.steps.context import RunContext


def run(options: Namespace) -> int:
    read = read_plans(options, _read_plan, failed_plan)
    exit_code = max(each.plan.exit_code for each in read)
    document = status_report(
        read,
        now=SystemClock().now(),
        exit_code=exit_code,
        states=options.state,
        problems=options.problems,
        sort=options.sort,
    )
    exit_code = write_output(options, document, exit_code)
    for each in read:
        several = len(read) > 1
        files = each.plan.files if several else plan_files_of(options)
        told = [(error.message, error.hint) for error in each.plan.errors]
        for place in each.unreadable:
            reason = f"the destination {place.destination} cannot be read: {place.error.message}"
            told.append((reason, place.error.hint))
        for message, hint in told:
            said = naming(each.plan.files, message) if several else message
            say(f"ddbbackup: {said}", f"hint: {typed(hint, files)}")
    return exit_code


def _read_plan(options: Namespace, wanted: WantedTables) -> PlanStatus:
    async def read(session: Session) -> PlanStatus:
        context = session.context
        inventory = await session.inventory(only=wanted.only)
        try:
            selection = select(session.plan, inventory, only=wanted.of_plan(session.plan, inventory))
        except NothingSelected:
            await context.call(_refuse_gone_tables, context, inventory, wanted.only)
            raise
        found = await context.call(read_statuses, context, selection.chosen)
        hidden = {each.name for each in found.unreadable}
        gone = await context.call(gone_tables, context, inventory, only=wanted.only, hidden=hidden)
        errors = [error for _, error in selection.failures]
        codes = [error.exit_code for error in (*errors, *(each.error for each in found.unreadable))]
        exit_code = codes[0] if codes else _code_of(found.tables)
        session.run_hooks.ended(exit_code=exit_code, tables=found.tables)
        return plan_status(
            session.plan.name,
            options.file,
            context.source.identity,
            found.tables,
            found.unreadable,
            errors,
            exit_code=exit_code,
            gone=gone,
        )

    return run_session(options, read)


def _refuse_gone_tables(context: RunContext, inventory: Inventory, only: Only) -> None:
    """Raises ``NothingSelected`` if the name that selects nothing is that of a table that is gone."""
    gone = gone_tables(context, inventory, only=only) if only else ()
    if gone:
        others = f", and likewise {counted(len(gone) - 1, 'other table')}" if gone[1:] else ""
        raise NothingSelected(
            f"{gone[0].table} does not exist any more; its newest backup is {gone[0].backup}{others}",
            hint=f"run `{restore_of_gone([each.table for each in gone])}`",
        )


def _code_of(tables: Sequence[TableStatus]) -> int:
    """The most urgent reason. Backups that cannot be used are a failure, even if an older one is in time."""
    if any(table.breaks_rpo for table in tables):
        return STALE
    return DataIncomplete.exit_code if any(table.not_restorable for table in tables) else 0
