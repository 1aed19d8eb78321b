"""``completion``: prints a script that completes verbs, options, files and names in a shell."""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from collections.abc import Iterator
from typing import Final, Literal

import shtab

from ddbbackup.cli.completion_scripts import Kind, completing
from ddbbackup.cli.grammar import grammar
from ddbbackup.cli.options import DEFAULT_PLAN
from ddbbackup.cli.restore_options import ELEMENT_OPTIONS
from ddbbackup.cli.streams import write_stdout
from ddbbackup.errors import DdbBackupError, UsageError
from ddbbackup.model.table_name import is_table_name
from ddbbackup.plan import load
from ddbbackup.plan.keys import plan_keys
from ddbbackup.plan.model import Plan
from ddbbackup.plan.schemas import schemas_at

_NAMES: Final[dict[str, Kind]] = {
    "--table": "tables",
    "--only": "tables",
    "--from": "backups",
    "--backup": "backups",
}
_ARGUMENTS: Final[dict[tuple[str, str], Kind]] = {
    ("restore", "name"): "restores",
    ("preview", "previewed"): "previewed",
    ("diff", "name"): "restores",
    ("find", "table"): "tables",
    ("dump", "table"): "tables",
}
_BACKUPS_AT_MOST: Final = 100


def run(options: Namespace) -> int:
    if options.names is not None:
        return _write_names(options)
    if options.shell is None:
        raise UsageError(
            "the argument SHELL is missing", hint="run `ddbbackup completion --help` to see its arguments"
        )
    if options.file != [DEFAULT_PLAN]:
        raise UsageError(
            "-f has no effect on a completion script, which reads the plan of each command", hint="remove -f"
        )
    parser, parsers = grammar()
    for verb, each in (("", parser), *parsers.items()):
        for action in each._actions:
            _complete(verb, action)
    write_stdout(shtab.complete(parser, shell=options.shell).rstrip("\n") + "\n")
    return 0


def _complete(verb: str, action: argparse.Action) -> None:
    """Says what the values of an argument are; `shtab` reads these attributes."""
    flag = action.option_strings[-1] if action.option_strings else ""
    kind = _NAMES.get(flag) or _ARGUMENTS.get((verb, action.dest))
    if action.dest == "tables":
        kind = "tables"
    element = next((option for option in ELEMENT_OPTIONS if option.dest == action.dest), None)
    if verb == "explain" and action.dest == "key":
        action.choices = [key.plain_path for key in plan_keys()]
    elif action.metavar in ("FILE", "PLAN"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab reads this attribute
    elif kind is not None:
        action.complete = completing(kind)  # type: ignore[attr-defined]  # as above
        if action.help == argparse.SUPPRESS:  # `preview` explains its two arguments as one
            action.help = "restores and tables"
    elif element is not None:
        schemas = schemas_at(("restores", "x", *element.path))
        action.choices = [choice for each in schemas for choice in each.get("enum", ())] or None


def _write_names(options: Namespace) -> int:
    """The names that a shell offers, one in each line. None is better than an error in the middle of a command."""
    try:
        plan = load(options.file, os.environ)
        if options.names in ("restores", "previewed"):
            write_stdout("".join(f"{name}\n" for name in plan.restores))
        if options.names != "restores":
            names = _recorded(plan, "backups" if options.names == "backups" else "tables")
            write_stdout("".join(f"{name}\n" for name in names))
    except DdbBackupError as error:
        return error.exit_code
    return 0


def _recorded(plan: Plan, kind: Literal["tables", "backups"]) -> Iterator[str]:
    """Tables with backups, or the newest backups of all of them.

    Of the names in the bucket, which others may write, only those that are a word and no option in every shell.
    """
    from ddbbackup.catalog import Catalog  # noqa: PLC0415 - a script is printed without boto3
    from ddbbackup.catalog.concurrent_reads import read_concurrently  # noqa: PLC0415 - as above
    from ddbbackup.catalog.queries import tables_with_records  # noqa: PLC0415 - as above
    from ddbbackup.cli.session import connect_to  # noqa: PLC0415 - as above

    cloud = connect_to(plan)
    listed = tables_with_records(Catalog(cloud.objects, plan=plan.name), plan, cloud.identity)
    tables = [each for each in listed if is_table_name(each.table) and not each.table.startswith("-")]
    if kind == "tables":
        have = read_concurrently(lambda each: each.catalog.has_records(each.location), tables)
        yield from dict.fromkeys(each.table for each, has in zip(tables, have, strict=True) if has)
        return
    keys = read_concurrently(lambda each: each.keys(limit=_BACKUPS_AT_MOST, since=None), tables)
    ids = (key.rpartition("/")[2].removesuffix(".json") for many in keys for key in many)
    yield from sorted(ids, reverse=True)[:_BACKUPS_AT_MOST]
