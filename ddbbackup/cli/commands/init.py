"""``init``: writes a commented plan, and never overwrites a file."""

from __future__ import annotations

import errno
import os
from argparse import Namespace
from pathlib import Path

from ddbbackup.cli.output import write_output
from ddbbackup.cli.restore_options import pairs
from ddbbackup.errors import Refused, UsageError
from ddbbackup.os_errors import unwritable_output
from ddbbackup.plan.account_plan import FoundTables, account_plan
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.load import problems_of
from ddbbackup.plan.starter import SCHEMA_FILE, starter_plan
from ddbbackup.plan.yaml_reader import parse
from ddbbackup.problems import STDIN
from ddbbackup.report.documents.init import NewPlan, new_plan


def run(options: Namespace) -> int:
    path = _path(options)
    _refuse_directory(path)
    schema_path = str(path.parent / SCHEMA_FILE)
    if not options.from_account:
        _write(path, starter_plan(schema_path))
        return write_output(options, NewPlan(str(path)))
    if path.exists():
        raise _exists(path)
    found = _find_tables(options)
    text = account_plan(found, bucket=options.bucket, schema_path=schema_path)
    _check(text, path)
    _write(path, text)
    return write_output(options, new_plan(str(path), found, bucket=options.bucket))


def _path(options: Namespace) -> Path:
    """Raises ``UsageError`` for options that do not fit together."""
    if len(options.file) > 1:
        raise UsageError("init writes one file, but -f is given several times", hint="give one `-f FILE`")
    if options.file == [STDIN]:
        raise UsageError("init writes a file, and `-` is stdin", hint="give `-f FILE`")
    given = {"--tag": options.tag, "--match": options.match, "--bucket": options.bucket}
    for flag, value in given.items():
        if value is not None and not options.from_account:
            raise UsageError(f"{flag} needs --from-account", hint="add --from-account")
    if options.match == "":
        raise UsageError(
            "--match is empty", hint="remove it for all tables, or use a pattern such as 'billing-*'"
        )
    if options.tag is not None and options.match is not None:
        raise UsageError(
            "--tag and --match are two ways to select tables", hint="keep one of them, and edit the plan"
        )
    return Path(options.file[0])


def _refuse_directory(path: Path) -> None:
    """Raises ``Refused``, before an account is read."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except OSError as error:
        raise unwritable_output(path, error) from None


def _find_tables(options: Namespace) -> FoundTables:
    from ddbbackup.cli.account_tables import find_tables  # noqa: PLC0415 - it imports boto3

    return find_tables(options, tags=pairs(options.tag or ()), match=options.match)


def _check(text: str, path: Path) -> None:
    """Only what was given on the command line can be invalid. Raises ``UsageError``."""
    document, problems = parse(text, str(path))
    if document is not None:
        filled, unset = interpolate(document, os.environ)
        problems = (*problems, *problems_of(filled, unset))
    for problem in problems:
        raise UsageError(f"the plan would be invalid: {problem.path}: {problem.message}", hint=problem.hint)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise unwritable_output(path, error) from None


def _exists(path: Path) -> Refused:
    return Refused(f"{path} already exists", hint="choose another file with -f")
