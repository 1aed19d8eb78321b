"""From the exception that ended a verb to the exit code of the process."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import Bug, DdbBackupError

INTERRUPTED: Final = 130
TERMINATED: Final = 143


class Terminated(BaseException):
    """SIGTERM. Like KeyboardInterrupt, ``except Exception`` does not catch it."""


def exit_code_of(error: BaseException) -> int:
    if isinstance(error, DdbBackupError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return TERMINATED if isinstance(error, Terminated) else Bug.exit_code
