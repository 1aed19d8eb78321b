"""Decides like IAM whether a policy allows a call. Implements only Allow statements without conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.support.calls import Call

# Operations of S3 whose action has another name (Service Authorization Reference: Actions defined by Amazon S3).
_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
}
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}  # needs no permission (IAM guide)


def action_of(call: Call) -> str:
    name = _ACTIONS.get(call.operation, call.operation) if call.service == "s3" else call.operation
    return f"{call.service}:{name}"


def pairs(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every allowed action with every resource pattern that it is allowed on."""
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in _list(statement["Action"]):
            for resource in _list(statement["Resource"]):
                yield action, resource


def allows(policy: Mapping[str, Any], call: Call) -> bool:
    action = action_of(call)
    return action in NEEDS_NO_PERMISSION or any(
        action == allowed and fnmatchcase(call.resource, resource.replace("[", "[[]"))
        for allowed, resource in pairs(policy)
    )


def exercised(pair: tuple[str, str], calls: list[Call]) -> bool:
    """Whether a call used this permission: it has the action, and its resource matches."""
    action, resource = pair
    return any(
        action_of(call) == action and fnmatchcase(call.resource, resource.replace("[", "[[]"))
        for call in calls
    )


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
