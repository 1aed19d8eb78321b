"""From the last response to the error that ends a job."""

from __future__ import annotations

from typing import Final, Literal

from ddbbackup.bulk.responses import Classification
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, TableMissing, Throttled, Unreachable

TABLE_LAG_SECONDS: Final = 60.0
"""Requests for items may not know a table yet that DescribeTable calls ACTIVE (observed for 30 to 60 s)."""

Work = Literal["restore", "scan", "comparison", "mirror"]
"""What ends. The command that started it takes it up where it stopped, but a comparison, and with it a mirror, begins
again."""

_CREDENTIAL_CODES: Final = (
    "UnrecognizedClient",
    "InvalidSignature",
    "IncompleteSignature",
    "MissingAuthentication",
    "InvalidClient",
    "SignatureDoesNotMatch",
)


def expired_error(result: Classification, *, work: Work = "restore") -> DdbBackupError:
    """For credentials that have expired and cannot be renewed."""
    return AccessDenied(
        f"the credentials expired during the {work} ({result.reason})",
        hint=f"sign in again, then run the same command: {_resumes(work)}",
    )


def clock_error(result: Classification, *, work: Work = "restore") -> DdbBackupError:
    """For a signature that was made anew and whose time is rejected again."""
    return AccessDenied(
        f"AWS rejects the time of the signatures, so the clock of this machine is wrong ({result.reason})",
        hint=f"synchronize the clock, then run the same command again: {_resumes(work)}",
    )


def fatal_error(
    result: Classification, attempt: str, operation: str, *, work: Work = "restore"
) -> DdbBackupError:
    """For a response that no retry can change; ``attempt`` says what was tried, as in "write items to orders"."""
    again = f"run the same command again: {_resumes(work)}"
    message = f"could not {attempt}: {result.reason}"
    if result.code == "ResourceNotFoundException":
        return TableMissing(
            message, hint=f"check why the table was deleted, then run the {_command(work)} again"
        )
    if result.code.startswith("AccessDenied"):
        return AccessDenied(
            message, hint=f"allow dynamodb:{operation} on the table, then run the {_command(work)} again"
        )
    if result.code.startswith(_CREDENTIAL_CODES) or "Signature" in result.code:
        return AccessDenied(message, hint=f"check the credentials in use, then {again}")
    return Refused(message, hint=f"fix the cause above, then {again}")


def stalled_error(
    result: Classification, nothing_happened: str, timeout_seconds: float, *, work: Work = "restore"
) -> DdbBackupError:
    """For a job without progress for ``timeout_seconds``; ``nothing_happened`` as in "no item could be written"."""
    message = (
        f"{nothing_happened} for {timeout_seconds:.0f} s; "
        f"the last response was: {result.reason or 'unprocessed items'}"
    )
    if result.category in ("throttled", "unprocessed", "read"):
        return Throttled(
            message,
            hint=f"raise the capacity of the table, then run the same command again: {_resumes(work)}",
        )
    if result.category == "unproven":
        return Unreachable(
            f"{message}: what answers is not DynamoDB, or something changes its responses",
            hint=f"check `aws.endpoint_urls` and proxies, then run the same command again: {_resumes(work)}",
        )
    return Unreachable(
        message, hint=f"run the same command again when DynamoDB is reachable: {_resumes(work)}"
    )


def _resumes(work: Work) -> str:
    if work in ("comparison", "mirror"):
        return "the comparison begins again"
    return f"the {work} resumes where it stopped"


def _command(work: Work) -> str:
    return {"scan": "backup", "comparison": "same command", "mirror": "same command"}.get(work, work)
