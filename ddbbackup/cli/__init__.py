"""The command line: arguments, wiring, printing, exit codes. The only place that prints or exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns its exit code (``docs/exit-codes.md``)."""
    from ddbbackup.cli.program import run  # noqa: PLC0415 - keeps `import ddbbackup.cli` free of the verbs' imports

    return run(argv)


def entry() -> NoReturn:
    """The process's ``main``. An interrupted one leaves at once instead of waiting for calls in flight."""
    try:
        code = main()
    except KeyboardInterrupt:  # before anybody listened, or a second one while the first was answered
        code = 130
    if code in (130, 143):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
