"""``completion``: prints a script that completes verbs, options and files in a shell."""

from __future__ import annotations

from argparse import Namespace

import shtab

from ddbbackup.cli.grammar import grammar
from ddbbackup.cli.streams import write_stdout


def run(options: Namespace) -> int:
    parser, parsers = grammar()
    for each in (parser, *parsers.values()):
        for action in each._actions:
            if action.metavar in ("FILE", "PLAN"):
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab reads this attribute
    write_stdout(shtab.complete(parser, shell=options.shell).rstrip("\n") + "\n")
    return 0
