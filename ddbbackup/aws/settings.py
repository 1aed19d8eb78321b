"""TTL, recovery, insights, Kinesis, tags and policies of tables, and UpdateTable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, explained
from ddbbackup.aws.raw_response import keep_bodies, whole
from ddbbackup.ports.settings import Members

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoSettings:
    """Implements ``ports.Settings``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        keep_bodies(client, "dynamodb")

    # ---- reading

    def tags(self, table_arn: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        with explained(f"read the tags of {table_arn}"):
            for page in self._client.get_paginator("list_tags_of_resource").paginate(ResourceArn=table_arn):
                found.update({tag["Key"]: tag["Value"] for tag in page.get("Tags", ())})
        return found

    def time_to_live(self, name: str) -> Members:
        with explained(f"read the TTL of {name}"):
            answer = self._client.describe_time_to_live(TableName=name)
        return cast("Members", whole(answer, "TimeToLiveDescription") or {})

    def continuous_backups(self, name: str) -> Members:
        with explained(f"read the point-in-time recovery of {name}"):
            answer = self._client.describe_continuous_backups(TableName=name)
        return cast("Members", whole(answer, "ContinuousBackupsDescription") or {})

    def contributor_insights(self, name: str, index: str | None = None) -> Members:
        wish = {"TableName": name, **({"IndexName": index} if index else {})}
        with explained(f"read the Contributor Insights of {_place(name, index)}"):
            answer = self._client.describe_contributor_insights(**cast("Any", wish))
        return cast("Members", whole(answer))

    def kinesis_destinations(self, name: str) -> Sequence[Members]:
        with explained(f"read the Kinesis destinations of {name}"):
            answer = self._client.describe_kinesis_streaming_destination(TableName=name)
        return cast("Sequence[Members]", whole(answer, "KinesisDataStreamDestinations") or [])

    def resource_policy(self, resource_arn: str) -> str | None:
        with explained(f"read the resource policy of {resource_arn}"):
            try:
                return self._client.get_resource_policy(ResourceArn=resource_arn).get("Policy")
            except ClientError as error:
                if code_of(error) != "PolicyNotFoundException":
                    raise
        return None

    # ---- changing

    def update_table(self, name: str, change: Members) -> None:
        with explained(f"change {', '.join(change)} of {name}"):
            self._client.update_table(TableName=name, **cast("Any", dict(change)))

    def tag(self, table_arn: str, tags: Mapping[str, str]) -> None:
        with explained(f"tag {table_arn}"):
            listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
            self._client.tag_resource(ResourceArn=table_arn, Tags=cast("Any", listed))

    def enable_time_to_live(self, name: str, attribute: str) -> None:
        with explained(f"turn the TTL of {name} on"):
            self._client.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
            )

    def enable_recovery(self, name: str, period_days: int | None) -> None:
        specification: dict[str, Any] = {"PointInTimeRecoveryEnabled": True}
        if period_days is not None:
            specification["RecoveryPeriodInDays"] = period_days
        with explained(f"enable the point-in-time recovery of {name}"):
            self._client.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=cast("Any", specification)
            )

    def enable_contributor_insights(self, name: str, index: str | None, mode: str | None) -> None:
        wish = {
            "TableName": name,
            **({"IndexName": index} if index else {}),
            "ContributorInsightsAction": "ENABLE",
            **({"ContributorInsightsMode": mode} if mode else {}),
        }
        with explained(f"enable the Contributor Insights of {_place(name, index)}"):
            self._client.update_contributor_insights(**cast("Any", wish))

    def enable_kinesis(self, name: str, stream_arn: str, precision: str | None) -> None:
        wish: dict[str, Any] = {"TableName": name, "StreamArn": stream_arn}
        if precision:
            wish["EnableKinesisStreamingConfiguration"] = {"ApproximateCreationDateTimePrecision": precision}
        with explained(f"stream {name} to {stream_arn}"):
            self._client.enable_kinesis_streaming_destination(**wish)

    def put_resource_policy(self, resource_arn: str, policy: str) -> None:
        with explained(f"put the resource policy of {resource_arn}"):
            self._client.put_resource_policy(ResourceArn=resource_arn, Policy=policy)


def _place(name: str, index: str | None) -> str:
    return f"the index {index} of {name}" if index else name
