"""Keeps the members of AWS responses that the SDK does not know.

botocore drops members that its service model does not have, such as a setting that is newer than the installed
version. A record keeps them: they are merged into the parsed response unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ddbbackup.model.documents import JSON_OBJECT, InvalidDocument
from ddbbackup.times import to_iso

_RAW_BODY: Final = "RawBody"
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


def keep_raw_responses(client: Any, service: str) -> None:
    """Makes the client add the body to its responses of the reads above. Has no effect the second time."""
    client.meta.events.register(f"before-parse.{service}", _keep_body, unique_id="ddbbackup-raw-response")


def merge_unknown_fields(response: Mapping[str, Any], member: str | None = None) -> Any:
    """The response, or one member of it, JSON-safe, with the members that the SDK does not know.

    Without ``keep_raw_responses`` it holds what the SDK parsed. Numbers stay exact: integers of any size, and
    doubles, which is what AWS sends.
    """
    parsed = {k: v for k, v in response.items() if k not in (_RAW_BODY, "ResponseMetadata", "NextToken")}
    raw = _decode(response.get(_RAW_BODY))
    if member is not None:
        return _merge(json_safe(parsed.get(member)), raw.get(member))
    return _merge(json_safe(parsed), {k: v for k, v in raw.items() if k != "NextToken"})


def json_safe(value: Any) -> Any:
    """The same with times in ISO 8601, so that a record can hold it."""
    if isinstance(value, Mapping):
        return {key: json_safe(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(member) for member in value]
    return to_iso(value) if isinstance(value, datetime) else value


def _keep_body(
    operation_model: Any, response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    if operation_model.name in _READS and response_dict["status_code"] < 300:
        customized_response_dict[_RAW_BODY] = response_dict["body"]


def _decode(body: bytes | None) -> dict[str, Any]:
    """Empty for a body that is not a JSON object; what the SDK parsed is kept in any case."""
    try:
        return JSON_OBJECT.decode(body) if body else {}
    except InvalidDocument:
        return {}


def _merge(parsed: Any, raw: Any) -> Any:
    """Known members as the SDK parses them (it knows which numbers are times), unknown ones unchanged."""
    if isinstance(parsed, dict) and isinstance(raw, dict):
        known = {name: _merge(value, raw.get(name)) for name, value in parsed.items()}
        return known | {
            name: value for name, value in raw.items() if name not in parsed and value is not None
        }
    if isinstance(parsed, list) and isinstance(raw, list) and len(parsed) == len(raw):
        return [_merge(one, other) for one, other in zip(parsed, raw, strict=True)]
    return parsed
