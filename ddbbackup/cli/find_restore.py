"""The restore that the command line names or describes."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from ddbbackup.cli.command_line_restore import restore_name
from ddbbackup.cli.item_selection import selected_items
from ddbbackup.errors import UsageError
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.suggestions import suggest


def find_restore(plan: Plan, options: Namespace) -> Restore:
    """From a plan that has passed ``with_command_line``. Raises ``UsageError`` if it has no such restore."""
    name = restore_name(options)
    if name is None:
        raise UsageError(
            "no restore and no table is named",
            hint="name a restore of the plan, or select tables with --table, --match, --tag or --all",
        )
    restore = plan.restores.get(name)
    if restore is not None:
        only = selected_items(options)
        if only is None:
            return restore
        if restore.existing == "mirror":
            raise UsageError(
                "`--existing mirror` restores the whole table, so that all other items would be deleted",
                hint="use `--existing overwrite`, or restore the whole table",
            )
        return replace(restore, only=only)
    raise UsageError(f"the plan {plan.name} has no restore {name!r}", hint=_hint(plan, name))


def _hint(plan: Plan, name: str) -> str:
    """A table that the plan backs up needs no element of `restores`."""
    if any(name == entry.name for entry in plan.tables):
        return f"run `ddbbackup restore --table {name} --to {name}-restored`"
    names = ", ".join(plan.restores)
    table = next((entry.name for entry in plan.tables if entry.name is not None), "TABLE")
    command = f"run `ddbbackup restore --table {table} --to {table}-restored`"
    return suggest(name, plan.restores, otherwise=f"choose one of: {names}" if names else command)
