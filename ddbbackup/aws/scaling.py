"""Application Auto Scaling of tables and indexes: targets, policies, scheduled actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from ddbbackup.aws.error_map import explained
from ddbbackup.aws.raw_response import keep_bodies, whole
from ddbbackup.ports.settings import Members

_NAMESPACE: Final = "dynamodb"


class ApplicationScaling:
    """Implements ``ports.Scaling``. ``client`` makes one when first needed: most tables have no auto scaling."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._make = client

    def targets(self, resources: Sequence[str]) -> Sequence[Members]:
        wish = {"ResourceIds": list(resources)}
        return self._all("describe_scalable_targets", "ScalableTargets", wish, ", ".join(resources))

    def policies(self, resource: str) -> Sequence[Members]:
        return self._all("describe_scaling_policies", "ScalingPolicies", {"ResourceId": resource}, resource)

    def actions(self, resource: str) -> Sequence[Members]:
        wish = {"ResourceId": resource}
        return self._all("describe_scheduled_actions", "ScheduledActions", wish, resource)

    def register(self, target: Members) -> None:
        with explained(f"register the auto scaling of {target['ResourceId']}"):
            self._client().register_scalable_target(ServiceNamespace=_NAMESPACE, **target)

    def put_policy(self, policy: Members) -> None:
        with explained(f"put the scaling policy {policy['PolicyName']}"):
            self._client().put_scaling_policy(ServiceNamespace=_NAMESPACE, **policy)

    def put_action(self, action: Members) -> None:
        times = {
            name: datetime.fromisoformat(action[name])
            for name in ("StartTime", "EndTime")
            if action.get(name)
        }
        with explained(f"put the scheduled action {action['ScheduledActionName']}"):
            self._client().put_scheduled_action(ServiceNamespace=_NAMESPACE, **{**action, **times})

    def _all(self, operation: str, member: str, wish: Mapping[str, Any], what: str) -> Sequence[Members]:
        """Every page of one of the three reads."""
        found: list[Members] = []
        more: dict[str, Any] = {}
        while True:
            with explained(f"read the auto scaling of {what}"):
                answer = getattr(self._client(), operation)(ServiceNamespace=_NAMESPACE, **wish, **more)
            found += cast("list[Members]", whole(answer, member) or [])
            if not answer.get("NextToken"):
                return found
            more = {"NextToken": answer["NextToken"]}

    def _client(self) -> Any:
        client = self._make()
        keep_bodies(client, "application-auto-scaling")
        return client
