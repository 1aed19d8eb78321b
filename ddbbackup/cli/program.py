"""One verb from arguments to exit code, with the only handler of errors in the program."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import Final

from ddbbackup.cli.exit_status import INTERRUPTED, TERMINATED, Terminated
from ddbbackup.cli.grammar import parse
from ddbbackup.errors import Bug, DdbBackupError, PlanInvalid


def run(argv: Sequence[str] | None) -> int:
    """Returns the exit code; every error is printed with its hint, on stderr."""
    restore = _listen_for_sigterm()
    options: Namespace | None = None
    try:
        options = parse(argv)
        if options.__dict__.get("output_files"):
            from ddbbackup.cli.output import check_files  # noqa: PLC0415 - only where a file is asked for

            check_files(options)
        verb = import_module(f"ddbbackup.cli.commands.{_MODULES.get(options.verb, options.verb)}")
        code = int(verb.run(options))
        sys.stdout.flush()
        return code
    except SystemExit as leave:  # --help and --version
        return leave.code if isinstance(leave.code, int) else 0
    except DdbBackupError as error:
        return _explain(error, options)
    except KeyboardInterrupt:
        return _interrupted(INTERRUPTED)
    except Terminated:
        return _interrupted(TERMINATED)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is said to be one
        traceback.print_exc()
        bug = Bug(
            f"ddbbackup met an error that it does not know: {type(error).__name__}",
            hint="report it with the traceback above",
        )
        return _explain(bug, options)
    finally:
        restore()


_MODULES: Final = {"list": "list_backups"}


def _explain(error: DdbBackupError, options: Namespace | None) -> int:
    """On stderr for people; also in the machine's form where one was asked for."""
    if isinstance(error, PlanInvalid):
        from ddbbackup.report.renderers import text  # noqa: PLC0415 - start-up counts, and most runs have no problems

        print(text.problems(error.problems), file=sys.stderr, end="")
    print(f"ddbbackup: {error.message}\nhint: {error.hint}", file=sys.stderr)
    if options is not None and "output_files" in options:
        from ddbbackup.cli.output import print_failure  # noqa: PLC0415 - as above

        try:
            print_failure(error, options)
        except DdbBackupError as unwritten:
            print(f"ddbbackup: {unwritten.message}", file=sys.stderr)
    return error.exit_code


def _interrupted(code: int) -> int:
    print(
        "ddbbackup: interrupted; nothing is lost: exports go on inside AWS, finished files of a restore are noted\n"
        "hint: run `ddbbackup wait` for the exports, or the same restore again",
        file=sys.stderr,
    )
    return code


def _listen_for_sigterm() -> Callable[[], object]:
    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    return lambda: signal.signal(signal.SIGTERM, before)
