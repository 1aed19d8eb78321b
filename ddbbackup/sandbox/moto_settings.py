"""TTL, tags, insights, Kinesis destinations and resource policies of moto's tables, as AWS has them.

An emulation, like the rest of the sandbox; what moto has already is left to it.
"""

from __future__ import annotations

import time
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import ResourcePolicy, Table
from moto.dynamodb.responses import DynamoHandler
from moto.kinesis.models import kinesis_backends

from ddbbackup.sandbox.moto_tables import UPDATE_SECONDS, aws_error, extra, refuse_own_tags

TTL_SECONDS: Final = 31 * 60.0  # observed on AWS: how long a second change of TTL is refused
_ORIGINALS: Final[dict[str, Any]] = {
    name: getattr(DynamoHandler, name) for name in ("update_time_to_live", "tag_resource")
}


def install() -> None:
    """From now on moto's handlers answer from here."""
    for name, ours in {
        "update_time_to_live": _update_time_to_live,
        "tag_resource": _tag_resource,
        "describe_contributor_insights": _describe_insights,
        "update_contributor_insights": _update_insights,
        "describe_kinesis_streaming_destination": _describe_kinesis,
        "enable_kinesis_streaming_destination": _enable_kinesis,
        "put_resource_policy": _put_policy,
        "get_resource_policy": _get_policy,
    }.items():
        setattr(DynamoHandler, name, ours)


def _update_time_to_live(handler: DynamoHandler) -> Any:
    more = extra(handler.dynamodb_backend.get_table(handler.body["TableName"]))
    if time.time() - more.ttl_changed < TTL_SECONDS:
        raise aws_error("ValidationException", "The sandbox: TTL was changed less than half an hour ago")
    done = _ORIGINALS["update_time_to_live"](handler)
    more.ttl_changed = time.time()
    return done


def _tag_resource(handler: DynamoHandler) -> Any:
    refuse_own_tags(handler.body.get("Tags") or [])
    return _ORIGINALS["tag_resource"](handler)


def _describe_insights(handler: DynamoHandler) -> Any:
    table, index = _place(handler)
    return ActionResult(_insights(table, index))


def _update_insights(handler: DynamoHandler) -> Any:
    table, index = _place(handler)
    modes = extra(table).insights
    if handler.body["ContributorInsightsAction"] == "ENABLE":
        extra(table).enabling[f"insights {index}"] = time.time() + UPDATE_SECONDS
        modes[index] = handler.body.get("ContributorInsightsMode") or "ACCESSED_AND_THROTTLED_KEYS"
    else:
        modes.pop(index, None)
    return ActionResult(_insights(table, index))


def _place(handler: DynamoHandler) -> tuple[Table, str | None]:
    return handler.dynamodb_backend.get_table(handler.body["TableName"]), handler.body.get("IndexName")


def _insights(table: Table, index: str | None) -> dict[str, Any]:
    mode = extra(table).insights.get(index)
    on = "ENABLING" if _enabling(table, f"insights {index}") else "ENABLED"
    said = {"TableName": table.name, "ContributorInsightsStatus": on if mode else "DISABLED"}
    return (
        said | ({"IndexName": index} if index else {}) | ({"ContributorInsightsMode": mode} if mode else {})
    )


def _describe_kinesis(handler: DynamoHandler) -> Any:
    table = handler.dynamodb_backend.get_table(handler.body["TableName"])
    listed = [
        {**each, **({"DestinationStatus": "ENABLING"} if _enabling(table, arn) else {})}
        for arn, each in extra(table).kinesis.items()
    ]
    return ActionResult({"TableName": table.name, "KinesisDataStreamDestinations": listed})


def _enabling(table: Table, what: str) -> bool:
    return extra(table).enabling.get(what, 0.0) > time.time()


def _enable_kinesis(handler: DynamoHandler) -> Any:
    """A stream that does not exist is taken, and fails later (observed on AWS)."""
    wish = handler.body
    table = handler.dynamodb_backend.get_table(wish["TableName"])
    arn = wish["StreamArn"]
    streams = kinesis_backends[table.account_id][table.region_name].streams
    exists = any(stream.arn == arn for stream in streams.values())
    precision = (wish.get("EnableKinesisStreamingConfiguration") or {}).get(
        "ApproximateCreationDateTimePrecision"
    )
    extra(table).enabling[arn] = time.time() + UPDATE_SECONDS
    extra(table).kinesis[arn] = {
        "StreamArn": arn,
        "DestinationStatus": "ACTIVE" if exists else "ENABLE_FAILED",
        "ApproximateCreationDateTimePrecision": precision or "MILLISECOND",
    }
    return ActionResult({"TableName": table.name, "StreamArn": arn, "DestinationStatus": "ENABLING"})


def _put_policy(handler: DynamoHandler) -> Any:
    backend, arn = handler.dynamodb_backend, handler.body["ResourceArn"]
    _known_resource(backend, arn)
    policy = ResourcePolicy(resource_arn=arn, policy_doc=handler.body["Policy"])
    backend.resource_policies[arn] = policy
    return ActionResult({"RevisionId": policy.revision_id})


def _get_policy(handler: DynamoHandler) -> Any:
    backend, arn = handler.dynamodb_backend, handler.body["ResourceArn"]
    _known_resource(backend, arn)
    policy = backend.resource_policies.get(arn)
    if policy is None:
        raise aws_error("PolicyNotFoundException", f"Resource-based policy not found: {arn}")
    return ActionResult({"Policy": policy.policy_doc, "RevisionId": policy.revision_id})


def _known_resource(backend: DynamoDBBackend, arn: str) -> None:
    """Tables and their present streams have policies."""
    for table in backend.tables.values():
        stream = table.describe()["TableDescription"].get("LatestStreamArn")
        if arn in (table.table_arn, stream):
            return
    raise aws_error("ResourceNotFoundException", f"Requested resource not found: {arn}")
