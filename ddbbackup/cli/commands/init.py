"""``init``: writes a commented starter plan, and never over anything."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ddbbackup.cli.output import say
from ddbbackup.errors import Refused, UsageError
from ddbbackup.plan.starter import STARTER
from ddbbackup.report.renderers import json_documents as json


def run(options: Namespace) -> int:
    if len(options.file) > 1:
        raise UsageError("init writes one file, but several are named", hint="give one `-f FILE`")
    path = Path(options.file[0])
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER)
    except FileExistsError:
        raise Refused(
            f"{path} exists, and init overwrites nothing", hint="name another file with -f"
        ) from None
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}",
            hint="name a file in a directory that you may write",
        ) from None
    told = f"wrote {path}: set the bucket and your tables, then run `ddbbackup validate -f {path}`\n"
    say(options, lambda form: json.document(file=str(path)) if form == "json" else told, summary=False)
    return 0
