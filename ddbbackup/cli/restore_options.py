"""The options that say what an element of ``restores`` says: one row for each.

A new key of the element is a row here. The parser, ``command_line_restore.py`` and the completion read this table.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ddbbackup.cli.typed_value import typed_value
from ddbbackup.errors import UsageError
from ddbbackup.plan.document import ValuePath

_INTEGER: Final = re.compile(r"-?[0-9]+", re.ASCII)
_DIGITS: Final = 18  # of numbers that fit into 64 bits


@dataclass(frozen=True, slots=True)
class ElementOption:
    """``path`` is the place in the element that the option sets. ``value`` makes the value of the plan from a text.

    ``selects``: it says which tables are restored. ``many``: the option may be repeated, and ``value`` gets a list.
    Values are checked by the schema and the rules of the plan, not here.
    """

    flag: str
    path: ValuePath
    help: str
    metavar: str | None = None
    value: Callable[[Any], Any] = str
    many: bool = False
    selects: bool = False

    @property
    def dest(self) -> str:
        """The attribute of the parsed options."""
        return "element." + ".".join(map(str, self.path)) + self.flag


def _number(text: str) -> int | str:
    """What is not a number remains a text, so that the schema refuses it."""
    return int(text) if _INTEGER.fullmatch(text) else text


def _not_too_long(text: str) -> str:
    if not text:
        raise UsageError("the value is empty", hint="use a whole number")
    if _INTEGER.fullmatch(text) and len(text) > _DIGITS:
        raise UsageError("the number is too large", hint=f"use a number of at most {_DIGITS} digits")
    return text


def _settings(text: str) -> str | list[str]:
    """``all``, ``none``, or names with commas between them."""
    return text if text in ("all", "none") else text.split(",")


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Raises ``UsageError`` unless each is ``KEY=VALUE`` of another key."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--tag: {text!r} is not a tag with its value", hint="use KEY=VALUE")
        if key in pairs:
            raise UsageError(f"--tag {key} is given twice", hint=f"keep one `--tag {key}=VALUE`")
        pairs[key] = value
    return pairs


def _assigned(texts: Sequence[str]) -> dict[str, Any]:
    """Raises ``UsageError`` unless each is ``PATH=VALUE`` of another path. ``{"N": "1"}`` says its type."""
    values: dict[str, Any] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        if not path or not equals:
            raise UsageError(f"--set: {text!r} is not a path with its value", hint="use PATH=VALUE")
        if path in values:
            raise UsageError(f"--set {path} is given twice", hint=f"keep one `--set {path}=VALUE`")
        values[path] = typed_value(f"--set {path}", value) if value.startswith("{") else value
    return values


def _from_environment(variable: str) -> str:
    """Raises ``UsageError`` if the variable is not set."""
    value = os.environ.get(variable)
    if not value:
        raise UsageError(
            f"--hash-key-from: the environment variable {variable} is not set",
            hint="set it to the secret key of the hashes",
        )
    return value


ELEMENT_OPTIONS: Final = (
    ElementOption(
        "--table", ("table",), "restore this table, which needs no element in the plan", "TABLE", selects=True
    ),
    ElementOption(
        "--match",
        ("match",),
        "restore every table that has backups and a name that matches; may be repeated",
        "GLOB",
        list,
        many=True,
        selects=True,
    ),
    ElementOption(
        "--tag",
        ("tags",),
        "restore every table that had this tag at its newest backup; may be repeated",
        "KEY=VALUE",
        pairs,
        many=True,
        selects=True,
    ),
    ElementOption(
        "--all",
        ("match",),
        "restore every table that has backups",
        value=lambda _: "*",
        selects=True,
    ),
    ElementOption(
        "--exclude",
        ("exclude",),
        "leave out tables of --match, --tag or --all; may be repeated",
        "GLOB",
        list,
        many=True,
    ),
    ElementOption(
        "--schema-only", ("schema_only",), "create tables and settings, and write no items", value=bool
    ),
    ElementOption("--to", ("to", "table"), "target table, or a template such as '{table}-restored'", "TABLE"),
    ElementOption("--create", ("to", "create"), "create the target: never, if-missing or new", "WHEN"),
    ElementOption("--to-region", ("to", "region"), "Region of the target", "REGION"),
    ElementOption("--to-account", ("to", "account"), "refuse to write to any other account", "ACCOUNT"),
    ElementOption(
        "--to-role",
        ("to", "assume_role"),
        "ARN of the role to assume for the target",
        "ARN",
        lambda arn: {"role_arn": arn},
    ),
    ElementOption(
        "--to-external-id", ("to", "assume_role", "external_id"), "external ID for that role", "ID"
    ),
    ElementOption(
        "--billing-mode",
        ("to", "billing_mode"),
        "of a target that is created: PAY_PER_REQUEST or PROVISIONED",
        "MODE",
    ),
    ElementOption("--indexes", ("to", "indexes"), "create indexes with-table or after-load", "WHEN"),
    ElementOption(
        "--settings",
        ("to", "settings"),
        "settings to restore: all, none, or names such as tags,ttl",
        "SETTINGS",
        _settings,
    ),
    ElementOption(
        "--allow",
        ("to", "allow"),
        "account to which recorded settings may give access; may be repeated",
        "ACCOUNT",
        list,
        many=True,
    ),
    ElementOption(
        "--method", ("method",), "auto, write, bulk-put, import, point-in-time or snapshot", "METHOD"
    ),
    ElementOption(
        "--existing", ("existing",), "if the target has items: fail, overwrite, keep or mirror", "WHAT"
    ),
    ElementOption(
        "--drop",
        ("change", "drop"),
        "leave out an attribute of all items; may be repeated",
        "PATH",
        list,
        many=True,
    ),
    ElementOption(
        "--hash",
        ("change", "hash", "paths"),
        "replace the values of an attribute by hashes; may be repeated",
        "PATH",
        list,
        many=True,
    ),
    ElementOption(
        "--hash-key-from",
        ("change", "hash", "key"),
        "environment variable that holds the secret key of the hashes",
        "VARIABLE",
        _from_environment,
    ),
    ElementOption(
        "--set",
        ("change", "set"),
        'set an attribute of all items, to a text or to a value such as \'{"N": "1"}\'; may be repeated',
        "PATH=VALUE",
        _assigned,
        many=True,
    ),
    ElementOption(
        "--write-units-per-second",
        ("limits", "write_units_per_second"),
        "most write capacity units to consume per second, for each table",
        "N",
        _number,
    ),
    ElementOption(
        "--read-units-per-second",
        ("limits", "read_units_per_second"),
        "with --existing mirror: most read capacity units that the comparison consumes per second",
        "N",
        _number,
    ),
    ElementOption(
        "--workers", ("limits", "workers"), "processes on this machine, for each table", "N", _number
    ),
    ElementOption(
        "--load-capacity",
        ("limits", "load_capacity"),
        "capacity of a table that is created, until it has all data: on-demand or as-recorded",
        "CAPACITY",
    ),
    ElementOption(
        "--max-deletes-percent",
        ("limits", "max_deletes_percent"),
        "with --existing mirror: refuse to delete more of the items that the target holds",
        "N",
        _number,
    ),
    ElementOption(
        "--bucket-owner",
        ("from", "bucket_owner"),
        "account that must own the bucket of --from s3://…",
        "ACCOUNT",
    ),
)


def restore_element(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the table."""
    group = parser.add_argument_group("a restore, as an element of `restores` in the plan")
    for option in ELEMENT_OPTIONS:
        if option.metavar is None:
            group.add_argument(
                option.flag, dest=option.dest, action="store_const", const=True, help=option.help
            )
        else:
            action = "append" if option.many else "store"
            argument = group.add_argument(
                option.flag, dest=option.dest, action=action, metavar=option.metavar, help=option.help
            )
            if option.value is _number:
                argument.type = _not_too_long


def given(options: argparse.Namespace) -> tuple[tuple[ElementOption, Any], ...]:
    """The options of the table that the command line uses, with their texts."""
    values = ((option, options.__dict__.get(option.dest)) for option in ELEMENT_OPTIONS)
    return tuple((option, value) for option, value in values if value is not None)
