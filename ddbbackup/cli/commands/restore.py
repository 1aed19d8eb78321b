"""``restore``: runs one restore, of the plan or as the command line describes it, for one table or many."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace

from ddbbackup.cli.find_restore import find_restore
from ddbbackup.cli.output import write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say, stdin_is_terminal, write_stderr
from ddbbackup.errors import UsageError
from ddbbackup.model.report import Report
from ddbbackup.plan.model import Restore
from ddbbackup.restore.planning import overwrites_its_source, restore_step
from ddbbackup.restore.restore_table import RestoreTable
from ddbbackup.safe_text import escape
from ddbbackup.sources.selected_tables import restores_of_tables


def run(options: Namespace) -> int:
    async def restore(session: Session) -> Report:
        context = session.context
        named = find_restore(session.plan, options)
        if options.adopt and named.method not in ("point-in-time", "snapshot"):
            raise UsageError(
                f"--adopt applies to restores by AWS into a new table, but {named.name} has `method: {named.method}`",
                hint="remove --adopt: other methods continue by themselves",
            )
        if options.accept_incomplete:
            named = _by_writing(named)
        steps = [
            restore_step(
                each,
                run=context.run_id,
                today=context.started_at,
                confirmed=options.yes,
                adopts=options.adopt,
                accepts_incomplete=options.accept_incomplete,
                retrieve=options.retrieve,
            )
            for each in await restores_of_tables(context, named)
        ]
        for index, step in enumerate(steps):
            if not step.confirmed and overwrites_its_source(step) and stdin_is_terminal():
                steps[index] = replace(step, confirmed=_ask(session, step))
        return await session.carry_out(steps)

    return write_report(options, run_session(options, restore))


def _by_writing(restore: Restore) -> Restore:
    """AWS reads all data files of an import or a bulk put, and cannot leave one out."""
    if restore.method not in ("auto", "write"):
        raise UsageError(
            f"--accept-incomplete needs `method: write`, but {restore.name} has `method: {restore.method}`",
            hint="pass --method write too"
            if restore.method in ("import", "bulk-put")
            else "remove --accept-incomplete",
        )
    return replace(restore, method="write")


def _ask(session: Session, step: RestoreTable) -> bool:
    """Says what will happen to the live table; only its name, typed, confirms it."""
    identity = session.context.source.identity
    say(
        f"{step.restore.name} will {step.summary}",
        f"in account {identity.account}, region {identity.region}: changes made to these items since the backup "
        "will be lost.",
    )
    write_stderr(f"Type {escape(step.target)} to confirm: ")
    try:
        return sys.stdin.readline().strip() == step.target
    except (OSError, ValueError):
        return False
