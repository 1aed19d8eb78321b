"""Makes the results of checks."""

from __future__ import annotations

from collections.abc import Callable

from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.model.check import Check


def ok(subject: str, name: str, message: str) -> Check:
    return Check(subject, name, "ok", message)


def warning(subject: str, name: str, message: str, hint: str) -> Check:
    return Check(subject, name, "warning", message, hint)


def problem(subject: str, name: str, error: DdbBackupError) -> Check:
    """``error`` is what a run would raise."""
    return Check(subject, name, "problem", error.message, error.hint, error)


def refused(subject: str, name: str, message: str, hint: str) -> Check:
    """A problem that no call to AWS has raised."""
    return problem(subject, name, Refused(message, hint=hint))


def run_check(subject: str, name: str, check: Callable[[], Check], *, essential: bool = False) -> Check:
    """The result of ``check``. An error is a problem if a run depends on it (``essential``), else unknown."""
    try:
        return check()
    except DdbBackupError as error:
        if essential:
            return problem(subject, name, error)
        return Check(subject, name, "unknown", error.message, error.hint)
