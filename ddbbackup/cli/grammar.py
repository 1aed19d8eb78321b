"""The grammar of the command line."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn

from ddbbackup import __version__
from ddbbackup.cli.commands.completion import SHELLS
from ddbbackup.cli.output_options import FORMS, add_output
from ddbbackup.errors import UsageError
from ddbbackup.times import InvalidTime, parse_duration

if TYPE_CHECKING:
    from ddbbackup.plan.model import SourceSelector

DEFAULT_PLAN: Final = "ddbbackup.yaml"
VERBS: Final = {
    "init": "write a commented starter plan",
    "validate": "show every problem of the plan; touches no AWS",
    "show": "the effective plan, with the file and line of each value; touches no AWS",
    "preview": "what a run would do, with sizes, time and cost, and what is in the way; only reads",
    "backup": "export, wait, verify and record every table of the plan",
    "wait": "take up what an earlier run left in progress",
    "status": "each table: last good backup, its age against the RPO, what is running",
    "list": "the backups that the catalog holds",
    "verify": "read backups whole and prove them",
    "restore": "carry out one restore of the plan",
    "doctor": "credentials, tables, buckets, keys, clock and quotas; --iam prints the least policies",
    "completion": "print a script that completes this program's words in a shell",
    "demo": "the whole story on this machine, no AWS account needed",
}


class _Parser(argparse.ArgumentParser):
    """Turns argparse's own errors into ours, with the nearest word as a hint."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see `{self.prog} --help`")

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """Says which words this parser does not know, and which option was probably meant."""
        known = [option for action in self._actions for option in action.option_strings]
        near = [
            found for word in words for found in difflib.get_close_matches(word.split("=")[0], known, n=1)
        ]
        hint = f"did you mean `{near[0]}`?" if near else f"see `{self.prog} --help`"
        raise UsageError(f"{self.prog} does not know {' '.join(words)}", hint=hint)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        choices = [str(choice) for choice in action.choices or ()]
        if action.choices is not None and value not in action.choices:
            near = difflib.get_close_matches(str(value), choices, n=1)
            raise UsageError(
                f"there is no {'verb' if action.dest == 'verb' else action.dest} {str(value)!r}",
                hint=f"did you mean `{near[0]}`?" if near else f"choose one of: {', '.join(choices)}",
            )


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Raises ``UsageError``; prints and exits only for ``--help`` and ``--version``."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser, verbs = grammar()
    options, unknown = parser.parse_known_args(words)
    if unknown:
        verbs.get(options.verb, parser).refuse_unknown(unknown)
    if options.verb is None:
        raise UsageError("no verb given", hint="try `ddbbackup validate`, or see `ddbbackup --help`")
    options.file = options.__dict__.get("file") or [DEFAULT_PLAN]
    return options


def grammar() -> tuple[_Parser, dict[str, _Parser]]:
    """The whole grammar, and the part of each verb."""
    parser = _Parser(
        prog="ddbbackup",
        description="Backs up and restores DynamoDB tables from a version-controlled YAML plan.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ddbbackup {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)
    made = {
        name: verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        for name, text in VERBS.items()
    }

    for name in (
        "validate",
        "show",
        "preview",
        "backup",
        "wait",
        "status",
        "list",
        "verify",
        "restore",
        "doctor",
    ):
        made[name].add_argument(
            "-f",
            "--file",
            action="append",
            metavar="FILE",
            help=f"the plan (default {DEFAULT_PLAN}); a second one is laid over the first",
        )
    for name in FORMS:
        add_output(made[name], name)
    for name in ("preview", "backup", "wait", "status", "list", "verify", "restore", "doctor"):
        made[name].add_argument(
            "--log-format",
            choices=("auto", "console", "json"),
            default="auto",
            help="form of the log on stderr",
        )
    for name in ("preview", "backup", "wait", "status", "list", "verify", "doctor"):
        made[name].add_argument("--only", metavar="GLOB", help="only tables whose name matches")
    for name in ("preview", "backup", "wait", "verify", "restore"):
        made[name].add_argument(
            "--run-id", metavar="ID", type=_run_id, help="the same id never starts a second export"
        )
    for name, jobs in {"backup": "exports", "wait": "exports", "restore": "job in AWS"}.items():
        goes_on = "go on" if jobs == "exports" else "goes on, writing of our own does not stop"
        made[name].add_argument(
            "--timeout",
            metavar="DURATION",
            type=_seconds,
            help=f"stop waiting after 90s, 30m, 2h, …; the {jobs} {goes_on} (exit 75)",
        )
    made["backup"].add_argument(
        "--no-wait", action="store_true", help="start the exports and leave; `wait` takes them up"
    )
    made["verify"].add_argument("--backup", metavar="ID", help="only the backup with this id")
    made["verify"].add_argument(
        "--all", action="store_true", help="every complete backup, not only each table's newest"
    )
    restore = made["restore"]
    restore.add_argument("name", metavar="NAME", help="the restore's name in the plan")
    for name in ("preview", "restore"):
        made[name].add_argument(
            "--from",
            dest="source",
            metavar="SOURCE",
            type=_source,
            help="overrides `from`: latest, a backup ID, a time, a date, a duration ago such as 2h, "
            "or the ARN or s3:// folder of an export",
        )
    restore.add_argument("--yes", action="store_true", help="agree to overwrite the live table")
    preview = made["preview"]
    preview.add_argument(
        "what",
        nargs="?",
        choices=("backup", "restore"),
        metavar="backup | restore NAME",
        help="only this; everything that the plan says by default",
    )
    preview.add_argument("name", nargs="?", metavar="NAME", help=argparse.SUPPRESS)
    preview.add_argument(
        "--detailed-exitcode", action="store_true", help="2 if the run would change anything, 0 if nothing"
    )
    preview.add_argument(
        "--prices", metavar="FILE", help="prices laid over the packaged ones (or $DDBBACKUP_PRICES)"
    )
    made["validate"].add_argument(
        "plans", nargs="*", metavar="PLAN", help="plans to look at instead, each by itself"
    )
    made["completion"].add_argument(
        "shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}"
    )
    made["doctor"].add_argument(
        "--iam",
        nargs="?",
        const="all",
        choices=("all", "backup", "restore", "verify", "prune", "read"),
        metavar="ROLE",
        help="print the least IAM policies for this plan instead, as JSON: all, or only one role's",
    )
    made["init"].add_argument(
        "-f", "--file", metavar="FILE", action="append", help=f"where to write (default {DEFAULT_PLAN})"
    )
    made["demo"].add_argument(
        "--serve", action="store_true", help="only start the sandbox and keep it up until Ctrl-C"
    )
    made["demo"].add_argument(
        "--port",
        type=int,
        metavar="PORT",
        default=None,
        help="with --serve: the port on 127.0.0.1 (default 5555)",
    )
    return parser, made


def _run_id(text: str) -> str:
    if not text or len(text) > 64 or not all(c.isascii() and (c.isalnum() or c in "._-") for c in text):
        raise UsageError(
            f"{text!r} is not a run id", hint="use up to 64 letters, digits, dots, dashes and underscores"
        )
    return text


def _seconds(text: str) -> float:
    try:
        return float(parse_duration(text))
    except InvalidTime as error:
        raise UsageError(f"--timeout: {error.message}", hint=error.hint) from None


def _source(text: str) -> SourceSelector:
    """Everything that ``from`` of a restore can say in one word."""
    from ddbbackup.archive.layout import parse_s3_uri  # noqa: PLC0415 - only restores need it
    from ddbbackup.plan.model import SourceSelector  # noqa: PLC0415
    from ddbbackup.plan.source_selector import parse_source  # noqa: PLC0415

    if text.startswith("s3://"):
        parse_s3_uri(text)
        return SourceSelector(s3_uri=text)
    if text.startswith("arn:"):
        return SourceSelector(export_arn=text)
    try:
        return parse_source(text, now=datetime.now(UTC))
    except InvalidTime as error:
        raise UsageError(f"--from: {error.message}", hint=error.hint) from None
