"""Runs one verb, from the arguments to the exit code, with the only error handler of the program."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

from ddbbackup.cli.exit_status import error_of
from ddbbackup.cli.grammar import parse
from ddbbackup.cli.output import check_output_files, plan_files_of, write_failure
from ddbbackup.cli.signals import (
    CONTINUES_AS,
    INTERRUPTED,
    TERMINATED,
    Terminated,
    raise_when_terminated,
)
from ddbbackup.cli.streams import StdoutUnwritable, say, say_traceback, stderr_view, write_stderr
from ddbbackup.cli.verbs import VERBS
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.report.commands import typed
from ddbbackup.report.documents.failure import failure
from ddbbackup.report.renderers import render
from ddbbackup.safe_text import SECRETS


def run(argv: Sequence[str] | None) -> int:
    """Returns the exit code; prints every error with its hint on stderr."""
    restore_signals = raise_when_terminated()
    options: Namespace | None = None
    try:
        SECRETS.add_environment(os.environ)
        options = parse(argv)
        check_output_files(options)
        return VERBS[options.verb].load().run(options)
    except SystemExit as leave:  # --help and --version
        return leave.code if isinstance(leave.code, int) else 0
    except KeyboardInterrupt as stop:
        return _interrupted(options, INTERRUPTED, stop)
    except Terminated as stop:
        return _interrupted(options, TERMINATED, stop)
    except StdoutUnwritable as error:
        return error.exit_code if error.reader_left else _fail(error, options)
    except DdbBackupError as error:
        return _fail(error, options)
    except Exception as error:  # noqa: BLE001 - the last resort: all that is left is the local machine, or a bug
        explained = error_of(error)
        if isinstance(explained, Bug):
            say_traceback(error)
        return _fail(explained, options)
    finally:
        restore_signals()


def _fail(error: DdbBackupError, options: Namespace | None) -> int:
    """Prints the error on stderr, and as a document on stdout and in files if the options request one."""
    document = failure(error)
    view = replace(stderr_view(), plan_files=plan_files_of(options))
    write_stderr(render(document, "text", view))
    if options is not None:
        write_failure(options, document)
    return error.exit_code


def _interrupted(options: Namespace | None, code: int, stop: BaseException) -> int:
    """The notes of the exception, if any, say what is true at this moment."""
    reason = "interrupted" if code == INTERRUPTED else "terminated"
    if options is None:
        say(f"ddbbackup: {reason}")
    else:
        result = VERBS[options.verb].on_interrupt
        told = "; ".join(getattr(stop, "__notes__", ())) or result.message
        run = vars(stop).get(CONTINUES_AS)
        hint = (
            result.hint if run is None else f"run the same command with `--run-id {run}` to continue this run"
        )
        say(f"ddbbackup: {reason}; {told}", f"hint: {typed(hint, plan_files_of(options))}")
    return code
