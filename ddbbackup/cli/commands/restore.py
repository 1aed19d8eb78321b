"""``restore``: runs one restore, of the plan or as the command line describes it, for one table or many."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import Final

from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.find_point import find_point
from ddbbackup.cli.command_line_restore import restore_name
from ddbbackup.cli.confirm import close_comparisons, confirm
from ddbbackup.cli.find_restore import find_restore
from ddbbackup.cli.output import write_output, write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say, stdin_is_terminal
from ddbbackup.errors import UsageError
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.plan.model import Restore
from ddbbackup.report.documents.restorable import Restorable, restorable
from ddbbackup.restore.nothing_matched import fail_if_nothing_matched
from ddbbackup.restore.planning import restore_step
from ddbbackup.sources.selected_tables import backed_up_tables, restores_of_tables

NOTHING_NAMED: Final = UsageError.exit_code


def run(options: Namespace) -> int:
    if restore_name(options) is None:
        return _list(options)

    async def restore(session: Session) -> Report:
        context = session.context
        context.standing.begin()
        named = find_restore(session.plan, options)
        if options.adopt and named.method not in ("point-in-time", "snapshot"):
            raise UsageError(
                f"--adopt applies to restores by AWS into a new table, but {named.name} has `method: {named.method}`",
                hint="remove --adopt: other methods continue by themselves",
            )
        if options.accept_incomplete:
            named = _by_writing(named)
        if options.yes_delete is not None and named.existing != "mirror":
            raise UsageError(
                f"--yes-delete applies to `existing: mirror`, but {named.name} has `existing: {named.existing}`",
                hint="remove --yes-delete, or pass --existing mirror",
            )
        steps = [
            restore_step(
                each,
                run=context.run_id,
                today=context.started_at,
                confirmed=options.yes,
                adopts=options.adopt,
                accepts_incomplete=options.accept_incomplete,
                retrieve=options.retrieve,
                allowed_deletes=options.yes_delete,
            )
            for each in await restores_of_tables(context, named)
        ]
        if stdin_is_terminal():
            steps = await confirm(context, steps)
        context.standing.begin(step.target for step in steps)

        async def conclude(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
            return fail_if_nothing_matched({step.id: step.restore for step in steps}, outcomes)

        try:
            return await session.carry_out(steps, conclude=conclude)
        finally:
            await close_comparisons(context, steps)

    return write_report(options, run_session(options, restore))


def _list(options: Namespace) -> int:
    """Shows what can be restored. It is not a success: a pipeline may have lost the name in an empty variable."""
    forms = {options.output, *(form for form, _ in options.output_files)}
    if unknown := sorted(forms - {"text", "json"}):
        raise UsageError(
            f"the list of what can be restored has no output form {unknown[0]!r}",
            hint="choose one of: text, json",
        )

    async def look(session: Session) -> Restorable:
        context = session.context
        identity = context.source.identity
        places = await backed_up_tables(context)
        points = await context.call(
            read_concurrently,
            lambda place: find_point(context.catalog, place),
            [location for _, location in places.values()],
        )
        return restorable(
            session.plan,
            account=identity.account,
            region=identity.region,
            points=dict(zip(places, points, strict=True)),
        )

    found = run_session(options, look)
    code = write_output(options, found, NOTHING_NAMED)
    say(f"nothing was restored: {_what_to_name(found)}")
    return code


def _what_to_name(found: Restorable) -> str:
    if not found.tables:
        return "no table has a backup; run `ddbbackup backup` first"
    if found.restores:
        return "name one of these restores, or pass --table TABLE --to TARGET"
    return "pass --table TABLE --to TARGET, or --all --to '{table}-restored'"


def _by_writing(restore: Restore) -> Restore:
    """AWS reads all data files of an import or a bulk put, and cannot leave one out.

    A mirror would delete the items of the files that are lost.
    """
    if restore.existing == "mirror":
        raise UsageError(
            f"--accept-incomplete would delete the lost items, because {restore.name} has `existing: mirror`",
            hint="pass --existing overwrite too",
        )
    if restore.method not in ("auto", "write"):
        raise UsageError(
            f"--accept-incomplete needs `method: write`, but {restore.name} has `method: {restore.method}`",
            hint="pass --method write too"
            if restore.method in ("import", "bulk-put")
            else "remove --accept-incomplete",
        )
    return replace(restore, method="write")
