"""Application Auto Scaling of tables and indexes: targets, policies, scheduled actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.aws.pages import PageCheck
from ddbbackup.aws.raw_response import keep_raw_responses, merge_unknown_fields
from ddbbackup.model.json_value import JsonObject, get_text

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_application_autoscaling.type_defs import (
        PutScalingPolicyRequestTypeDef,
        PutScheduledActionRequestTypeDef,
        RegisterScalableTargetRequestTypeDef,
    )

_NAMESPACE: Final = "dynamodb"


class ApplicationScaling:
    """Implements ``ports.Scaling``. ``client`` makes the client when it is first needed: most tables do not scale."""

    def __init__(self, client: Callable[[], ApplicationAutoScalingClient]) -> None:
        self._make_client = client

    def targets(self, resources: Sequence[str]) -> Sequence[JsonObject]:
        return self._read_all(
            "describe_scalable_targets",
            "ScalableTargets",
            {"ResourceIds": list(resources)},
            resource=", ".join(resources),
        )

    def policies(self, resource: str) -> Sequence[JsonObject]:
        parameters = {"ResourceId": resource}
        return self._read_all("describe_scaling_policies", "ScalingPolicies", parameters, resource=resource)

    def actions(self, resource: str) -> Sequence[JsonObject]:
        parameters = {"ResourceId": resource}
        return self._read_all("describe_scheduled_actions", "ScheduledActions", parameters, resource=resource)

    def register(self, target: JsonObject) -> None:
        parameters = {"ServiceNamespace": _NAMESPACE, **target}
        with translate_errors(f"register the auto scaling of {target['ResourceId']}"):
            self._client().register_scalable_target(
                **cast("RegisterScalableTargetRequestTypeDef", parameters)
            )

    def put_policy(self, policy: JsonObject) -> None:
        parameters = {"ServiceNamespace": _NAMESPACE, **policy}
        with translate_errors(f"put the scaling policy {policy['PolicyName']}"):
            self._client().put_scaling_policy(**cast("PutScalingPolicyRequestTypeDef", parameters))

    def put_action(self, action: JsonObject) -> None:
        times = {
            name: datetime.fromisoformat(text)
            for name in ("StartTime", "EndTime")
            if (text := get_text(action, name))
        }
        parameters = {"ServiceNamespace": _NAMESPACE, **action, **times}
        with translate_errors(f"put the scheduled action {action['ScheduledActionName']}"):
            self._client().put_scheduled_action(**cast("PutScheduledActionRequestTypeDef", parameters))

    def _read_all(
        self,
        operation: Literal[
            "describe_scalable_targets", "describe_scaling_policies", "describe_scheduled_actions"
        ],
        member: str,
        parameters: Mapping[str, Any],
        *,
        resource: str,
    ) -> Sequence[JsonObject]:
        """Follows the pages of one of the three reads. The SDK's paginators would drop the raw responses."""
        elements: list[JsonObject] = []
        token: dict[str, str] = {}
        check = PageCheck(operation)
        while True:
            with translate_errors(f"read the auto scaling of {resource}"):
                call: Callable[..., Mapping[str, Any]] = getattr(self._client(), operation)
                response = call(ServiceNamespace=_NAMESPACE, **parameters, **token)
                check(response)
            elements += cast("list[JsonObject]", merge_unknown_fields(response, member) or [])
            if not response.get("NextToken"):
                return elements
            token = {"NextToken": response["NextToken"]}

    def _client(self) -> ApplicationAutoScalingClient:
        client = self._make_client()
        keep_raw_responses(client, "application-auto-scaling")
        return client
