"""``status``: the newest backup of each table of one plan or several, and its age against the RPO."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from ddbbackup.cli.output import write_output
from ddbbackup.cli.plan_globs import separate_plans
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say
from ddbbackup.clock import SystemClock
from ddbbackup.errors import Bug, DdbBackupError, NothingSelected
from ddbbackup.model.report import STALE
from ddbbackup.plan.selection import matching_patterns, select
from ddbbackup.report.documents.status import PlanStatus, failed_plan, plan_status, status_report
from ddbbackup.status.table_status import read_statuses


def run(options: Namespace) -> int:
    plans = separate_plans(options.file)
    read = [_read_plan(options, plans[0])] if len(plans) == 1 else _read_several(options, plans)
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
        where = f"{', '.join(each.plan.files)}: " if len(read) > 1 else ""
        for error in each.plan.errors:
            say(f"ddbbackup: {where}{error.message}", f"hint: {error.hint}")
        for place in each.unreadable:
            say(
                f"ddbbackup: {where}the destination {place.destination} cannot be read: {place.error.message}",
                f"hint: {place.error.hint}",
            )
    return exit_code


def _read_plan(options: Namespace, files: list[str], matched: set[str] | None = None) -> PlanStatus:
    """With ``matched``, which gets the patterns that select tables of this plan, others may be of other plans."""

    async def read(session: Session) -> PlanStatus:
        context = session.context
        inventory = await session.inventory(only=options.only)
        only = options.only
        if matched is not None and only:
            only = matching_patterns(session.plan, inventory, only)
            matched.update(only)
        selection = select(session.plan, inventory, only=only)
        found = await context.call(read_statuses, context, selection.chosen)
        errors = [error for _, error in selection.failures]
        codes = [error.exit_code for error in (*errors, *(each.error for each in found.unreadable))]
        stale = STALE if any(table.breaks_rpo for table in found.tables) else 0
        exit_code = codes[0] if codes else stale
        session.run_hooks.ended(exit_code=exit_code, tables=found.tables)
        return plan_status(
            session.plan.name,
            files,
            context.source.identity,
            found.tables,
            found.unreadable,
            errors,
            exit_code=exit_code,
        )

    return run_session(Namespace(**{**vars(options), "file": files}), read)


def _read_several(options: Namespace, plans: Sequence[list[str]]) -> list[PlanStatus]:
    """What is wrong with one plan does not hide the others.

    A table that is named need not be in all plans. Raises ``NothingSelected`` if it is in none of them.
    """
    read: list[PlanStatus] = []
    matched: set[str] = set()
    absent: NothingSelected | None = None
    for files in plans:
        try:
            read.append(_read_plan(options, files, matched))
        except Bug:
            raise
        except DdbBackupError as error:
            if isinstance(error, NothingSelected) and options.only:
                absent = absent or error
            else:
                read.append(failed_plan(files, error))
    missing = [pattern for pattern in options.only if pattern not in matched]
    if missing and all(
        each.plan.plan is not None for each in read
    ):  # else it may be in one that is not shown
        raise absent or NothingSelected(
            f"no table of the plans matches {missing[0]!r}", hint="run `ddbbackup status` to see their tables"
        )
    return read
