"""Deny statements of bucket policies with conditions on the encryption headers of a put. Pure.

The form that AWS publishes to enforce encryption (S3 guide: Protecting data with server-side encryption): the
statement denies ``s3:PutObject`` unless ``s3:x-amz-server-side-encryption`` or
``s3:x-amz-server-side-encryption-aws-kms-key-id`` has a certain value. Allow statements and principals are not
judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

_Operator = Callable[[str | None, list[str]], bool]

# By the rules of IAM for keys that the request does not have: negated operators match, others do not (IAM guide:
# Condition operators). A name that ends in IfExists matches a request without the key.
_OPERATORS: Final[Mapping[str, _Operator]] = {
    "StringEquals": lambda value, wanted: value is not None and value in wanted,
    "StringNotEquals": lambda value, wanted: value is None or value not in wanted,
    "StringLike": lambda value, wanted: value is not None and _is_like(value, wanted),
    "StringNotLike": lambda value, wanted: value is None or not _is_like(value, wanted),
    "Null": lambda value, wanted: str(value is None).lower() in wanted,
}


def denies(policy: bytes, action: str, resource: str, request: Mapping[str, str | None]) -> bool:
    """``request`` holds the values of condition keys in lower case; None for a header that was not sent."""
    return any(
        statement["Effect"] == "Deny"
        and _matches(statement.get("Action"), action)
        and _matches(statement.get("Resource"), resource)
        and _holds(statement.get("Condition", {}), request)
        for statement in _list(json.loads(policy)["Statement"])
    )


def _matches(patterns: Any, text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in _list(patterns))


def _holds(conditions: Mapping[str, Mapping[str, Any]], request: Mapping[str, str | None]) -> bool:
    """Whether every condition holds. Other keys than those of the request are an error of the test."""
    return all(
        _operator(name)(request[key.lower()], [str(each) for each in _list(wanted)])
        for name, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _operator(name: str) -> _Operator:
    operator = _OPERATORS[name.removesuffix("IfExists")]
    if not name.endswith("IfExists"):
        return operator
    return lambda value, wanted: value is None or operator(value, wanted)


def _is_like(value: str, wanted: list[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in wanted)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
