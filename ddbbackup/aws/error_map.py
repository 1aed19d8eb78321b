"""The one table from AWS's error codes to ddbbackup's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore import exceptions as sdk

from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DdbBackupError,
    ExportTimeInvalid,
    InUse,
    NotSupported,
    ObjectMissing,
    PitrDisabled,
    Refused,
    StepFailed,
    TableMissing,
    Throttled,
    Unreachable,
    UsageError,
)

Kind = type[DdbBackupError]

_RENEW = "sign in again or renew the credentials, then run the same command: it goes on where it stopped"
_ALLOW = "allow the caller the action that the message names (docs/permissions.md lists what is needed)"
_WRONG_KEYS = "check AWS_PROFILE, AWS_ACCESS_KEY_ID and `aws.profile` of the plan"
_LATER = "run the same command again later: it goes on where it stopped"
_UNKNOWN = "check `aws.endpoint_urls` and the region: the service there does not know this operation"
_SLOWER = "run the same command again later, or ask AWS for a higher quota"

CODES: Final[dict[str, tuple[Kind, str]]] = {
    # who we are
    "ExpiredToken": (AccessDenied, _RENEW),
    "ExpiredTokenException": (AccessDenied, _RENEW),
    "RequestExpired": (AccessDenied, _RENEW),
    "RequestTimeTooSkewed": (AccessDenied, "set this machine's clock"),
    "InvalidAccessKeyId": (AccessDenied, _WRONG_KEYS),
    "InvalidClientTokenId": (AccessDenied, _WRONG_KEYS),
    "UnrecognizedClientException": (AccessDenied, _WRONG_KEYS),
    "MissingAuthenticationToken": (AccessDenied, _WRONG_KEYS),
    "MissingAuthenticationTokenException": (AccessDenied, _WRONG_KEYS),
    "InvalidSignatureException": (AccessDenied, _WRONG_KEYS),
    "SignatureDoesNotMatch": (AccessDenied, _WRONG_KEYS),
    "IncompleteSignature": (AccessDenied, _WRONG_KEYS),
    "OptInRequired": (AccessDenied, "activate the service for the account"),
    # what we may
    "AccessDenied": (AccessDenied, _ALLOW),
    "AccessDeniedException": (AccessDenied, _ALLOW),
    "AllAccessDisabled": (AccessDenied, _ALLOW),
    "403": (AccessDenied, _ALLOW),
    "KMS.DisabledException": (AccessDenied, "enable the KMS key"),
    # what is there
    "ResourceNotFoundException": (TableMissing, "check the table's name, and the plan's region and account"),
    "TableNotFoundException": (TableMissing, "check the table's name, and the plan's region and account"),
    "ExportNotFoundException": (
        Refused,
        "check the ExportArn and the region; AWS forgets exports after 90 days, their data can be restored by s3_uri",
    ),
    "NoSuchBucket": (ObjectMissing, "create the bucket, or correct `bucket` of the destination"),
    "NoSuchKey": (ObjectMissing, "check the address; a lifecycle rule may have removed the object"),
    "404": (ObjectMissing, "check the address; a lifecycle rule may have removed the object"),
    "InvalidObjectState": (Refused, "the object is archived: restore it from Glacier first"),
    "PermanentRedirect": (Refused, "check the region of the bucket"),
    # what DynamoDB declines
    "PointInTimeRecoveryUnavailableException": (
        PitrDisabled,
        "turn point-in-time recovery on, or say `pitr: enable`",
    ),
    "InvalidExportTimeException": (
        ExportTimeInvalid,
        "run the backup again; with `export_time: common`, some ten minutes after point-in-time recovery was enabled",
    ),
    "ExportConflictException": (Conflict, "use another --run-id: this one was used with other parameters"),
    "ImportConflictException": (
        Conflict,
        "use another --run-id: AWS knows the token of this one from another import",
    ),
    "IdempotentParameterMismatchException": (
        Conflict,
        "use another --run-id: AWS knows the token of this one with other parameters",
    ),
    "ImportNotFoundException": (
        Refused,
        "check the ARN, the region and the account; AWS forgets imports after 90 days",
    ),
    "TableAlreadyExistsException": (
        Refused,
        "restore to another table name ({date} and {run} make fresh ones)",
    ),
    "InvalidRestoreTimeException": (
        Refused,
        "choose a time inside the window that the message names, or `from: latest`",
    ),
    "ResourceInUseException": (InUse, "wait until the other change of the table is over, then run again"),
    "TableInUseException": (InUse, "wait until the other change of the table is over, then run again"),
    "ContinuousBackupsUnavailableException": (InUse, "wait a minute: the table was made a moment ago"),
    "ValidationException": (Refused, "correct what the message names in the plan"),
    "ValidationError": (Refused, "correct what the message names in the plan"),
    "ConcurrentUpdateException": (InUse, "wait until the other change is over, then run again"),
    "ObjectNotFoundException": (Refused, "register the table with Application Auto Scaling first"),
    "NotFoundException": (Refused, "check the key's ARN and its region"),
    "InvalidBucketName": (Refused, "correct `bucket` of the destination"),
    # what an emulator, or a region that is behind, does not know
    "UnknownOperationException": (NotSupported, _UNKNOWN),
    "UnknownOperation": (NotSupported, _UNKNOWN),
    "UnsupportedOperation": (NotSupported, _UNKNOWN),
    "UnsupportedOperationException": (NotSupported, _UNKNOWN),
    "NotImplemented": (NotSupported, _UNKNOWN),
    "501": (NotSupported, _UNKNOWN),
    # somebody was faster
    "PreconditionFailed": (Conflict, "another run works on the same record: let it end, then run again"),
    "ConditionalRequestConflict": (
        Conflict,
        "another run works on the same record: let it end, then run again",
    ),
    # slower, please
    "LimitExceededException": (Throttled, _SLOWER),
    "ThrottlingException": (Throttled, _SLOWER),
    "Throttling": (Throttled, _SLOWER),
    "ThrottledException": (Throttled, _SLOWER),
    "RequestLimitExceeded": (Throttled, _SLOWER),
    "ProvisionedThroughputExceededException": (Throttled, _SLOWER),
    "TooManyRequestsException": (Throttled, _SLOWER),
    "SlowDown": (Throttled, _SLOWER),
    "RequestTimeout": (Unreachable, _LATER),
    # not our fault
    "InternalServerError": (Unreachable, _LATER),
    "InternalError": (Unreachable, _LATER),
    "InternalServiceException": (Unreachable, _LATER),
    "InternalFailure": (Unreachable, _LATER),
    "ServiceUnavailable": (Unreachable, _LATER),
    "ServiceUnavailableException": (Unreachable, _LATER),
    "500": (Unreachable, _LATER),
    "502": (Unreachable, _LATER),
    "503": (Unreachable, _LATER),
}

_WITHOUT_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.ProfileNotFound,
    sdk.TokenRetrievalError,
    sdk.SSOError,
    sdk.RefreshWithMFAUnsupportedError,
    sdk.ConfigParseError,
    sdk.MetadataRetrievalError,
)


@contextmanager
def explained(attempt: str) -> Iterator[None]:
    """Turns whatever the SDK raises into our errors; ``attempt`` says what was tried, as in "export orders"."""
    try:
        yield
    except sdk.ClientError as error:
        raise from_client_error(error, attempt) from error
    except _WITHOUT_CREDENTIALS as error:
        raise AccessDenied(
            f"could not {attempt}: there are no usable credentials ({error})",
            hint="sign in, or set AWS_PROFILE or `aws.profile` of the plan",
        ) from error
    except sdk.NoRegionError as error:
        raise UsageError(
            f"could not {attempt}: no region is set", hint="set `aws.region` in the plan, or AWS_REGION"
        ) from error
    except sdk.ParamValidationError as error:
        raise Refused(
            f"could not {attempt}: the SDK refuses the parameters ({_first_line(error)})",
            hint="correct the value in the plan",
        ) from error
    except (sdk.HTTPClientError, sdk.ConnectionError, sdk.IncompleteReadError) as error:
        raise Unreachable(
            f"could not {attempt}: {_first_line(error)}",
            hint="check network, proxy and endpoint, then run the same command: it goes on where it stopped",
        ) from error
    except sdk.BotoCoreError as error:
        raise StepFailed(
            f"could not {attempt}: {_first_line(error)}", hint="mend what the message names, then run again"
        ) from error


def from_client_error(error: sdk.ClientError, attempt: str) -> DdbBackupError:
    """By code; an unknown code of a 5xx answer is a service that does not work, any other a failed step."""
    code, message = code_of(error), str(error.response.get("Error", {}).get("Message") or "")
    said = f"{message} ({code})" if message and message != code else code
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in CODES:
        kind, hint = CODES[code]
    elif status >= 500:
        kind, hint = Unreachable, _LATER
    elif status == 403:
        kind, hint = AccessDenied, _ALLOW
    else:
        kind, hint = StepFailed, "mend what the message names, then run the same command again"
    return kind(f"could not {attempt}: {said}", hint=hint)


def code_of(error: sdk.ClientError) -> str:
    """S3's HEAD answers have no body: their code is the HTTP status."""
    return str(error.response.get("Error", {}).get("Code") or "unknown")


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
