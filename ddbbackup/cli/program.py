"""One verb from arguments to exit code, with the only handler of errors in the program."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import Final

from ddbbackup.cli.arguments import parse
from ddbbackup.errors import Bug, DdbBackupError, PlanInvalid

INTERRUPTED: Final = 130
TERMINATED: Final = 143


class Terminated(BaseException):
    """SIGTERM: like KeyboardInterrupt, so that no ``except Exception`` swallows it."""


def run(argv: Sequence[str] | None) -> int:
    """Returns the exit code; every error is printed with its hint, on stderr."""
    restore = _listen_for_sigterm()
    try:
        options = parse(argv)
        verb = import_module(f"ddbbackup.cli.{_MODULES.get(options.verb, options.verb)}")
        code = int(verb.run(options))
        sys.stdout.flush()
        return code
    except SystemExit as leave:  # --help and --version
        return leave.code if isinstance(leave.code, int) else 0
    except PlanInvalid as error:
        _print_problems(error)
        return error.exit_code
    except DdbBackupError as error:
        return _explain(error)
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
        return _explain(bug)
    finally:
        restore()


_MODULES: Final = {"list": "list_backups"}


def _explain(error: DdbBackupError) -> int:
    print(f"ddbbackup: {error.message}\nhint: {error.hint}", file=sys.stderr)
    return error.exit_code


def _print_problems(error: PlanInvalid) -> None:
    from ddbbackup.report.problems import render  # noqa: PLC0415 - start-up counts, and most runs have none

    print(render(error.problems, "text"), file=sys.stderr, end="")
    print(f"ddbbackup: {error.message}\nhint: {error.hint}", file=sys.stderr)


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
