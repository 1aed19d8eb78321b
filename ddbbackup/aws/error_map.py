"""The one table that maps AWS error codes to errors of ddbbackup, and the context manager that applies it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Final, NamedTuple

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from ddbbackup.aws.credential_errors import (
    CONFIGURATION,
    EXPIRED,
    explain_configuration,
    unsendable_keys,
)
from ddbbackup.aws.response_shape import UnusableResponse
from ddbbackup.aws.trust import TRUST_CA, UntrustedCertificate
from ddbbackup.errors import (
    AccessDenied,
    CertificateRejected,
    Conflict,
    DdbBackupError,
    ExportTimeInvalid,
    InUse,
    NotSupported,
    NotYetVisible,
    ObjectArchived,
    ObjectMissing,
    PitrDisabled,
    Refused,
    StepFailed,
    TableMissing,
    Throttled,
    Unreachable,
    UsageError,
)
from ddbbackup.model.aws_errors import is_clock_skew, is_permanent_limit
from ddbbackup.model.aws_texts import (
    DATA_PLANE,
    NO_KNOWN_SENTENCE,
    error_code,
    safe_reason,
    safe_text,
    service_code,
)
from ddbbackup.tls_trust import is_untrusted

_RERUN: Final = "run the same command again: it continues where it stopped"
_SIGN_IN: Final = f"sign in again, then {_RERUN}"
_CHECK_KEYS: Final = "check AWS_PROFILE, AWS_ACCESS_KEY_ID and `aws.profile` in the plan"
_CHECK_CLOCK: Final = "synchronize the clock of this machine, for example by NTP"
_GRANT: Final = (
    "grant the caller the action that AWS names above; `ddbbackup doctor --iam` prints the policies"
)
_ENABLE_KEY: Final = "enable the KMS key, or use another one"
_CHECK_TABLE: Final = "check the name of the table, and `aws.region` and `aws.account` in the plan"
_CHECK_BUCKET: Final = "create the bucket, or correct `bucket` of the destination"
_CHECK_KEY: Final = "check the bucket and the key; a lifecycle rule may have removed the object"
_CHECK_REGION: Final = "check the region of the bucket"
_CHECK_OPERATION: Final = (
    "check `aws.endpoint_urls` and `aws.region`: the service there does not support this operation"
)
_CHECK_NETWORK: Final = f"check network, proxy and endpoint, then {_RERUN}"
_CORRECT_PLAN: Final = "correct the value that AWS names above in the plan"
_FIX_CAUSE: Final = "fix the cause above, then run the same command again"
_WAIT_FOR_CHANGE: Final = "wait until the other change of the table is complete, then run the command again"
_WAIT_FOR_RUN: Final = (
    "wait until the other run that updates this record is complete, then run the command again"
)
_LATER: Final = "run the same command again later: it continues where it stopped"
_LOOK_UP: Final = "look up the request in AWS CloudTrail, where its record has AWS's text"
_RAISE_QUOTA: Final = (
    "request a higher quota from AWS, or run the same command again when the limit allows it"
)
_REQUEST_QUOTA: Final = "run the same command again later, or request a higher quota from AWS"


class Translation(NamedTuple):
    """What an error code of AWS becomes."""

    kind: type[DdbBackupError]
    hint: str


_ROWS: Final[tuple[tuple[type[DdbBackupError], str, tuple[str, ...]], ...]] = (
    # authentication
    (
        AccessDenied,
        _SIGN_IN,
        (*EXPIRED, "400"),  # S3 answers HEAD requests with expired credentials by 400 and no body
    ),
    (AccessDenied, _CHECK_CLOCK, ("RequestTimeTooSkewed",)),
    (
        AccessDenied,
        _CHECK_KEYS,
        (
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidToken",
            "UnrecognizedClientException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
        ),
    ),
    (AccessDenied, "activate the service for the account", ("OptInRequired", "NotSignedUp")),
    # authorization; a HEAD response has no body, so its code is the HTTP status
    (
        AccessDenied,
        _GRANT,
        (
            "AccessDenied",
            "AccessDeniedException",
            "AllAccessDisabled",
            "AuthorizationError",  # SNS
            "UnauthorizedOperation",
            "403",
        ),
    ),
    (AccessDenied, _ENABLE_KEY, ("KMS.DisabledException",)),
    # missing resources
    (TableMissing, _CHECK_TABLE, ("ResourceNotFoundException", "TableNotFoundException")),
    (
        Refused,
        "check the ExportArn and the region; AWS lists exports for 90 days, older ones can be restored by `s3_uri`",
        ("ExportNotFoundException",),
    ),
    (
        Refused,
        "check the ARN, the region and the account; AWS lists imports for 90 days",
        ("ImportNotFoundException",),
    ),
    (ObjectMissing, _CHECK_BUCKET, ("NoSuchBucket",)),
    (ObjectMissing, _CHECK_KEY, ("NoSuchKey", "404")),
    (Refused, "check the ARN of the KMS key and its region", ("NotFoundException", "KMS.NotFoundException")),
    (
        NotYetVisible,
        "register the table with Application Auto Scaling, then run the restore again",
        ("ObjectNotFoundException",),
    ),
    # refused requests
    (
        PitrDisabled,
        "enable point-in-time recovery of the table, or set `pitr: enable`",
        ("PointInTimeRecoveryUnavailableException",),
    ),
    (
        ExportTimeInvalid,
        "run the backup again; with `export_time: common`, wait ten minutes after point-in-time recovery is enabled",
        ("InvalidExportTimeException",),
    ),
    (
        Refused,
        "choose a time inside the window that AWS names above, or `from: latest`",
        ("InvalidRestoreTimeException",),
    ),
    (
        Refused,
        "restore to another table name; {date} and {run} make names unique",
        ("TableAlreadyExistsException",),
    ),
    (
        InUse,
        _WAIT_FOR_CHANGE,
        ("ResourceInUseException", "TableInUseException", "ConcurrentUpdateException"),
    ),
    (
        InUse,
        "wait a minute, then run the command again: the table was created a moment ago",
        ("ContinuousBackupsUnavailableException",),
    ),
    (Refused, _CORRECT_PLAN, ("ValidationException", "ValidationError")),
    (Refused, "correct `bucket` of the destination", ("InvalidBucketName",)),
    (
        ObjectArchived,
        "retrieve the object from its archive, for example by `ddbbackup restore NAME --retrieve standard`",
        ("InvalidObjectState",),
    ),
    (Refused, _CHECK_REGION, ("PermanentRedirect", "AuthorizationHeaderMalformed", "301")),
    # operations that an emulator, or AWS in some region, does not have
    (
        NotSupported,
        _CHECK_OPERATION,
        (
            "UnknownOperationException",
            "UnknownOperation",
            "UnsupportedOperation",
            "UnsupportedOperationException",
            "NotImplemented",
            "501",
        ),
    ),
    # conflicts
    (
        Conflict,
        "use another --run-id: this one was already used with other parameters",
        ("ExportConflictException", "ImportConflictException", "IdempotentParameterMismatchException"),
    ),
    (Conflict, _WAIT_FOR_RUN, ("PreconditionFailed", "ConditionalRequestConflict", "412")),
    (InUse, _LATER, ("OperationAborted", "409")),
    # throttling and quotas
    (
        Throttled,
        _REQUEST_QUOTA,
        (
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "LimitExceededException",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "TransactionInProgressException",
            "429",
        ),
    ),
    # failures of the service
    (
        Unreachable,
        _LATER,
        (
            "RequestTimeout",
            "InternalServerError",
            "InternalError",
            "InternalServiceException",
            "InternalFailure",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "500",
            "502",
            "503",
            "504",
        ),
    ),
)

CODES: Final[dict[str, Translation]] = {
    code: Translation(kind, hint) for kind, hint, codes in _ROWS for code in codes
}

_VALUE: Final = re.compile(r"value: .*?, (?=type:|valid )")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,80}", re.ASCII)
# What the SDK lets through of the libraries below it: broken bodies, TLS failures, unreadable CA bundles.
_TRANSPORT: Final = (
    sdk.HTTPClientError,
    sdk.ConnectionError,
    sdk.IncompleteReadError,
    HTTPError,
    HTTPException,
)
_LIBRARIES: Final = ("botocore", "boto3", "urllib3")


@contextmanager
def translate_errors(action: str) -> Iterator[None]:
    """Raises whatever the SDK raises as an error of ddbbackup; what our own code raises passes as it is.

    ``action`` completes the sentence "could not …", as in "export table orders".
    """
    try:
        yield
    except sdk.ClientError as error:
        raise from_client_error(error, action) from error
    except CONFIGURATION as error:
        raise explain_configuration(error) from error
    except sdk.NoRegionError as error:
        raise UsageError(
            f"could not {action}: no region is set", hint="set `aws.region` in the plan, or AWS_REGION"
        ) from error
    except sdk.ParamValidationError as error:
        raise Refused(
            f"could not {action}: the SDK rejects the parameters ({_without_values(error)})",
            hint="correct the value in the plan",
        ) from error
    except UntrustedCertificate as error:
        raise CertificateRejected(f"could not {action}: {_one_line(error)}", hint=TRUST_CA) from error
    except UnusableResponse as error:
        raise Unreachable(
            f"could not {action}: the response cannot be used ({_one_line(error)})", hint=_CHECK_NETWORK
        ) from error
    except ResponseParserError as error:  # its text quotes the body
        raise Unreachable(
            f"could not {action}: the response cannot be used (it cannot be parsed)", hint=_CHECK_NETWORK
        ) from error
    except sdk.PaginationError as error:  # its text quotes the token, which may be the key of an item
        raise Unreachable(
            f"could not {action}: the response cannot be used (the list repeats its page token)",
            hint=_CHECK_NETWORK,
        ) from error
    except _TRANSPORT as error:
        raise _from_transport(error, action) from error
    except Exception as error:
        translated = _from_anything_else(error, action)
        if translated is None:
            raise
        raise translated from error


def from_client_error(error: sdk.ClientError, action: str) -> DdbBackupError:
    """By code; where the code is unknown, by HTTP status."""
    code = code_of(error)
    kind, hint = (
        _by_text(error, code)
        or CODES.get(code)
        or _by_status(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    )
    text = _text_of(error, code)
    # A hint that refers to what is not there would mislead.
    hint = _LOOK_UP if NO_KNOWN_SENTENCE in text and "above" in hint else hint
    return kind(f"could not {action}: {text}", hint=hint)


def _by_text(error: sdk.ClientError, code: str) -> Translation | None:
    message = str(error.response.get("Error", {}).get("Message") or "")
    if is_clock_skew(code, message):
        return Translation(AccessDenied, _CHECK_CLOCK)
    if code == "LimitExceededException" and is_permanent_limit(message):
        return Translation(Refused, _RAISE_QUOTA)
    return None


def _text_of(error: sdk.ClientError, code: str) -> str:
    """The code and what is known of AWS's text, on one line. A text nobody knows may hold items or secrets."""
    message = str(error.response.get("Error", {}).get("Message") or "")
    if error.operation_name in DATA_PLANE:
        return safe_reason(error_code(code), message)
    code = service_code(code)
    if not message.strip() or message == code:
        return code
    text = safe_text(message)
    return f"{text} ({code})" if text is not None else f"{code} ({NO_KNOWN_SENTENCE}{_request_id(error)})"


def _request_id(error: sdk.ClientError) -> str:
    request_id = str(error.response.get("ResponseMetadata", {}).get("RequestId") or "")
    return f"; request id {request_id}" if _REQUEST_ID.fullmatch(request_id) else ""


def _from_transport(error: Exception, action: str) -> DdbBackupError:
    if "Invalid header value" in str(error):  # the only header values that are not ours; the text quotes them
        return unsendable_keys()
    if is_untrusted(error):  # of a client that the SDK made for itself
        return CertificateRejected(f"could not {action}: {_one_line(error)}", hint=TRUST_CA)
    return Unreachable(f"could not {action}: {_one_line(error)}", hint=_CHECK_NETWORK)


def _from_anything_else(error: Exception, action: str) -> DdbBackupError | None:
    """None for an error of our own code.

    The text of an error may quote what was read, so only that of the SDK and of the system is shown.
    """
    if isinstance(error, DdbBackupError):
        return None
    known = isinstance(error, sdk.BotoCoreError | OSError)
    reason = _one_line(error) if known else type(error).__name__
    if isinstance(error, OSError):
        # The SDK wraps errors about CA bundles, but not those about its own configuration files.
        if error.filename:
            return explain_configuration(error)
        return Unreachable(f"could not {action}: {reason}", hint=_CHECK_NETWORK)
    if isinstance(error, sdk.BotoCoreError):
        return StepFailed(f"could not {action}: {reason}", hint=_FIX_CAUSE)
    if _passed_through(error, *_LIBRARIES):
        return Unreachable(f"could not {action}: the SDK failed ({reason})", hint=_CHECK_NETWORK)
    return None


def _passed_through(error: Exception, *modules: str) -> bool:
    """Whether code of one of these modules, or of a module below them, raised the error or let it through."""
    names = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(name == module or name.startswith(f"{module}.") for name in names for module in modules)


def code_of(error: sdk.ClientError) -> str:
    """The error code. A HEAD response of S3 has no body: its code is the HTTP status."""
    return str(error.response.get("Error", {}).get("Code") or "unknown")


def _by_status(status: int) -> Translation:
    if status >= 500:
        return Translation(Unreachable, _LATER)
    if status == 429:
        return Translation(Throttled, _REQUEST_QUOTA)
    if status == 403:
        return Translation(AccessDenied, _GRANT)
    return Translation(StepFailed, _FIX_CAUSE)


def _without_values(error: sdk.ParamValidationError) -> str:
    """The SDK quotes values as ``value: …,`` before it says what would be valid."""
    return _VALUE.sub("value: …, ", _one_line(error))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
