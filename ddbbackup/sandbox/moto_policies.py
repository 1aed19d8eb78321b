"""Resource policies: seen late, changed at most every 15 seconds, and enforced late (observed on AWS)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import ResourcePolicy
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox import policy_rules, update_rules
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_tables import aws_error
from ddbbackup.sandbox.sandbox_clock import CLOCK

VISIBLE_SECONDS: Final = 0.3  # on AWS 1 to 3 seconds
DENIED_SECONDS: Final = 0.5  # on AWS 2 to 237 seconds
_AUTHORIZE: Final[Any] = DynamoHandler._authenticate_and_authorize_normal_action


@dataclass
class _Policy(ResourcePolicy):
    """``before`` is what GetResourcePolicy returns until the policy is visible."""

    resource_arn: str
    policy_doc: str
    before: str | None
    changed: float

    def __post_init__(self) -> None:
        super().__init__(self.resource_arn, self.policy_doc)


def install() -> None:
    """Replaces moto's handlers, and its authorization."""
    for name, handler in {
        "put_resource_policy": _put_policy,
        "get_resource_policy": _get_policy,
        "_authenticate_and_authorize_normal_action": _authorize,
    }.items():
        setattr(DynamoHandler, name, handler)


def _put_policy(handler: DynamoHandler) -> Any:
    backend, arn = handler.dynamodb_backend, handler.body["ResourceArn"]
    _known_resource(backend, arn)
    document, now = handler.body["Policy"], CLOCK.now()
    current = backend.resource_policies.get(arn)
    if isinstance(current, _Policy):
        if json.loads(current.policy_doc) == json.loads(document):
            return ActionResult({"RevisionId": current.revision_id})
        try:
            _check_pause(current, arn, now)
        except AwsError as error:
            raise aws_error(error.code, error.message) from error
    policy = _Policy(arn, document, before=current.policy_doc if current else None, changed=now)
    backend.resource_policies[arn] = policy
    return ActionResult({"RevisionId": policy.revision_id})


def _check_pause(policy: _Policy, arn: str, now: float) -> None:
    kind = "Stream" if "/stream/" in arn else "Table"
    if now - policy.changed < VISIBLE_SECONDS:
        raise AwsError(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: {kind} is pending previous resource-based policy "
            "update",
        )
    name = arn.rpartition("/")[2]
    update_rules.check_cooldown(f"Resource-based policy for {kind.lower()} {name}", policy.changed, now)


def _get_policy(handler: DynamoHandler) -> Any:
    backend, arn = handler.dynamodb_backend, handler.body["ResourceArn"]
    _known_resource(backend, arn)
    policy = backend.resource_policies.get(arn)
    text = policy.policy_doc if policy is not None else None
    if isinstance(policy, _Policy) and CLOCK.now() - policy.changed < VISIBLE_SECONDS:
        text = policy.before
    if policy is None or text is None:
        raise aws_error("PolicyNotFoundException", f"Resource-based policy not found: {arn}")
    return ActionResult({"Policy": text, "RevisionId": policy.revision_id})


def _known_resource(backend: DynamoDBBackend, arn: str) -> None:
    """Tables and their latest streams can have policies."""
    for table in backend.tables.values():
        stream = table.describe()["TableDescription"].get("LatestStreamArn")
        if arn in (table.table_arn, stream):
            return
    raise aws_error("ResourceNotFoundException", f"Requested resource not found: {arn}")


def _authorize(handler: DynamoHandler, resource: str) -> None:
    action = f"dynamodb:{handler._get_action()}"
    for arn in _tables_of(handler):
        policy = handler.dynamodb_backend.resource_policies.get(arn)
        in_force = isinstance(policy, _Policy) and CLOCK.now() - policy.changed >= DENIED_SECONDS
        if policy is not None and in_force and policy_rules.denies(policy.policy_doc, action):
            raise aws_error(
                "AccessDeniedException",
                f"User: arn:aws:iam::{handler.current_account}:user/sandbox is not authorized to perform: {action} "
                f"on resource: {arn} with an explicit deny in a resource-based policy",
            )
    _AUTHORIZE(handler, resource)


def _tables_of(handler: DynamoHandler) -> Iterator[str]:
    """The ARNs of the tables that the request names."""
    request = handler.body if isinstance(handler.body, dict) else {}
    for name in (request.get("TableName"), request.get("ResourceArn"), *(request.get("RequestItems") or {})):
        arn = Arn.parse_if_arn(name) if name else None
        table = handler.dynamodb_backend.tables.get(arn.table_name if arn else name)
        if table is not None:
            yield table.table_arn
