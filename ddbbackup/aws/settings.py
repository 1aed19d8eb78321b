"""Settings of tables that DescribeTable does not show, and the calls that change settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, translate_errors
from ddbbackup.aws.pages import pages_of
from ddbbackup.aws.raw_response import keep_raw_responses, merge_unknown_fields
from ddbbackup.model.json_value import JsonObject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.literals import (
        ApproximateCreationDateTimePrecisionType as PrecisionType,
    )
    from mypy_boto3_dynamodb.literals import ContributorInsightsModeType
    from mypy_boto3_dynamodb.type_defs import (
        DescribeContributorInsightsInputTypeDef,
        KinesisStreamingDestinationInputTypeDef,
        PointInTimeRecoverySpecificationTypeDef,
        UpdateContributorInsightsInputTypeDef,
        UpdateTableInputTypeDef,
    )


class DynamoSettings:
    """Implements ``ports.Settings``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        keep_raw_responses(client, "dynamodb")

    # ---- reading

    def tags(self, table_arn: str) -> Mapping[str, str]:
        tags: dict[str, str] = {}
        with translate_errors(f"read the tags of {table_arn}"):
            for page in pages_of(self._client, "list_tags_of_resource", ResourceArn=table_arn):
                tags.update({tag["Key"]: tag["Value"] for tag in page.get("Tags", ())})
        return tags

    def time_to_live(self, name: str) -> JsonObject:
        with translate_errors(f"read the time to live of table {name}"):
            response = self._client.describe_time_to_live(TableName=name)
        return cast("JsonObject", merge_unknown_fields(response, "TimeToLiveDescription") or {})

    def continuous_backups(self, name: str) -> JsonObject:
        with translate_errors(f"read the point-in-time recovery of table {name}"):
            response = self._client.describe_continuous_backups(TableName=name)
        return cast("JsonObject", merge_unknown_fields(response, "ContinuousBackupsDescription") or {})

    def contributor_insights(self, name: str, index: str | None = None) -> JsonObject:
        parameters: DescribeContributorInsightsInputTypeDef = {"TableName": name}
        if index:
            parameters["IndexName"] = index
        with translate_errors(f"read the Contributor Insights of {_table_or_index(name, index)}"):
            response = self._client.describe_contributor_insights(**parameters)
        return cast("JsonObject", merge_unknown_fields(response))

    def kinesis_destinations(self, name: str) -> Sequence[JsonObject]:
        with translate_errors(f"read the Kinesis destinations of table {name}"):
            response = self._client.describe_kinesis_streaming_destination(TableName=name)
        return cast(
            "Sequence[JsonObject]", merge_unknown_fields(response, "KinesisDataStreamDestinations") or []
        )

    def resource_policy(self, resource_arn: str) -> str | None:
        with translate_errors(f"read the resource policy of {resource_arn}"):
            try:
                return self._client.get_resource_policy(ResourceArn=resource_arn).get("Policy")
            except ClientError as error:
                if code_of(error) != "PolicyNotFoundException":
                    raise
        return None

    # ---- changing

    def update_table(self, name: str, change: JsonObject) -> None:
        with translate_errors(f"change {', '.join(change)} of table {name}"):
            self._client.update_table(**cast("UpdateTableInputTypeDef", {"TableName": name, **change}))

    def tag(self, table_arn: str, tags: Mapping[str, str]) -> None:
        with translate_errors(f"tag {table_arn}"):
            self._client.tag_resource(
                ResourceArn=table_arn,
                Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            )

    def enable_time_to_live(self, name: str, attribute: str) -> None:
        with translate_errors(f"enable the time to live of table {name}"):
            self._client.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
            )

    def enable_pitr(self, name: str, period_days: int | None) -> None:
        specification: PointInTimeRecoverySpecificationTypeDef = {"PointInTimeRecoveryEnabled": True}
        if period_days is not None:
            specification["RecoveryPeriodInDays"] = period_days
        with translate_errors(f"enable the point-in-time recovery of table {name}"):
            self._client.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=specification
            )

    def enable_contributor_insights(self, name: str, index: str | None, mode: str | None) -> None:
        parameters: UpdateContributorInsightsInputTypeDef = {
            "TableName": name,
            "ContributorInsightsAction": "ENABLE",
        }
        if index:
            parameters["IndexName"] = index
        if mode:
            parameters["ContributorInsightsMode"] = cast("ContributorInsightsModeType", mode)
        with translate_errors(f"enable the Contributor Insights of {_table_or_index(name, index)}"):
            self._client.update_contributor_insights(**parameters)

    def enable_kinesis(self, name: str, stream_arn: str, precision: str | None) -> None:
        parameters: KinesisStreamingDestinationInputTypeDef = {"TableName": name, "StreamArn": stream_arn}
        if precision:
            parameters["EnableKinesisStreamingConfiguration"] = {
                "ApproximateCreationDateTimePrecision": cast("PrecisionType", precision)
            }
        with translate_errors(f"stream table {name} to {stream_arn}"):
            self._client.enable_kinesis_streaming_destination(**parameters)

    def put_resource_policy(self, resource_arn: str, policy: str) -> None:
        with translate_errors(f"attach the resource policy to {resource_arn}"):
            self._client.put_resource_policy(ResourceArn=resource_arn, Policy=policy)


def _table_or_index(name: str, index: str | None) -> str:
    return f"index {index} of table {name}" if index else f"table {name}"
