"""From what ended a verb to the process's exit code."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import Bug, DdbBackupError

INTERRUPTED: Final = 130
TERMINATED: Final = 143


class Terminated(BaseException):
    """SIGTERM: like KeyboardInterrupt, so that no ``except Exception`` swallows it."""


def code_of(error: BaseException) -> int:
    if isinstance(error, DdbBackupError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return TERMINATED if isinstance(error, Terminated) else Bug.exit_code
