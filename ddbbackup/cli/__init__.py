"""The command line: arguments, wiring, output, exit codes. The only package that prints or exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ddbbackup.cli.signals import INTERRUPTED, TERMINATED, Terminated, raise_when_terminated


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns its exit code (``docs/exit-codes.md``)."""
    from ddbbackup.cli.program import run  # noqa: PLC0415 - importing `ddbbackup.cli` alone loads no verb

    return run(argv)


def entry() -> NoReturn:
    """The entry point of the process. An interrupted process exits at once, without waiting for its threads."""
    from ddbbackup.cli.streams import finish_process, protect_process  # noqa: PLC0415 - as above

    try:
        restore_signals = raise_when_terminated()
        protect_process()
        code = main()
        finish_process()
        restore_signals()
    except KeyboardInterrupt:  # before the error handler was entered, or a second Ctrl-C while it ran
        code = INTERRUPTED
    except Terminated:
        code = TERMINATED
    if code in (INTERRUPTED, TERMINATED):
        os._exit(code)
    sys.exit(code)
