"""The restore that the command line names or describes."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.command_line_restore import restore_name
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
        return restore
    names = ", ".join(plan.restores)
    otherwise = f"choose one of: {names}" if names else "add it to `restores` in the plan"
    raise UsageError(
        f"the plan {plan.name} has no restore {name!r}",
        hint=suggest(name, plan.restores, otherwise=otherwise),
    )
