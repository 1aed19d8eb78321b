"""``status``: each table of the plan, its last good backup, its age against the RPO, what is running."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ddbbackup.cli.output import say
from ddbbackup.cli.session import Session, run_session
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.report import STALE
from ddbbackup.plan.selection import select
from ddbbackup.report.documents.status import render
from ddbbackup.status.table_status import TableStatus, table_statuses


@dataclass(frozen=True, slots=True)
class Looked:
    """What ``status`` found; ``errors`` are of selectors that match the wrong tables."""

    plan: str
    statuses: list[TableStatus]
    errors: list[DdbBackupError]
    now: datetime
    exit_code: int


def run(options: Namespace) -> int:
    async def look(session: Session) -> Looked:
        context = session.context
        selection = select(session.plan, await session.inventory(), only=options.only)
        statuses = await context.call(table_statuses, context, selection.chosen)
        errors = [error for _, error in selection.failures]
        code = STALE if any(status.breaks_rpo for status in statuses) else 0
        code = errors[0].exit_code if errors else code
        session.run_hooks.ended(exit_code=code, tables=statuses)
        return Looked(session.plan.name, statuses, errors, context.clock.now(), code)

    looked = run_session(options, look)
    say(
        options,
        partial(
            render,
            looked.statuses,
            looked.errors,
            plan=looked.plan,
            now=looked.now,
            exit_code=looked.exit_code,
        ),
    )
    for error in looked.errors:
        print(f"ddbbackup: {error.message}\nhint: {error.hint}", file=sys.stderr)
    return looked.exit_code
