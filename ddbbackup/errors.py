"""Everything that ddbbackup raises on purpose; each error says what, why and one thing to do.

``cli`` holds the only handler: it prints the message and the hint and exits with ``exit_code``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class DdbBackupError(Exception):
    """Root of all errors raised on purpose.

    ``message`` is one sentence (what and why), ``hint`` one thing to do. The hint has no default, so that
    nobody can forget it. Neither may hold item data or secrets.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders (transfer workers); the keyword-only hint needs help with that.
        return _rebuild, (type(self), self.message, self.hint, self.__dict__.copy())


def _rebuild(kind: type[DdbBackupError], message: str, hint: str, state: dict[str, Any]) -> DdbBackupError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.message, error.hint = message, hint
    error.__dict__.update(state)
    return error


class UsageError(DdbBackupError):
    """The command line cannot be understood."""

    exit_code = 64


class PlanInvalid(DdbBackupError):
    """The plan has problems; ``problems`` holds every ``ddbbackup.problems.Problem`` of it."""

    exit_code = 78

    def __init__(self, message: str, *, hint: str, problems: Sequence[Any]) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class NothingSelected(DdbBackupError):
    """The plan, its selectors or ``--only`` chose no table."""

    exit_code = 5


class AccessDenied(DdbBackupError):
    """AWS refused the caller, or there are no usable credentials, or the account is the wrong one."""

    exit_code = 77


class Unreachable(DdbBackupError):
    """A service did not answer: no connection, time-outs, 5xx after all retries."""

    exit_code = 69


class DataNotWhole(DdbBackupError):
    """A backup or a restore is not whole: a hash, a size or a count does not match. Dominates exit code 1."""

    exit_code = 65


class Bug(DdbBackupError):
    """Something that ddbbackup did not foresee; its cause is the exception that it met."""

    exit_code = 70


class StepFailed(DdbBackupError):
    """One step could not be done; others go on."""


class Refused(StepFailed):
    """ddbbackup or AWS declined before anything was changed."""


class TableMissing(Refused):
    """The table does not exist (``ResourceNotFoundException`` or ``TableNotFoundException``)."""


class NotSupported(Refused):
    """The endpoint does not know the operation or the service: an emulator, or a region that is behind."""


class InUse(Refused):
    """Another change of the table is under way (``ResourceInUseException``); it passes."""


class ObjectMissing(Refused):
    """The bucket or the object does not exist."""


class PitrDisabled(Refused):
    """Point-in-time recovery is off, so the table cannot be exported."""


class ExportTimeInvalid(Refused):
    """The export time, or the incremental window, lies outside what the table's PITR window allows."""


class Throttled(StepFailed):
    """AWS asked to slow down, or a quota on concurrent work is full; the caller should wait and retry."""


class Conflict(StepFailed):
    """Somebody else changed the object first (a conditional write lost), or a token was reused otherwise."""


class RemoteJobFailed(StepFailed):
    """A job that runs inside AWS (export, import) ended as FAILED."""


class SettingsNotPutBack(StepFailed):
    """All items of a restore are where they belong, but settings that the plan asks for are not."""

    exit_code = 3


class TimedOut(StepFailed):
    """A remote job still runs though the time given to wait is over; the message names the ARN to wait for."""

    exit_code = 75
