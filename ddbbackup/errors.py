"""The errors of ddbbackup: what failed and why, what to do about it, and the exit code.

The only handler is in ``cli``: it prints message and hint, and exits with ``exit_code``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from ddbbackup.project_urls import ISSUES

REPORT_BUG: Final = f"report this bug at {ISSUES} with the command and its complete output"


class DdbBackupError(Exception):
    """The base class.

    ``message`` is one sentence that says what failed and why. ``hint`` begins with a verb and names one action; it
    has no default, so that it cannot be forgotten. Neither may contain item data or secrets.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        # Bulk workers send errors to their parent process; pickle alone cannot pass keyword-only arguments.
        return _rebuild, (type(self), self.message, self.hint, self.__dict__.copy())


def _rebuild(kind: type[DdbBackupError], message: str, hint: str, state: dict[str, Any]) -> DdbBackupError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.message, error.hint = message, hint
    error.__dict__.update(state)
    return error


class UsageError(DdbBackupError):
    """The command line or the environment is invalid."""

    exit_code = 64


class PlanInvalid(DdbBackupError):
    """The plan is invalid. ``problems`` holds every ``ddbbackup.problems.Problem``."""

    exit_code = 78

    def __init__(self, message: str, *, hint: str, problems: Sequence[Any]) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class NothingSelected(DdbBackupError):
    """The plan, its selectors or ``--only`` selected no table."""

    exit_code = 5


class AccessDenied(DdbBackupError):
    """Credentials are missing, expired or not allowed to do this, or belong to another account."""

    exit_code = 77


class Unreachable(DdbBackupError):
    """A service did not respond after all retries: no connection, a time-out, HTTP 5xx."""

    exit_code = 69


class CertificateRejected(DdbBackupError):
    """The certificate of a server is not trusted. Unlike ``Unreachable``, it is never retried."""

    exit_code = 69


class CredentialsUnavailable(Unreachable):
    """What issues the credentials does not answer; the caller can wait and retry."""

    exit_code = 77


class DataIncomplete(DdbBackupError):
    """The data of a backup or a restore is incomplete or damaged: a hash, a size or a count does not match."""

    exit_code = 65


class Bug(DdbBackupError):
    """An exception that ddbbackup does not handle; ``__cause__`` holds it. Every bug has the same hint."""

    exit_code = 70

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=REPORT_BUG)


class StepFailed(DdbBackupError):
    """One step failed; the others continue."""


class Refused(StepFailed):
    """ddbbackup or AWS rejected the step before anything was changed."""


class TableMissing(Refused):
    """The table does not exist."""


class NotSupported(Refused):
    """The endpoint does not support the operation or the service, as some emulators and regions do not."""


class InUse(Refused):
    """Another change of the table is running; the caller can wait and retry."""


class NotYetVisible(Refused):
    """AWS does not find what was created a moment ago; the caller can wait and retry."""


class ObjectMissing(Refused):
    """The bucket or the object does not exist."""


class SnapshotMissing(Refused):
    """The on-demand backup does not exist, or does not any more."""


class ObjectArchived(Refused):
    """The object is in an archive storage class and must be retrieved before it can be read."""


class PitrDisabled(Refused):
    """Point-in-time recovery is disabled, so the table cannot be exported."""


class ExportTimeInvalid(Refused):
    """The export time or the incremental window is outside the recovery window of the table."""


class Throttled(StepFailed):
    """AWS throttled the request, or a quota of concurrent jobs is used up; the caller can wait and retry."""


class Conflict(StepFailed):
    """Another process changed the object first, or a client token was used with other parameters."""


class RemoteJobFailed(StepFailed):
    """A job of AWS (export, import, bulk put, point-in-time restore) failed."""


class SettingsNotApplied(StepFailed):
    """All items were restored, but not all settings that the plan requests."""

    exit_code = 3


class StillRetrieving(StepFailed):
    """S3 is still making archived objects readable."""

    exit_code = 75


class TimedOut(StepFailed):
    """A job of AWS is still running after ``--timeout``; the message names its ARN."""

    exit_code = 75
