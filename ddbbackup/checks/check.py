"""One thing that was looked at, and how it was found."""

from __future__ import annotations

from collections.abc import Callable

from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.model.check import Check


def ok(subject: str, name: str, message: str) -> Check:
    return Check(subject, name, "ok", message)


def warning(subject: str, name: str, message: str, hint: str) -> Check:
    return Check(subject, name, "warning", message, hint)


def problem(subject: str, name: str, error: DdbBackupError) -> Check:
    return Check(subject, name, "problem", error.message, error.hint, error)


def refused(subject: str, name: str, message: str, hint: str) -> Check:
    """A problem that no call to AWS has met yet."""
    return problem(subject, name, Refused(message, hint=hint))


def attempt(subject: str, name: str, look: Callable[[], Check], *, essential: bool = False) -> Check:
    """What ``look`` finds. If it cannot look, that is a problem where a run depends on it, else unknown."""
    try:
        return look()
    except DdbBackupError as error:
        if essential:
            return problem(subject, name, error)
        return Check(subject, name, "unknown", error.message, error.hint)
