"""``completion SHELL``: a script that completes verbs, options and files."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Final

SHELLS: Final = ("bash", "zsh", "fish")


def run(options: Namespace) -> int:
    import shtab  # noqa: PLC0415 - no other verb needs it

    from ddbbackup.cli.grammar import grammar  # noqa: PLC0415 - it lists this module's shells

    parser, verbs = grammar()
    for each in (parser, *verbs.values()):
        for action in each._actions:
            if action.metavar in ("FILE", "PLAN"):
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # where shtab looks for it
    sys.stdout.write(shtab.complete(parser, shell=options.shell))
    return 0
