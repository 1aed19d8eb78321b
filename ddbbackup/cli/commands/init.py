"""``init``: writes a commented starter plan, and never overwrites a file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ddbbackup.cli.output import write_output
from ddbbackup.errors import Refused, UsageError
from ddbbackup.os_errors import os_reason
from ddbbackup.plan.starter import STARTER
from ddbbackup.problems import STDIN
from ddbbackup.report.documents.init import StarterPlan


def run(options: Namespace) -> int:
    if len(options.file) > 1:
        raise UsageError("init writes one file, but -f is given several times", hint="give one `-f FILE`")
    if options.file == [STDIN]:
        raise UsageError("init writes a file, and `-` is stdin", hint="give `-f FILE`")
    path = Path(options.file[0])
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER)
    except FileExistsError:
        raise Refused(f"{path} already exists", hint="choose another file with -f") from None
    except OSError as error:
        raise Refused(
            f"cannot write {path}: {os_reason(error)}",
            hint="choose a file in a directory that you can write to",
        ) from None
    return write_output(options, StarterPlan(str(path)))
