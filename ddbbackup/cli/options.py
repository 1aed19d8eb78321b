"""The command-line options, each a function that adds it to the parser of a verb."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.cli.completion_scripts import KINDS
from ddbbackup.cli.restore_options import ELEMENT_OPTIONS
from ddbbackup.clock import SystemClock
from ddbbackup.errors import UsageError
from ddbbackup.model.table_name import is_table_name
from ddbbackup.suggestions import suggest
from ddbbackup.times import InvalidTime, parse_duration, parse_time, to_iso

if TYPE_CHECKING:
    from ddbbackup.plan.restore_from import RestoreFrom

AddOption = Callable[[argparse.ArgumentParser], None]

_ORIGIN: Final = re.compile(
    r"(?P<account>[0-9]{12})/(?P<region>[a-z]{2,3}(-[a-z]+)+-[0-9]+)(/(?P<source>.+))?", re.ASCII
)
_COMPARED_BY: Final = {
    "--table": "instead of NAME: compare a restore point of this table with the table",
    "--to": "compare it with this table instead",
    "--to-region": "Region of the live table",
    "--to-account": "refuse to read from any other account",
    "--to-role": "ARN of the role to assume for the live table",
    "--to-external-id": "external ID for that role",
    "--read-units-per-second": "most read capacity units of the live table to consume per second",
}
_SHOWN: Final = 80  # characters of what is no name
DEFAULT_PLAN: Final = "ddbbackup.yaml"
SHELLS: Final = ("bash", "zsh", "fish")
POLICY_ROLES: Final = ("all", "backup", "restore", "verify", "prune", "read")
SCHEMAS: Final = (
    "plan",
    "record",
    "event",
    "init",
    "problems",
    "show",
    "preview",
    "report",
    "restorable",
    "status",
    "list",
    "overview",
    "diff",
    "doctor",
    "policies",
    "demo",
    "notification",
    "error",
)
TABLE_STATES: Final = ("unrestorable", "never", "stale", "failed", "ok", "running")
TABLE_COLUMNS: Final = ("table", "status", "kind", "backup", "age", "items", "size")
BACKUP_STATES: Final = (
    "unusable",
    "not_restorable",
    "not_whole",
    "failed",
    "expiring",
    "in_progress",
    "complete",
)
BACKUP_COLUMNS: Final = ("table", "backup", "kind", "state", "items", "size")


# ---- options that several verbs share


def plan_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--file",
        action="append",
        metavar="FILE",
        type=_file,
        help=f"plan file (default: {DEFAULT_PLAN}), - for stdin; repeat to overlay more files",
    )


def log_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log-format",
        choices=("auto", "console", "json"),
        default="auto",
        metavar="FORMAT",
        help="log on stderr: console, json, or auto (default), which is console on a terminal",
    )


def detail(parser: argparse.ArgumentParser) -> None:
    """Sets ``detail``: quiet, normal or verbose."""
    amount = parser.add_mutually_exclusive_group()
    for letter, name, text in (
        ("-q", "quiet", "print only what failed; nothing if nothing did"),
        ("-v", "verbose", "print everything, however long, and on a terminal the log, too"),
    ):
        amount.add_argument(
            letter, f"--{name}", dest="detail", action="store_const", const=name, default="normal", help=text
        )


class _Values(argparse.Action):
    """An option that may be repeated; a tuple, because the values of a default are shared."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), values))


def only(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        action=_Values,
        default=(),
        metavar="GLOB",
        help="only tables with a matching name; may be repeated",
    )


def tables(parser: argparse.ArgumentParser) -> None:
    """Tables as arguments, which `--only` may also say: ``grammar.parse`` puts both into ``only``."""
    parser.add_argument(
        "tables",
        nargs="*",
        metavar="TABLE",
        type=table_pattern,
        help="only these tables: names, or patterns in quotes such as 'orders*'",
    )
    only(parser)


def problems(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--problems", action="store_true", help="only what needs attention")


def state(states: Sequence[str]) -> AddOption:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--state",
            action=_Values,
            default=(),
            choices=states,
            metavar="STATE",
            help=f"only in this state: {', '.join(states)}; may be repeated",
        )

    return add


def sort(columns: Sequence[str]) -> AddOption:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--sort",
            choices=columns,
            metavar="COLUMN",
            help=f"order by {', '.join(columns)}: the newest, the oldest data or the greatest first "
            "(default: problems first)",
        )

    return add


def last(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", metavar="N", type=_positive, help="only the newest N backups of each table")


def since(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=_since,
        help="only backups whose data reaches this time: a time, a date, or a duration ago such as 7d",
    )


def run_id(help_text: str) -> AddOption:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--run-id", metavar="ID", type=_run_id, help=help_text)

    return add


def timeout(help_text: str) -> AddOption:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--timeout", metavar="DURATION", type=_duration, help=help_text)

    return add


class _Source(argparse.Action):
    """``--from``; several folders are those of a chain."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        from ddbbackup.plan.restore_from import FromFolder, FromFolders  # noqa: PLC0415 - only restores need it

        match namespace.source, values:
            case None, _:
                namespace.source = values
            case FromFolder(first), FromFolder(second):
                namespace.source = FromFolders((first, second))
            case FromFolders(uris), FromFolder(last):
                namespace.source = FromFolders((*uris, last))
            case _:
                raise UsageError(
                    "--from is repeated, but only the folders of a chain are several", hint="keep one of them"
                )


def restore_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        type=_source,
        action=_Source,
        help="what to restore: latest, a backup ID, whole or short, a time, a date, a duration ago such as 2h, "
        "ACCOUNT/REGION or ACCOUNT/REGION/SOURCE for a backup of another origin, an ExportArn, or an s3:// folder; "
        "repeated for the folders of a full export and its windows",
    )


def table_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table", metavar="TABLE", type=_one_table, help="name of the table that was backed up"
    )


def point_of_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="point",
        metavar="SOURCE",
        type=_source,
        help="restore point: latest (default), a backup ID, whole or short, a time, a date, a duration ago such as "
        "2h, ACCOUNT/REGION or ACCOUNT/REGION/SOURCE, an ExportArn, or the s3:// folder of an export",
    )


_FORMATS_OF_ITEMS: Final = ("dynamodb-json", "json")


def item_format(default: str) -> AddOption:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--format",
            choices=_FORMATS_OF_ITEMS,
            default=default,
            metavar="FORMAT",
            help=f"dynamodb-json, lines that a restore can read, or json, without types (default: {default})",
        )

    return add


def _file_of_items(text: str) -> str:
    """With other verbs, -o chooses a form."""
    if text in _FORMATS_OF_ITEMS:
        raise UsageError(f"{text} is a format, not a file", hint=f"write --format {text}, and -o FILE")
    return _file(text)


def out_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        type=_file_of_items,
        help="write to this file, with mode 0600, or to this object, s3://BUCKET/KEY, instead of stdout; it "
        "appears when it is whole",
    )


# ---- options of one verb


_FORMS_OF_OTHERS: Final = ("github", "gitlab", "junit", "markdown")


class _Page(argparse.Action):
    """``-o page.html``: the same as ``--output html=page.html``; ``-o -``: the same as ``--output html``."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        path = str(values)
        if path in self.const:
            raise UsageError(f"{option_string} takes a file, not a form", hint=f"write --output {path}")
        if path in _FORMS_OF_OTHERS:
            raise UsageError(
                f"{option_string} takes a file, and {path} is a form of other verbs",
                hint=f"choose one of {', '.join(self.const)} with --output, or name a file such as ./{path}",
            )
        if path == "-":
            _put_form_of_stdout(namespace, "html")
        else:
            namespace.output_files = [*namespace.output_files, ("html", path)]


def page_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--out",
        action=_Page,
        const=("text", "json", "html"),
        dest="output_files",
        metavar="FILE",
        type=_file,
        help="write the page to this file (default: ddbbackup-report.html), - for stdout",
    )


def history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--history",
        action="store_true",
        help="print each version of the items in all restore points, newest first: with its restore point, what was "
        "added, changed or deleted, and the attributes that differ from the version before",
    )
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=_since,
        help="with --history: only versions of restore points at this time or later, or a duration ago such as 7d",
    )


def new_plan_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--file",
        action="append",
        metavar="FILE",
        type=_file,
        help=f"file to write (default: {DEFAULT_PLAN})",
    )


def tables_of_account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from-account",
        action="store_true",
        help="write a plan of the tables that exist, in the account and Region of the environment; only reads",
    )
    parser.add_argument(
        "--tag",
        action="append",
        metavar="KEY=VALUE",
        help="with --from-account: one entry for the tables with this tag; may be repeated",
    )
    parser.add_argument(
        "--match", metavar="GLOB", help="with --from-account: one entry for the tables with a matching name"
    )
    parser.add_argument("--bucket", metavar="BUCKET", help="with --from-account: the bucket for backups")


def separate_plans(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "plans",
        nargs="*",
        metavar="PLAN",
        type=_file,
        help="plans, or a pattern in quotes, to validate separately, instead of -f",
    )


def schema_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        default="plan",
        choices=SCHEMAS,
        metavar="NAME",
        help=f"one of {', '.join(SCHEMAS)} (default: plan)",
    )


def schema_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        dest="schema_file",
        metavar="FILE",
        type=_file,
        help="write the schema to this file instead of stdout",
    )


def plan_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "key",
        nargs="?",
        metavar="KEY",
        help="path of a key, such as restores.to.settings (default: the keys of the plan)",
    )


def shell(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", nargs="?", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}"
    )


def completed_names(parser: argparse.ArgumentParser) -> None:
    """For the scripts themselves."""
    parser.add_argument("--names", choices=KINDS, metavar="KIND", help=argparse.SUPPRESS)


def preview_scope(parser: argparse.ArgumentParser) -> None:
    """``grammar.parse`` puts the names where `backup`, `restore` and `prune` have them."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("backup", "restore", "prune"),
        metavar="backup|prune [TABLE]... | restore NAME",
        help="preview only the backups, only one restore, or what retention removes (default: the backups and "
        "restores of the plan)",
    )
    parser.add_argument("previewed", nargs="*", metavar="NAME", help=argparse.SUPPRESS)


def against(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--against",
        metavar="REF|FILE",
        type=_against,
        help="also show what the plan changes for each table: compared with the same plan files in a commit of git, "
        "such as origin/main, or with another plan file",
    )


def detailed_exit_code(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit with 2 if the run would change anything, with 0 if not",
    )


def prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prices",
        metavar="FILE",
        help="YAML file of prices that override the built-in ones (or $DDBBACKUP_PRICES)",
    )


def no_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-wait", action="store_true", help="start the exports and exit; `wait` completes them"
    )


def backup_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backup",
        metavar="ID",
        help="only the backup with this ID: a whole one, its beginning, or its last eight characters",
    )


def backups_to_verify(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every complete backup, the newest first")
    which.add_argument(
        "--newest",
        metavar="N",
        type=_positive,
        default=1,
        help="the newest N complete backups of each table (default: 1)",
    )


def verify_level(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--level",
        choices=("listing", "checksums", "items"),
        default="checksums",
        help="listing: every object is there, with the ETag that the manifest names, and no data is read; checksums "
        "(default): and has the size, MD5 and number of items of the manifest; items: and every line is a valid item "
        "of the table, and no key is there twice",
    )
    parser.add_argument(
        "--sample",
        metavar="PERCENT",
        type=_percent,
        help="list all data files and read only a share of them, such as 5%%, the same one in every run",
    )


def restore_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="name of a restore in the plan; options change what it says"
    )


def compared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="name of a restore in the plan: its restore point is compared with its target table",
    )
    for option in ELEMENT_OPTIONS:
        if (text := _COMPARED_BY.get(option.flag)) is not None:
            parser.add_argument(option.flag, dest=option.dest, metavar=option.metavar, help=text)


def show_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--show-keys",
        action="store_true",
        help="also print the key of every item that differs; keys are data of your items",
    )


def difference_exit_code(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit with 2 if any item differs, with 0 if none does",
    )


def confirm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-y",
        "--yes",
        action="store_true",
        help="do not ask before items are replaced or deleted, or a live table is written",
    )


def confirm_deletes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes-delete",
        metavar="N",
        type=_positive,
        help="with `existing: mirror`: delete up to N items of each table, even if `max_deletes_percent` is less",
    )


def apply(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="remove what is shown without it")


def confirm_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--confirm",
        metavar="PLAN",
        help="name of the plan; required to remove more than half of all restore points",
    )


def accept_incomplete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--accept-incomplete",
        action="store_true",
        help="restore what can be proven of a damaged backup by `method: write`, list what is lost, and exit with 65",
    )


def adopt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--adopt",
        action="store_true",
        help="continue with the table of a `point-in-time` or `snapshot` restore that was interrupted before it "
        "recorded the table, if AWS proves that this restore requested it",
    )


def retrieve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--retrieve",
        choices=("standard", "bulk"),
        metavar="TIER",
        help="if the backup is archived, ask S3 for it and exit with 75: standard (up to 12 hours) or bulk (cheaper, "
        "up to 48 hours); run the command again later",
    )


def iam(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--iam",
        nargs="?",
        const="all",
        choices=POLICY_ROLES,
        metavar="ROLE",
        help=f"print the least IAM policies for the plan instead: {', '.join(POLICY_ROLES)} (default: all)",
    )


def trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust",
        action="append",
        metavar="ISSUER",
        help="with --iam, also print trust policies: github:OWNER/REPO, gitlab:GROUP/PROJECT, or "
        "irsa:OIDC-ISSUER:NAMESPACE:SERVICE-ACCOUNT; may be repeated",
    )


def serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--serve", action="store_true", help="start the sandbox and keep it running until Ctrl-C"
    )
    parser.add_argument(
        "--port", type=_port, metavar="PORT", help="with --serve: port on 127.0.0.1 (default: 5555)"
    )
    # Not `file`: without it, the sandbox has the tables of the demo, and no plan is read.
    parser.add_argument(
        "-f",
        "--file",
        dest="served_plan",
        action="append",
        metavar="FILE",
        help="with --serve: create the buckets and the tables of this plan instead, each table with sample items; "
        "repeat to overlay more files",
    )


# ---- --output


class _OutputForms(tuple[str, ...]):
    """What a shell completes. Accepts any value: ``_Output`` checks it, because it may be ``FORM=FILE``."""

    def __contains__(self, value: object) -> bool:
        return True


class _Output(argparse.Action):
    """``--output text --output junit=report.xml``: one form on stdout, any number of forms in files."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        form, equals, path = str(values).partition("=")
        forms: tuple[str, ...] = self.const
        if form not in forms:
            raise UsageError(
                f"{parser.prog} has no output form {form!r}",
                hint=suggest(form, forms, otherwise=f"choose one of: {', '.join(forms)}"),
            )
        if not equals:
            _put_form_of_stdout(namespace, form)
        elif path:
            namespace.output_files = [*namespace.output_files, (form, path)]
        else:
            raise UsageError(f"--output {form}= has no file name", hint=f"write --output {form}=FILE")


def _put_form_of_stdout(namespace: argparse.Namespace, form: str) -> None:
    """Raises ``UsageError`` if stdout has another form already."""
    if namespace.output not in (None, form):
        raise UsageError(
            f"stdout cannot have two forms: {namespace.output} and {form}",
            hint=f"write one of them to a file, such as `--output {form}=FILE`",
        )
    namespace.output = form


def add_output(parser: argparse.ArgumentParser, forms: tuple[str, ...], *, short: bool = True) -> None:
    """Sets ``output``, the form of stdout, and ``output_files``, pairs of form and path.

    ``output`` is None if it is not given; ``grammar.parse`` makes it text.

    ``short``: ``-o`` is this option, too.
    """
    parser.set_defaults(output_files=[])
    parser.add_argument(
        *(("-o",) if short else ()),
        "--output",
        action=_Output,
        const=forms,
        choices=_OutputForms(forms),
        metavar="FORM[=FILE]",
        help=f"form of the output: {', '.join(forms)} (default: text); with =FILE, also write that form to a "
        "file; may be repeated",
    )


# ---- values: what they raise is a sentence about the value, before which ``grammar`` puts the name of the option


def _run_id(text: str) -> str:
    if not text or len(text) > 64 or not all(c.isascii() and (c.isalnum() or c in "._-") for c in text):
        raise UsageError(
            f"{text!r} is not an ID", hint="use up to 64 letters, digits, dots, dashes and underscores"
        )
    return text


def _file(path: str) -> str:
    if not path:
        raise UsageError("the name of a file is empty", hint="name a file, or remove the option")
    return path


def _against(text: str) -> str:
    """A pipeline may pass a variable that is not set."""
    if not text:
        raise UsageError("the value is empty", hint="name a branch, a commit or a plan file")
    return text


def table_pattern(name: str) -> str:
    if "/" in name or name.endswith((".yaml", ".yml")):
        raise UsageError(
            f"{name!r} is not the name of a table",
            hint="name a plan with -f, and put a pattern in quotes, such as -f 'plans/*.yaml'",
        )
    return name


def _one_table(name: str) -> str:
    if not is_table_name(name):
        raise UsageError(
            f"{name[:_SHOWN]!r} is not the name of a table",
            hint="use a name of 3 to 255 letters, digits, dots, hyphens and underscores",
        )
    return name


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:6]) < 65_536:
        raise UsageError(f"{text!r} is not a port", hint="use a number from 1 to 65535")
    return int(text)


def _duration(text: str) -> float:
    """In seconds."""
    try:
        return float(parse_duration(text))
    except InvalidTime as error:
        raise UsageError(error.message, hint=error.hint) from None


def _positive(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise UsageError(f"{text!r} is not such a number", hint="use a whole number from 1 to 999999")
    return int(text)


def _percent(text: str) -> float:
    """``5`` or ``5%``."""
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100:
        raise UsageError(
            f"{text!r} is not a share of the data files",
            hint="use a percentage above 0 and up to 100, such as 5%",
        )
    return percent


def _since(text: str) -> datetime:
    now = SystemClock().now()
    try:
        return _in_the_past(parse_time(text, now=now), text, now)
    except InvalidTime as error:
        raise UsageError(error.message, hint=error.hint) from None


def _in_the_past(time: datetime, text: str, now: datetime) -> datetime:
    """Raises ``InvalidTime``: a mistyped year would mean the newest backup, or none."""
    if time > now:
        raise InvalidTime(f"{text!r} lies in the future", hint=f"use a time up to now, {to_iso(now)}")
    return time


def _source(text: str) -> RestoreFrom:
    """Everything that ``from`` of a restore can say in one word."""
    from ddbbackup.model.arn import Arn  # noqa: PLC0415 - only restores need it
    from ddbbackup.plan.restore_from import (  # noqa: PLC0415 - as above
        FromExport,
        FromFolder,
        FromTime,
        Origin,
        parse_from,
    )

    if text.startswith("s3://"):
        return FromFolder(text)  # checked by the schema of the plan
    if text.startswith("arn:"):
        arn = Arn.parse_if_arn(text)
        if arn is None or arn.export_id is None:
            raise UsageError(
                f"{text!r} is not the ARN of an export",
                hint="use arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/export/ID",
            )
        return FromExport(text)
    origin = _ORIGIN.fullmatch(text)
    named = Origin(origin["account"], origin["region"]) if origin is not None else None
    backup = text if origin is None else origin["source"] or "latest"
    now = SystemClock().now()
    try:
        source = parse_from(backup, now=now, origin=named)
        if isinstance(source, FromTime):
            _in_the_past(source.time, backup, now)
        return source
    except InvalidTime as error:
        raise UsageError(error.message, hint=error.hint) from None
