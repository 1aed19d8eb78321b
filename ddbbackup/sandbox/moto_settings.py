"""Contributor Insights and Kinesis destinations, and the rules of TTL and tags that moto lacks."""

from __future__ import annotations

from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.kinesis.models import kinesis_backends

from ddbbackup.sandbox.moto_tables import UPDATE_SECONDS, aws_error, refuse_reserved_tags, table_state
from ddbbackup.sandbox.sandbox_clock import CLOCK

TTL_SECONDS: Final = 31 * 60.0  # AWS rejects a second change of TTL for this long (observed on AWS)
_ORIGINALS: Final[dict[str, Any]] = {
    name: getattr(DynamoHandler, name) for name in ("update_time_to_live", "tag_resource")
}


def install() -> None:
    """Replaces moto's handlers."""
    for name, handler in {
        "update_time_to_live": _update_time_to_live,
        "tag_resource": _tag_resource,
        "describe_contributor_insights": _describe_insights,
        "update_contributor_insights": _update_insights,
        "describe_kinesis_streaming_destination": _describe_kinesis,
        "enable_kinesis_streaming_destination": _enable_kinesis,
    }.items():
        setattr(DynamoHandler, name, handler)


def _update_time_to_live(handler: DynamoHandler) -> Any:
    state = table_state(handler.dynamodb_backend.get_table(handler.body["TableName"]))
    if CLOCK.now() - state.ttl_changed < TTL_SECONDS:
        raise aws_error("ValidationException", "The sandbox: TTL was changed less than 31 minutes ago")
    result = _ORIGINALS["update_time_to_live"](handler)
    state.ttl_changed = CLOCK.now()
    return result


def _tag_resource(handler: DynamoHandler) -> Any:
    refuse_reserved_tags(handler.body.get("Tags") or [])
    return _ORIGINALS["tag_resource"](handler)


def _describe_insights(handler: DynamoHandler) -> Any:
    table, index = _table_and_index(handler)
    return ActionResult(_insights(table, index))


def _update_insights(handler: DynamoHandler) -> Any:
    table, index = _table_and_index(handler)
    modes = table_state(table).insights
    if handler.body["ContributorInsightsAction"] == "ENABLE":
        table_state(table).enabling[f"insights {index}"] = CLOCK.now() + UPDATE_SECONDS
        modes[index] = handler.body.get("ContributorInsightsMode") or "ACCESSED_AND_THROTTLED_KEYS"
    else:
        modes.pop(index, None)
    return ActionResult(_insights(table, index))


def _table_and_index(handler: DynamoHandler) -> tuple[Table, str | None]:
    return handler.dynamodb_backend.get_table(handler.body["TableName"]), handler.body.get("IndexName")


def _insights(table: Table, index: str | None) -> dict[str, Any]:
    mode = table_state(table).insights.get(index)
    on = "ENABLING" if _enabling(table, f"insights {index}") else "ENABLED"
    response = {"TableName": table.name, "ContributorInsightsStatus": on if mode else "DISABLED"}
    return (
        response
        | ({"IndexName": index} if index else {})
        | ({"ContributorInsightsMode": mode} if mode else {})
    )


def _describe_kinesis(handler: DynamoHandler) -> Any:
    table = handler.dynamodb_backend.get_table(handler.body["TableName"])
    listed = [
        {**each, **({"DestinationStatus": "ENABLING"} if _enabling(table, arn) else {})}
        for arn, each in table_state(table).kinesis.items()
    ]
    return ActionResult({"TableName": table.name, "KinesisDataStreamDestinations": listed})


def _enabling(table: Table, what: str) -> bool:
    return table_state(table).enabling.get(what, 0.0) > CLOCK.now()


def _enable_kinesis(handler: DynamoHandler) -> Any:
    """AWS accepts a stream that does not exist, and fails later (observed on AWS)."""
    request = handler.body
    table = handler.dynamodb_backend.get_table(request["TableName"])
    arn = request["StreamArn"]
    streams = kinesis_backends[table.account_id][table.region_name].streams
    exists = any(stream.arn == arn for stream in streams.values())
    precision = (request.get("EnableKinesisStreamingConfiguration") or {}).get(
        "ApproximateCreationDateTimePrecision"
    )
    table_state(table).enabling[arn] = CLOCK.now() + UPDATE_SECONDS
    table_state(table).kinesis[arn] = {
        "StreamArn": arn,
        "DestinationStatus": "ACTIVE" if exists else "ENABLE_FAILED",
        "ApproximateCreationDateTimePrecision": precision or "MILLISECOND",
    }
    return ActionResult({"TableName": table.name, "StreamArn": arn, "DestinationStatus": "ENABLING"})
