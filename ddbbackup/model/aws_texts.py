"""The allow-list of AWS's texts: error messages of operations that carry items, without any value of an item.

DynamoDB quotes keys and values in its messages, and every server has its own wording. So no message is shown as it
arrived: if it begins with a sentence of the table below, it is shown, and ``…`` stands for a value in it. Of any
other message only the error code is shown. The full text of a rejected item goes to the private rejects file.

Sources: API reference of DynamoDB (BatchWriteItem, PutItem, TransactWriteItems: possible error messages; common
errors), observed messages of AWS, and those of dynalite, dynoxide, ministack and moto, which repeat AWS's.
"""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "unknown error"
WITHHELD: Final = "text withheld: it may hold item data"

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


def _pattern(sentence: str) -> re.Pattern[str]:
    """Matches a message that begins with ``sentence``; any text may stand for ``…``, and follow."""
    return re.compile(re.escape(sentence).replace("…", ".*") + r"\b", re.IGNORECASE)


_KNOWN: Final = tuple((_pattern(sentence), sentence) for sentence in _SENTENCES)
_ENVELOPE: Final = re.compile(r"\d{1,3} validation errors? detected: ", re.IGNORECASE)

# Who may not do what is no item data, and nothing else helps the reader. Only these forms, and only these characters.
_ARN: Final = r"arn:[a-z-]{3,12}:[a-z0-9-]{2,20}:[a-z0-9-]{0,20}:\d{0,12}:[\w+=,.@/:*-]{1,600}"
_DENIED: Final = re.compile(
    rf"User: {_ARN} is not authorized to perform: dynamodb:[A-Za-z]{{3,40}}(?: on resource: {_ARN})?"
    r"(?: because no [a-z -]{3,60} polic(?:y|ies) allows? the dynamodb:[A-Za-z]{3,40} action"
    r"| with an explicit deny in an? [a-z -]{3,60} policy(?:: " + _ARN + r")?)?\.?",
    re.ASCII,
)
# The form of the error codes in the model of DynamoDB and in the list of common errors. Anything else in place of a
# code may be anything.
_CODE: Final = re.compile(
    r"[A-Z][A-Za-z]{2,60}(?:Exception|Error|Failure|Expired|Token|Signature|Unavailable)"
)
_OTHER_CODES: Final = frozenset(
    {"AccessDenied", "OptInRequired", "Throttling", "RequestTimeTooSkewed", "SlowDown"}
)


def error_code(type_name: str) -> str:
    """The code in ``__type`` of an error body, such as ``com.amazonaws.dynamodb.v20120810#ThrottlingException``.

    Returns ``UNKNOWN`` for anything that does not have the form of a code.
    """
    code = type_name.rpartition("#")[2].partition(":")[0]
    return code if _CODE.fullmatch(code) or code in _OTHER_CODES else UNKNOWN


def safe_reason(code: str, message: str) -> str:
    """One line for people that holds no item data, whatever ``message`` is; ``code`` comes from ``error_code``."""
    folded = " ".join(message[:20_000].split())
    if not folded:
        return code
    if _DENIED.fullmatch(folded):
        return f"{code}: {folded}"
    sentence = _sentence(_ENVELOPE.sub("", folded, count=1))
    return f"{code}: {sentence}" if sentence is not None else f"{code} ({WITHHELD})"


def _sentence(folded: str) -> str | None:
    return next((sentence for pattern, sentence in _KNOWN if pattern.match(folded)), None)
