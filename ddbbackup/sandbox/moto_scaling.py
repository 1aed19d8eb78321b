"""Application Auto Scaling is eventually consistent: a new target is not found for a moment.

Source: botocore's model, ObjectNotFoundException of PutScalingPolicy and PutScheduledAction.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

LAG_SECONDS: Final = 0.5
_MEMBERS: Final = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
_ORIGINALS: Final[dict[str, Any]] = {
    name: getattr(ApplicationAutoScalingResponse, name)
    for name in ("put_scaling_policy", "put_scheduled_action")
}
_REGISTER: Final[Any] = ApplicationAutoscalingBackend.register_scalable_target


class _NotFound(JsonRESTError):
    code = 400


def install() -> None:
    """Replaces moto's handlers."""
    for name in _ORIGINALS:
        setattr(ApplicationAutoScalingResponse, name, _after_lag(name))
    setattr(ApplicationAutoscalingBackend, "register_scalable_target", _register)  # noqa: B010 - mypy rejects an assignment to a method


def _after_lag(name: str) -> Any:
    def handler(response: ApplicationAutoScalingResponse) -> Any:
        _require_target(response)
        return _ORIGINALS[name](response)

    return handler


def _register(backend: ApplicationAutoscalingBackend, *arguments: Any, **named: Any) -> Any:
    """AWS returns all three members of SuspendedState. What a request does not name keeps its value."""
    namespace, resource, dimension = arguments
    known = backend.targets.get(dimension, {}).get(resource)
    before: Any = known.suspended_state if known else None
    named["suspended_state"] = {
        **(before or dict.fromkeys(_MEMBERS, False)),
        **(named.get("suspended_state") or {}),
    }
    return _REGISTER(backend, namespace, resource, dimension, **named)


def _require_target(response: ApplicationAutoScalingResponse) -> None:
    request = json.loads(response.body)
    resource, dimension = request["ResourceId"], request["ScalableDimension"]
    target = response.applicationautoscaling_backend.targets.get(dimension, {}).get(resource)
    if target is None or time.time() - target.creation_time < LAG_SECONDS:
        raise _NotFound(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {request['ServiceNamespace']}, resource ID: "
            f"{resource}, scalable dimension: {dimension}",
        )
