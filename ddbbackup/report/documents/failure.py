"""The error that ended a verb before it had a document of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from ddbbackup.errors import PlanInvalid

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.problems import Problem


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One error. ``kind`` is the name of its class, such as ``AccessDenied``."""

    kind: str
    message: str
    hint: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Failure:
    """``schemas/error.schema.json``. ``problems`` are those of an invalid plan, empty for any other error."""

    schema: ClassVar[Literal["error"]] = "error"

    error: ErrorInfo
    problems: tuple[Problem, ...] = ()


def error_info(error: DdbBackupError) -> ErrorInfo:
    return ErrorInfo(type(error).__name__, error.message, error.hint, error.exit_code)


def failure(error: DdbBackupError) -> Failure:
    return Failure(error_info(error), error.problems if isinstance(error, PlanInvalid) else ())
