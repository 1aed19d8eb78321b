"""The allow-list of AWS's texts: known sentences of errors and of failed jobs, without any value of an item.

DynamoDB quotes keys and values in its messages, and every server has its own wording. So no message is shown as it
arrived:

- ``safe_reason``, for operations that carry items: if the message begins with a sentence of ``_SENTENCES``, that
  sentence is shown, and ``…`` stands for a value in it.
- ``safe_text``, for all others and for failed jobs: also the sentences of ``_WITH_NAMES`` are known, which must be
  the whole message. The names in them are kept: those of tables, buckets, ARNs and regions, numbers and times.

Of any other message only the error code is shown. The full text of a rejected item goes to the private rejects file;
CloudTrail has that of a request, and `describe-export`, `describe-import` or `describe-bulk-operation` that of a job.

Sources: API references of DynamoDB, S3 (error responses), KMS, STS and Application Auto Scaling; observed messages of
AWS; and those of dynalite, dynoxide, ministack, moto and the sandbox, which repeat AWS's.
"""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "unknown error"
WITHHELD: Final = "text withheld: it may hold item data"
NO_KNOWN_SENTENCE: Final = "AWS's text is not shown: it is no known sentence"

DATA_PLANE: Final = frozenset(
    {
        "BatchExecuteStatement",
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "ExecuteStatement",
        "ExecuteTransaction",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
"""The operations with messages that may quote items."""

_INVALID: Final = "One or more parameter values were invalid:"
_NOT_VALID: Final = "One or more parameter values are not valid."
_SENTENCES: Final = (
    # keys
    f"{_INVALID} Missing the key … in the item",
    f"{_INVALID} Type mismatch for key …",
    f"{_INVALID} Type mismatch for Index Key …",
    f"{_INVALID} The AttributeValue for a key attribute cannot contain an empty",
    f"{_NOT_VALID} The AttributeValue for a key attribute cannot contain an empty",
    f"{_NOT_VALID} A value specified for a secondary index key is not supported",
    f"{_INVALID} Size of hashkey has exceeded the maximum size limit",
    f"{_INVALID} Aggregated size of all range keys has exceeded the size limit",
    "The provided key element does not match the schema",
    # items and values
    "Item size has exceeded the maximum allowed size",
    "Item size to update has exceeded the maximum allowed size",
    "Collection size exceeded",
    "Item collection size limit",
    "Nesting Levels have exceeded supported limits",
    "The parameter cannot be converted to a numeric value",
    "Number overflow. Attempting to store a number with magnitude larger than supported range",
    "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    "Attempting to store more than 38 significant digits in a Number",
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one",
    f"{_INVALID} Null attribute value types must have the value of true",
    f"{_INVALID} An string set may not",
    f"{_INVALID} An number set may not",
    f"{_INVALID} Binary sets should not be empty",
    f"{_INVALID} Binary attribute value type mismatch",
    f"{_INVALID} BOOL value must be true or false",
    f"{_INVALID} An AttributeValue may not contain",
    f"{_INVALID} Input collection … contains duplicates",
    "Input collection contains duplicates",
    # requests
    "Provided list of item keys contains duplicates",
    "Too many items requested for the … call",
    "Value … failed to satisfy constraint",
    "The conditional request failed",
    "Cannot do operations on a non-existent table",
    "Requested resource not found",
    # the shape of a request
    "Start of structure or map found where not expected",
    "STRING_VALUE cannot be converted to",
    "NUMBER_VALUE cannot be converted to",
    "DECIMAL_VALUE cannot be converted to",
    "TRUE_VALUE cannot be converted to",
    "FALSE_VALUE cannot be converted to",
    "NULL_VALUE cannot be converted to",
    "Unexpected value type in payload",
    "Unexpected field type",
    "Unexpected token received from parser",
    "Unrecognized collection type",
    "Base64 encoded length is expected a multiple of 4 bytes",
    "Invalid last non-pad Base64 character",
    "Invalid Base64",
    # capacity and availability
    "The level of configured provisioned throughput for … exceeded",
    "Throughput exceeds the current",
    "Rate of requests exceeds",
    "Rate exceeded",
    "Transaction is ongoing for the item",
    "Internal server error",
    "The request processing has failed because of an unknown error",
    # credentials
    "The security token included in the request is expired",
    "The security token included in the request is invalid",
    "The request signature we calculated does not match the signature you provided",
    "Signature expired",
    "Signature not yet current",
    "Request is missing Authentication Token",
)

# Sentences that name things of the request, never items. A sentence here is the whole message.
_HOLES: Final = {
    # A table, an index, a bucket, a stream or a region; several of them.
    "{name}": r"[\w.-]{1,255}",
    "{names}": r"\[?[\w.-]{1,255}(?:, ?[\w.-]{1,255}){0,100}\]?",
    "{member}": r"[\w.\[\]-]{1,200}",
    "{arn}": r"arn:[a-z-]{3,12}:[a-z0-9-]{2,20}:[a-z0-9-]{0,20}:\d{0,12}:[\w+=,.@/:*-]{1,1100}",
    "{number}": r"\d{1,20}",
    "{time}": r"[0-9A-Z][0-9A-Za-z:.,+ -]{5,60}",
    "{change}": r"(?:(?:Server-Side Encryption|TableClass|DeletionProtection|Replica) modification|WarmThroughput)",
    "{dimension_of_warm}": r"Requested (?:Read|Write)UnitsPerSecond for WarmThroughput",
    "{dimension}": r"dynamodb:(?:table|index):(?:Read|Write)CapacityUnits",
    "{expression}": r"[^\s\w]{0,4}[\w\[\](){}+*?,.:/^$\\|-]{1,200}",
}
_INVALID_VALUE: Final = "{number} validation error detected: Value '{name}' at '{member}'"
_CONSTRAINT: Final = f"{_INVALID_VALUE} failed to satisfy constraint: Member must"
_UNDEFINED: Final = f"{_INVALID} Some index key attributes are not defined in AttributeDefinitions"
_SPECIFICATION: Final = "incremental export specification"
_NOT_IMPORTED: Final = "Some of the items failed validation checks and were not imported"
_OTHER_ENDPOINT: Final = (
    "The bucket you are attempting to access must be addressed using the specified endpoint"
)
_NO_SCALABLE_TARGET: Final = "No scalable target found for service namespace: dynamodb"
_NOT_REGISTERED: Final = "No scalable target registered for service namespace: dynamodb"
_LOWER: Final = "is lower than current WarmThroughput, decreasing WarmThroughput is not supported"
_OTHER_KEY: Final = "Use KMSMasterKeyId parameter if you want to change Master Key"
_KEY_CHANGES: Final = (
    "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at {time}"
)
_AFTER_THE_FIRST: Final = (
    "After the first {number} change, each subsequent change in the same window can be performed at most once every "
    "{number} seconds"
)
_COOLDOWN: Final = "modified within the previous {number} milliseconds. Please try again after {time}"
_WITH_NAMES: Final = (
    # tables
    "Table not found: {name}",
    "Table not found: {arn}",
    "Table: {name} not found",
    "The table does not exist",
    "Cannot do operations on a non-existent table",
    "Requested resource not found",
    "Requested resource not found: Table: {name} not found",
    "Requested resource not found: ResourcArn: {arn} not found",
    "Requested resource not found: {arn}",
    "Table already exists: {name}",
    "Target table already exists: {name}",
    "Attempt to change a resource which is still in use: Table is being created: {name}",
    "Attempt to change a resource which is still in use: Table is being updated: {name}",
    "Attempt to change a resource which is still in use: Table is being deleted: {name}",
    "Attempt to change a resource which is still in use: Index is being created: {name}",
    "Attempt to change a resource which is still in use: Index is being deleted: {name}",
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first",
    "TimeToLive is already enabled",
    "TimeToLive is already disabled",
    "Time to live has been modified multiple times within a fixed interval",
    "Backups are being enabled for the table: {name}. Please retry later",
    "Resource-based policy not found for the provided ResourceArn: {arn}",
    f"{_INVALID} ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is {{name}}",
    f"{_INVALID} Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is {{name}}",
    f"{_INVALID} Some AttributeDefinitions are not used. AttributeDefinitions: {{names}}, keys used: {{names}}",
    f"{_UNDEFINED}. Keys: {{names}}, AttributeDefinitions: {{names}}",
    f"{_INVALID} Duplicate index name: {{name}}",
    f"{_CONSTRAINT} have length greater than or equal to {{number}}",
    f"{_CONSTRAINT} have length less than or equal to {{number}}",
    f"{_CONSTRAINT} have value greater than or equal to {{number}}",
    f"{_CONSTRAINT} have value less than or equal to {{number}}",
    f"{_CONSTRAINT} satisfy enum value set: {{names}}",
    f"{_CONSTRAINT} satisfy regular expression pattern: {{expression}}",
    # UpdateTable and resource policies (observed on AWS)
    f"{_INVALID} {{dimension_of_warm}} for table {_LOWER}",
    f"{_INVALID} {{dimension_of_warm}} for index {{name}} {_LOWER}",
    f"{_INVALID} {{change}} must be the only operation in the request",
    f"{_INVALID} Table is already encrypted with given KMSMasterKeyId. {_OTHER_KEY}",
    f"{_INVALID} KMSMasterKeyId must be specified for each replica",
    f"{_INVALID} All replica keys must either be Customer Managed CMK or AWS Managed CMK",
    f"{_INVALID} Cannot add or delete the local region through ReplicaUpdates",
    f"{_INVALID} Disabling Stream is not allowed for a Global Table replica",
    "Table already has an enabled stream: TableName: {name}",
    "Table write capacity should either be Pay-Per-Request or AutoScaled",
    "GSI write capacity should either be Pay-Per-Request or AutoScaled",
    "Update table operation with more than one create or delete replica actions not allowed",
    "Subscriber limit exceeded: Only {number} online index can be created or deleted simultaneously per table",
    "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of {number}",
    f"{_KEY_CHANGES}. {_AFTER_THE_FIRST}. Number of updates today: {{number}}. Last change at {{time}}",
    f"Deletion protection setting for table {{name}} {_COOLDOWN}",
    f"Resource-based policy for table {{name}} {_COOLDOWN}",
    f"Resource-based policy for stream {{time}} {_COOLDOWN}",
    "Attempt to change a resource which is still in use: {name} is pending previous resource-based policy update",
    # exports, imports, bulk puts, restores
    "Point in time recovery is not enabled for table '{name}'",
    "Point in Time Recovery is not available for specified export time",
    "Export Time is invalid",
    "Difference between export period from time and export period to time is less than 15 minutes",
    "Difference between export period from time and export period to time is greater than 24 hours",
    "Incremental export period from time cannot be less than the table creation time : {time}",
    "Incremental export period to time cannot be greater than the current time : {time}",
    f"Invalid Request: Export Type expected to be Incremental Export when {_SPECIFICATION} is provided",
    "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be provided",
    "Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export",
    "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification",
    "Restore time is outside of the recovery window, which goes from {time} to {time}",
    "One of RestoreDateTime or UseLatestRestorableTime must be provided",
    "One of SourceTableArn or SourceTableName must be provided",
    "The source table must be in the caller's account",
    "sseSpecificationOverride must be provided for cross-region restores",
    "MaxResults must be between 1 and 25",
    "Export not found: {arn}",
    "Import not found: {arn}",
    "Bulk operation not found: {arn}",
    "Duplicate request detected with conflicting parameters",
    "Export conflict: Duplicate request detected with conflicting parameters",
    "The same client token was used with other parameters",
    "KMS Key Id is not supported for this encryption type",
    "Invalid Request: KMS Key Id is not supported for this encryption type",
    "Subscriber limit exceeded",
    "Subscriber limit exceeded: {number} concurrent exports",
    "Subscriber limit exceeded: {number} concurrent imports",
    "Subscriber limit exceeded: Only {number} tables can be created, updated, or deleted simultaneously",
    f"{_NOT_IMPORTED}. Please check CloudWatch error logs for more details",
    # on-demand backups
    "Invalid Backup ARN",
    "Access is denied",
    "Backup not found: {arn}",
    "Backup is being used to restore another table: {arn}",
    "Backup is being used to restore table: {arn}",
    "User is not allowed to delete the system backup with arn {arn}. It will automatically expire on {time}",
    "Time range lower bound must be less than or equal to upper bound",
    "Limit must be between 1 and {number}",
    # S3
    "Access Denied",
    "Bad Request",
    "Forbidden",
    "Not Found",
    "The specified bucket does not exist",
    "The specified bucket does not exist: {name}",
    "The specified bucket is not valid",
    "The specified key does not exist",
    "The bucket policy does not exist",
    "The server side encryption configuration was not found",
    "Object Lock configuration does not exist for this bucket",
    "The lifecycle configuration does not exist",
    "The public access block configuration was not found",
    "The operation is not valid for the object's storage class",
    "The authorization header is malformed; the region '{name}' is wrong; expecting '{name}'",
    f"{_OTHER_ENDPOINT}. Please send all future requests to this endpoint",
    "At least one of the pre-conditions you specified did not hold",
    "A conflicting conditional operation is currently in progress against this resource. Please try again",
    "We encountered an internal error. Please try again",
    "We encountered an internal error, please try again",
    "Please reduce your request rate",
    "Reduce your request rate",
    "Service is unable to handle request",
    "The provided token has expired",
    "The AWS Access Key Id you provided does not exist in our records",
    "The difference between the request time and the current time is too large",
    # KMS, Application Auto Scaling, Kinesis
    "Key '{arn}' does not exist",
    "Alias {arn} is not found",
    "{arn} is disabled",
    f"{_NO_SCALABLE_TARGET}, resource ID: table/{{name}}, scalable dimension: {{dimension}}",
    f"{_NOT_REGISTERED}, resource ID: table/{{name}}, scalable dimension: {{dimension}}",
    f"{_NOT_REGISTERED}, resource ID: table/{{name}}/index/{{name}}, scalable dimension: {{dimension}}",
    "Stream {name} under account {number} not found",
    # SNS
    "Topic does not exist",
    # credentials
    "User is not authorized to perform this action",
    "Access denied",
    "An unknown operation was requested",
)


def _whole(sentence: str) -> re.Pattern[str]:
    """Matches a message that is ``sentence``, with or without its full stop."""
    parts = re.split(r"(\{\w+\})", sentence)
    pattern = "".join(_HOLES[part] if part in _HOLES else re.escape(part) for part in parts)
    return re.compile(rf"{pattern}\.?", re.ASCII)


def _pattern(sentence: str) -> re.Pattern[str]:
    """Matches a message that begins with ``sentence``; any text may stand for ``…``, and follow."""
    return re.compile(re.escape(sentence).replace("…", ".*") + r"\b", re.IGNORECASE)


_KNOWN: Final = tuple((_pattern(sentence), sentence) for sentence in _SENTENCES)
_KNOWN_WITH_NAMES: Final = tuple(_whole(sentence) for sentence in _WITH_NAMES)
_ENVELOPE: Final = re.compile(r"\d{1,3} validation errors? detected: ", re.IGNORECASE)

# Who may not do what is no item data, and nothing else helps the reader. Only these forms, and only these characters.
_ARN: Final = r"arn:[a-z-]{3,12}:[a-z0-9-]{2,20}:[a-z0-9-]{0,20}:\d{0,12}:[\w+=,.@/:*-]{1,600}"
_ACTION: Final = r"[a-z0-9-]{2,30}:[A-Za-z]{3,60}"
_DENIED: Final = re.compile(
    rf"User: {_ARN} is not authorized to perform: {_ACTION}(?: on (?:the )?resource: (?P<quote>\"?){_ARN}(?P=quote))?"
    rf"(?: because no [a-z -]{{3,60}} polic(?:y|ies) allows? the {_ACTION} action"
    r"| with an explicit deny in an? [a-z -]{3,60} policy(?:: " + _ARN + r")?)?\.?",
    re.ASCII,
)
# What DynamoDB appends to the texts of S3 and KMS: which service answered, and the ids of the request there.
_OF_SERVICE: Final = re.compile(r" \(Service: [^()]{1,600}\)\.?\Z")
# The form of the error codes in the model of DynamoDB and in the list of common errors. Anything else in place of a
# code may be anything.
_CODE: Final = re.compile(
    r"[A-Z][A-Za-z]{2,60}(?:Exception|Error|Failure|Expired|Token|Signature|Unavailable)"
)
_SERVICE_CODE: Final = re.compile(r"(?:S3)?[A-Z][A-Za-z]{2,60}(?:\.[A-Z][A-Za-z]{2,60})?|[1-5]\d\d", re.ASCII)
_OTHER_CODES: Final = frozenset(
    {
        "AccessDenied",
        "OptInRequired",
        "RequestLimitExceeded",
        "RequestTimeTooSkewed",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
    }
)


def error_code(type_name: str) -> str:
    """The code in ``__type`` of an error body, such as ``com.amazonaws.dynamodb.v20120810#ThrottlingException``.

    Returns ``UNKNOWN`` for anything that does not have the form of a code.
    """
    code = type_name.rpartition("#")[2].partition(":")[0]
    return code if _CODE.fullmatch(code) or code in _OTHER_CODES else UNKNOWN


def service_code(code: str) -> str:
    """The code of an operation without items, or of a failed job: those of S3 and of jobs have no common ending."""
    return code if _SERVICE_CODE.fullmatch(code) else UNKNOWN


def safe_reason(code: str, message: str) -> str:
    """One line for people that holds no item data, whatever ``message`` is; ``code`` comes from ``error_code``."""
    folded = " ".join(message[:20_000].split())
    if not folded:
        return code
    if _DENIED.fullmatch(folded):
        return f"{code}: {folded}"
    sentence = _sentence(_ENVELOPE.sub("", folded, count=1))
    return f"{code}: {sentence}" if sentence is not None else f"{code} ({WITHHELD})"


def safe_text(message: str) -> str | None:
    """``message`` on one line if it is a known sentence, also with names in it; None if it is not."""
    folded = _OF_SERVICE.sub("", " ".join(message[:20_000].split()))
    if _DENIED.fullmatch(folded) or any(pattern.fullmatch(folded) for pattern in _KNOWN_WITH_NAMES):
        return folded
    return _sentence(_ENVELOPE.sub("", folded, count=1))


def failure_text(message: str | None, *, operation: str) -> str | None:
    """Why a job failed: a known sentence, or that ``operation`` of the AWS CLI has the text. None for no text."""
    if not message:
        return None
    return safe_text(message) or f"{NO_KNOWN_SENTENCE}; `aws dynamodb {operation}` prints it"


def failure_code(code: str | None) -> str | None:
    """The code of a failed job, in the form of one."""
    return service_code(code) if code else None


def _sentence(folded: str) -> str | None:
    return next((sentence for pattern, sentence in _KNOWN if pattern.match(folded)), None)
