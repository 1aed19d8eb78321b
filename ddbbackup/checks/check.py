"""One thing that was looked at, and how it was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ddbbackup.errors import DdbBackupError, Refused

State = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """``subject`` is what was looked at (``destination vault``), ``name`` in which respect (``versioning``).

    ``problem``: a run would fail, with ``error``. ``unknown``: it could not be found out, and ``message`` says why.
    """

    subject: str
    name: str
    state: State
    message: str
    hint: str = ""
    error: DdbBackupError | None = None


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
