"""Runs one verb, from the arguments to the exit code, with the only error handler of the program."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from argparse import Namespace
from collections.abc import Callable, Sequence
from types import FrameType

from ddbbackup.cli.exit_status import INTERRUPTED, TERMINATED, Terminated
from ddbbackup.cli.grammar import parse
from ddbbackup.cli.output import check_output_files, write_failure
from ddbbackup.cli.verbs import VERBS
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.report.documents.failure import failure
from ddbbackup.report.renderers import text


def run(argv: Sequence[str] | None) -> int:
    """Returns the exit code; prints every error with its hint on stderr."""
    stop_listening = _raise_on_sigterm()
    options: Namespace | None = None
    try:
        options = parse(argv)
        check_output_files(options)
        code = VERBS[options.verb].load().run(options)
        sys.stdout.flush()
        return code
    except SystemExit as leave:  # --help and --version
        return leave.code if isinstance(leave.code, int) else 0
    except DdbBackupError as error:
        return _fail(error, options)
    except KeyboardInterrupt:
        return _interrupted(options, INTERRUPTED)
    except Terminated:
        return _interrupted(options, TERMINATED)
    except BrokenPipeError:
        # The reader of stdout has exited (`| head`). Python would report the error again when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: every other error is a bug
        traceback.print_exc()
        bug = Bug(f"unexpected error: {type(error).__name__}", hint="report it with the traceback above")
        return _fail(bug, options)
    finally:
        stop_listening()


def _fail(error: DdbBackupError, options: Namespace | None) -> int:
    """Prints the error on stderr, and as a document on stdout and in files if the options request one."""
    document = failure(error)
    print(text.render(document), file=sys.stderr, end="")
    if options is not None:
        try:
            write_failure(options, document)
        except DdbBackupError as unwritten:
            print(f"ddbbackup: {unwritten.message}", file=sys.stderr)
    return error.exit_code


def _interrupted(options: Namespace | None, code: int) -> int:
    reason = "interrupted" if code == INTERRUPTED else "terminated"
    if options is None:
        print(f"ddbbackup: {reason}", file=sys.stderr)
    else:
        result = VERBS[options.verb].on_interrupt
        print(f"ddbbackup: {reason}; {result.message}\nhint: {result.hint}", file=sys.stderr)
    return code


def _raise_on_sigterm() -> Callable[[], object]:
    """Turns SIGTERM into ``Terminated``; returns what restores the previous handler."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    return lambda: signal.signal(signal.SIGTERM, before)
