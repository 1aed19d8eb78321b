"""What AWS sent beside what the SDK made of it.

The SDK silently drops members that its model does not know, such as a setting that is newer than it. A record
keeps them: they are added to the parsed answer as they came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_BODY: Final = "BodyAsSent"
_READS: Final = frozenset(
    {
        "DescribeTable",
        "DescribeTimeToLive",
        "DescribeContinuousBackups",
        "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination",
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
        "DescribeScheduledActions",
    }
)


def keep_bodies(client: Any, service: str) -> None:
    """From now on the client's answers to the reads above carry their body; may be said twice."""
    client.meta.events.register(f"before-parse.{service}", _keep, unique_id="ddbbackup-keep-bodies")


def whole(answer: Mapping[str, Any], member: str | None = None) -> Any:
    """The answer, or one member of it, JSON-safe, with what the SDK did not know.

    Without the body (``keep_bodies`` was not called) it is what the SDK parsed.
    """
    parsed = {k: v for k, v in answer.items() if k not in (_BODY, "ResponseMetadata", "NextToken")}
    sent = _loads(answer.get(_BODY))
    if member is not None:
        return _joined(json_safe(parsed.get(member)), sent.get(member))
    return _joined(json_safe(parsed), {k: v for k, v in sent.items() if k != "NextToken"})


def json_safe(value: Any) -> Any:
    """The same with times as ISO 8601, so that it can lie in a record."""
    if isinstance(value, Mapping):
        return {key: json_safe(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(member) for member in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _keep(
    operation_model: Any, response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    if operation_model.name in _READS and response_dict["status_code"] < 300:
        customized_response_dict[_BODY] = response_dict["body"]


def _loads(body: Any) -> dict[str, Any]:
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _joined(parsed: Any, sent: Any) -> Any:
    """Known members as the SDK reads them (it knows which numbers are times), unknown ones as they came."""
    if isinstance(parsed, dict) and isinstance(sent, dict):
        known = {name: _joined(value, sent.get(name)) for name, value in parsed.items()}
        return known | {
            name: value for name, value in sent.items() if name not in parsed and value is not None
        }
    if isinstance(parsed, list) and isinstance(sent, list) and len(parsed) == len(sent):
        return [_joined(one, other) for one, other in zip(parsed, sent, strict=True)]
    return parsed
