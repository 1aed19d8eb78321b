"""What each error code of AWS becomes: an error of ddbbackup, and a hint."""

from __future__ import annotations

from typing import Final, NamedTuple

from ddbbackup.aws.credential_errors import EXPIRED
from ddbbackup.errors import (
    AccessDenied,
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
    SnapshotMissing,
    TableMissing,
    Throttled,
    Unreachable,
)

_RERUN: Final = "run the same command again"
_SIGN_IN: Final = f"sign in again, then {_RERUN}"
_CHECK_KEYS: Final = "check AWS_PROFILE, AWS_ACCESS_KEY_ID and `aws.profile` in the plan"
CHECK_CLOCK: Final = "synchronize the clock of this machine, for example by NTP"
GRANT: Final = (
    "grant the caller the action that AWS names above; `ddbbackup doctor --iam` prints the policies"
)
_ENABLE_KEY: Final = "enable the KMS key, or use another one"
_CHECK_TABLE: Final = "check the name of the table, and `aws.region` and `aws.account` in the plan"
_CHECK_BUCKET: Final = "create the bucket, or correct its name in the plan or on the command line"
_CHECK_KEY: Final = "check the bucket and the key; a lifecycle rule may have removed the object"
_CHECK_REGION: Final = "check the region of the bucket"
_CHECK_OPERATION: Final = (
    "check `aws.endpoint_urls` and `aws.region`: the service there does not support this operation"
)
CHECK_NETWORK: Final = f"check network, proxy and endpoint, then {_RERUN}"
_CORRECT_PLAN: Final = "correct the value that AWS names above in the plan"
FIX_CAUSE: Final = "fix the cause above, then run the same command again"
_WAIT_FOR_CHANGE: Final = "wait until the other change of the table is complete, then run the command again"
_WAIT_FOR_RUN: Final = (
    "wait until the other run that updates this record is complete, then run the command again"
)
LATER: Final = "run the same command again later"
LOOK_UP: Final = "look up the request in AWS CloudTrail, where its record has AWS's text"
RAISE_QUOTA: Final = "request a higher quota from AWS, or run the same command again when the limit allows it"
REQUEST_QUOTA: Final = "run the same command again later, or request a higher quota from AWS"


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
    (AccessDenied, CHECK_CLOCK, ("RequestTimeTooSkewed",)),
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
        GRANT,
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
    (
        SnapshotMissing,
        "check the ARN, the region and the account; an on-demand backup that was deleted cannot be brought back",
        ("BackupNotFoundException",),
    ),
    (ObjectMissing, _CHECK_BUCKET, ("NoSuchBucket",)),
    (ObjectMissing, _CHECK_KEY, ("NoSuchKey", "404")),
    (ObjectMissing, "run the same command again: the upload was aborted or completed", ("NoSuchUpload",)),
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
    (
        InUse,
        "wait until the restore from this on-demand backup is complete, then run the command again",
        ("BackupInUseException",),
    ),
    (Refused, _CORRECT_PLAN, ("ValidationException", "ValidationError")),
    (Refused, "correct the name of the bucket in the plan or on the command line", ("InvalidBucketName",)),
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
    (InUse, LATER, ("OperationAborted", "409")),
    # throttling and quotas
    (
        Throttled,
        REQUEST_QUOTA,
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
        LATER,
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
