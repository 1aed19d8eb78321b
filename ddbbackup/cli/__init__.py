"""The command line: arguments, wiring, output, exit codes. The only package that prints or exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns its exit code (``docs/exit-codes.md``)."""
    from ddbbackup.cli.program import run  # noqa: PLC0415 - importing `ddbbackup.cli` alone loads no verb

    return run(argv)


def entry() -> NoReturn:
    """The entry point of the process. An interrupted process exits at once, without waiting for its threads."""
    try:
        code = main()
    except (
        KeyboardInterrupt
    ):  # before the handler was installed, or a second Ctrl-C while the first was handled
        code = 130
    if code in (130, 143):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
