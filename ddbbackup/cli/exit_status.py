"""From the exception that ended a verb to the error that is reported and the exit code of the process."""

from __future__ import annotations

from ddbbackup.cli.signals import INTERRUPTED, TERMINATED, Terminated
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.os_errors import explain_os_error


def error_of(error: BaseException) -> DdbBackupError:
    """The error itself, or what the operating system refused; anything else is a bug."""
    if isinstance(error, DdbBackupError):
        return error
    explained = explain_os_error(error)
    if explained is not None:
        return explained
    return Bug(f"unexpected error: {type(error).__name__}")


def exit_code_of(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return TERMINATED if isinstance(error, Terminated) else error_of(error).exit_code
