"""The parts of a plan that say whom to tell and where numbers go, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddbbackup.plan.model import Metrics, Notification, OpenTelemetry, Pushgateway

_UNITS = {"s": 1, "m": 60}
_ADDRESSES = {"ping": "url", "slack": "webhook_url", "sns": "topic_arn", "webhook": "url"}


def notification(name: str, value: Mapping[str, Any]) -> Notification:
    channel = next(kind for kind in _ADDRESSES if kind in value)
    timeout = value.get("timeout", "10s")
    return Notification(
        name=name,
        channel=channel,  # type: ignore[arg-type]  # one of the four, by the schema
        address=value[channel][_ADDRESSES[channel]],
        headers=dict(value[channel].get("headers", {})),
        when=("always",) if channel == "ping" else tuple(value.get("when", Notification.when)),
        verbs=tuple(value.get("verbs", Notification.verbs)),
        timeout_seconds=int(timeout[:-1]) * _UNITS[timeout[-1]],
    )


def metrics(value: Mapping[str, Any]) -> Metrics:
    gateway, telemetry = value.get("pushgateway"), value.get("opentelemetry")
    return Metrics(
        textfile=value.get("textfile"),
        pushgateway=gateway
        and Pushgateway(gateway["url"], gateway.get("job", "ddbbackup"), dict(gateway.get("headers", {}))),
        opentelemetry=None
        if telemetry is None
        else OpenTelemetry(telemetry.get("endpoint") or None, dict(telemetry.get("headers", {}))),
    )
