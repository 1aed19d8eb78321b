"""The restore that the command line names or describes."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from ddbbackup.cli.command_line_restore import restore_name
from ddbbackup.cli.item_selection import given_selection, selected_items
from ddbbackup.cli.restore_options import given
from ddbbackup.errors import UsageError
from ddbbackup.model.backup_id import is_backup_id
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
        _check_effect(restore, options)
        only = selected_items(options)
        if only is None:
            return restore
        if restore.existing == "mirror":
            raise UsageError(
                "`--existing mirror` restores the whole table, so that all other items would be deleted",
                hint="use `--existing overwrite`, or restore the whole table",
            )
        return replace(restore, only=only)
    message = f"the plan {plan.name} has no restore {name!r}"
    selecting = [option.flag for option, _ in given(options) if option.selects]
    if selecting:  # probably a part of a value with a space, such as a date and a time
        raise UsageError(
            message,
            hint=f"remove {name!r}, because {selecting[0]} is given; put a value with a space in quotes",
        )
    raise UsageError(message, hint=_hint(plan, name, options.verb))


def _check_effect(restore: Restore, options: Namespace) -> None:
    """Raises ``UsageError`` for an option that would change nothing. `diff` always reads the table."""
    if restore.schema_only and (selection := given_selection(options)):
        raise UsageError(
            f"{selection[0]} has no effect on a restore without items",
            hint=f"remove {', '.join(selection)}, or restore with items",
        )
    reads = [
        option.flag for option, _ in given(options) if option.path == ("limits", "read_units_per_second")
    ]
    if reads and options.verb != "diff" and restore.existing != "mirror":
        raise UsageError(f"{reads[0]} applies to `--existing mirror`", hint=f"remove {reads[0]}")


def _hint(plan: Plan, name: str, verb: str) -> str:
    """A table that the plan backs up needs no element of `restores`."""
    if any(name == entry.name for entry in plan.tables):
        return f"run `{_of_table(name, verb)}`"
    if is_backup_id(name):
        return f"name its table, too: `{_of_table('TABLE', verb)} --from {name}`"
    names = ", ".join(plan.restores)
    table = next((entry.name for entry in plan.tables if entry.name is not None), "TABLE")
    command = f"run `{_of_table(table, verb)}`"
    return suggest(name, plan.restores, otherwise=f"choose one of: {names}" if names else command)


def _of_table(table: str, verb: str) -> str:
    """The command of the same verb for a table: a comparison is not answered with a restore."""
    if verb == "diff":
        return f"ddbbackup diff --table {table}"
    verb = "preview restore" if verb == "preview" else "restore"
    return f"ddbbackup {verb} --table {table} --to {table}-restored"
