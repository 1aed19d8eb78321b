"""The calls that read and change settings with their exact parameters, checked by botocore's own models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.aws import connect
from ddbbackup.aws.kms import Kms
from ddbbackup.aws.scaling import ApplicationScaling
from ddbbackup.aws.session import Connection
from ddbbackup.aws.settings import DynamoSettings
from ddbbackup.errors import (
    AccessDenied,
    DdbBackupError,
    InUse,
    NotSupported,
    Refused,
    TableMissing,
    Throttled,
)
from tests.support.stubs import stubbed

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
STREAM = f"{ARN}/stream/2026-11-24T10:00:00.000"
KINESIS = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
NOW = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)
ISO = "2026-11-24T10:00:00Z"


# ---- reading


def test_tags_follow_every_page_and_a_missing_table_is_an_error() -> None:
    """A missing table is not a table without tags."""
    with stubbed("dynamodb") as (made, stub):
        first = {"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "n"}
        stub.add_response("list_tags_of_resource", first, {"ResourceArn": ARN})
        second = {"Tags": [{"Key": "aws:b", "Value": "2"}]}
        stub.add_response("list_tags_of_resource", second, {"ResourceArn": ARN, "NextToken": "n"})
        stub.add_client_error("list_tags_of_resource", "ResourceNotFoundException")
        assert DynamoSettings(made).tags(ARN) == {"a": "1", "aws:b": "2"}
        with pytest.raises(TableMissing):
            DynamoSettings(made).tags(ARN)


def test_ttl_pitr_insights_and_kinesis_are_returned_with_all_members() -> None:
    """Times are in ISO 8601, so that a record can hold the responses."""
    with stubbed("dynamodb") as (made, stub):
        settings = DynamoSettings(made)
        ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
        stub.add_response("describe_time_to_live", {"TimeToLiveDescription": ttl}, {"TableName": "orders"})
        assert settings.time_to_live("orders") == ttl

        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": 7,
            "EarliestRestorableDateTime": NOW,
        }
        backups = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
        answer = {"ContinuousBackupsDescription": backups}
        stub.add_response("describe_continuous_backups", answer, {"TableName": "orders"})
        assert settings.continuous_backups("orders") == {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {**recovery, "EarliestRestorableDateTime": ISO},
        }

        insights = {
            "TableName": "orders",
            "ContributorInsightsStatus": "ENABLED",
            "ContributorInsightsMode": "THROTTLED_KEYS",
            "LastUpdateDateTime": NOW,
        }
        for expected_parameters in ({"TableName": "orders"}, {"TableName": "orders", "IndexName": "by-who"}):
            stub.add_response("describe_contributor_insights", insights, expected_parameters)
        assert settings.contributor_insights("orders") == {**insights, "LastUpdateDateTime": ISO}
        assert (
            settings.contributor_insights("orders", "by-who")["ContributorInsightsMode"] == "THROTTLED_KEYS"
        )

        destinations = [{"StreamArn": KINESIS, "DestinationStatus": "ACTIVE"}]
        response = {"TableName": "orders", "KinesisDataStreamDestinations": destinations}
        stub.add_response("describe_kinesis_streaming_destination", response, {"TableName": "orders"})
        assert settings.kinesis_destinations("orders") == destinations


@pytest.mark.parametrize("arn", [ARN, STREAM])
def test_a_missing_policy_is_none_and_one_that_cannot_be_read_is_an_error(arn: str) -> None:
    """PolicyNotFoundException is a result, everything else is an error."""
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("get_resource_policy", {"Policy": "{}", "RevisionId": "1"}, {"ResourceArn": arn})
        stub.add_client_error("get_resource_policy", "PolicyNotFoundException")
        stub.add_client_error("get_resource_policy", "AccessDeniedException")
        settings = DynamoSettings(made)
        assert settings.resource_policy(arn) == "{}"
        assert settings.resource_policy(arn) is None
        with pytest.raises(AccessDenied):
            settings.resource_policy(arn)


def test_auto_scaling_follows_every_page() -> None:
    """In each of the three reads."""
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": 1,
        "MaxCapacity": 9,
        "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/x",
        "CreationTime": NOW,
    }
    which = {k: target[k] for k in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    policy = {
        **which,
        "PolicyARN": "arn",
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "CreationTime": NOW,
    }
    action = {
        **which,
        "ScheduledActionName": "a",
        "ScheduledActionARN": "arn",
        "Schedule": "rate(1 day)",
        "CreationTime": NOW,
    }
    with stubbed("application-autoscaling") as (made, stub):
        expected_parameters = {
            "ServiceNamespace": "dynamodb",
            "ResourceIds": ["table/orders", "table/orders/index/i"],
        }
        stub.add_response(
            "describe_scalable_targets", {"ScalableTargets": [target], "NextToken": "n"}, expected_parameters
        )
        stub.add_response(
            "describe_scalable_targets", {"ScalableTargets": []}, {**expected_parameters, "NextToken": "n"}
        )
        one = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders"}
        stub.add_response("describe_scaling_policies", {"ScalingPolicies": [policy]}, one)
        stub.add_response("describe_scheduled_actions", {"ScheduledActions": [action]}, one)
        scaling = ApplicationScaling(lambda: made)
        assert scaling.targets(expected_parameters["ResourceIds"]) == [{**target, "CreationTime": ISO}]
        assert scaling.policies("table/orders") == [{**policy, "CreationTime": ISO}]
        assert scaling.actions("table/orders") == [{**action, "CreationTime": ISO}]


@pytest.mark.parametrize("manager", ["AWS", "CUSTOMER"])
def test_the_manager_of_a_kms_key_is_returned(manager: str) -> None:
    """DescribeTable returns the ARN of aws/dynamodb like that of a customer key."""
    with stubbed("kms") as (made, stub):
        answer = {"KeyMetadata": {"KeyId": "1111", "Arn": KEY, "KeyManager": manager}}
        stub.add_response("describe_key", answer, {"KeyId": KEY})
        facts = Kms(made).describe(KEY)
        assert facts is not None
        assert facts.manager == manager


# ---- changing


@pytest.mark.parametrize(
    "change",
    [
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}},
        {"DeletionProtectionEnabled": True},
        {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
        {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}},
        {"OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6}},
        {"WarmThroughput": {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}},
        {
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "by-who", "OnDemandThroughput": {"MaxReadRequestUnits": 5}}}
            ]
        },
        {"ReplicaUpdates": [{"Create": {"RegionName": "eu-central-1", "TableClassOverride": "STANDARD"}}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_update_table_sends_one_change(change: dict[str, Any]) -> None:
    """And only the name beside it."""
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("update_table", {}, {"TableName": "orders", **change})
        DynamoSettings(made).update_table("orders", change)


def test_the_other_changes_send_exactly_their_arguments() -> None:
    """Tags, TTL, recovery, insights, Kinesis, policy. Options that are None are left to the default of AWS."""
    with stubbed("dynamodb") as (made, stub):
        settings = DynamoSettings(made)
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        stub.add_response("tag_resource", {}, {"ResourceArn": ARN, "Tags": tags})
        settings.tag(ARN, {"b": "2", "a": "1"})

        expected_parameters: dict[str, Any] = {"Enabled": True, "AttributeName": "expires"}
        stub.add_response(
            "update_time_to_live", {}, {"TableName": "orders", "TimeToLiveSpecification": expected_parameters}
        )
        settings.enable_time_to_live("orders", "expires")

        for days, more in ((7, {"RecoveryPeriodInDays": 7}), (None, {})):
            expected_parameters = {"PointInTimeRecoveryEnabled": True, **more}
            expected = {"TableName": "orders", "PointInTimeRecoverySpecification": expected_parameters}
            stub.add_response("update_continuous_backups", {}, expected)
            settings.enable_pitr("orders", days)

        enable = {"TableName": "orders", "ContributorInsightsAction": "ENABLE"}
        stub.add_response("update_contributor_insights", {}, enable)
        settings.enable_contributor_insights("orders", None, None)
        index = {**enable, "IndexName": "by-who", "ContributorInsightsMode": "THROTTLED_KEYS"}
        stub.add_response("update_contributor_insights", {}, index)
        settings.enable_contributor_insights("orders", "by-who", "THROTTLED_KEYS")

        plain = {"TableName": "orders", "StreamArn": KINESIS}
        stub.add_response("enable_kinesis_streaming_destination", {}, plain)
        settings.enable_kinesis("orders", KINESIS, None)
        precision = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
        precise = {**plain, "EnableKinesisStreamingConfiguration": precision}
        stub.add_response("enable_kinesis_streaming_destination", {}, precise)
        settings.enable_kinesis("orders", KINESIS, "MICROSECOND")

        stub.add_response("put_resource_policy", {"RevisionId": "1"}, {"ResourceArn": ARN, "Policy": "{}"})
        settings.put_resource_policy(ARN, "{}")


def test_auto_scaling_calls_send_exactly_their_arguments() -> None:
    """Times are datetimes. No role is sent: AWS uses its service-linked role for DynamoDB."""
    which = {"ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    with stubbed("application-autoscaling") as (made, stub):
        scaling = ApplicationScaling(lambda: made)
        target: dict[str, Any] = {**which, "MinCapacity": 1, "MaxCapacity": 9}
        stub.add_response(
            "register_scalable_target",
            {"ScalableTargetARN": "arn"},
            {"ServiceNamespace": "dynamodb", **target},
        )
        scaling.register(target)
        policy = {**which, "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
        policy["TargetTrackingScalingPolicyConfiguration"] = {"TargetValue": 70.0}  # type: ignore[assignment]
        expected = {"ServiceNamespace": "dynamodb", **policy}
        stub.add_response("put_scaling_policy", {"PolicyARN": "arn"}, expected)
        scaling.put_policy(policy)
        action = {**which, "ScheduledActionName": "a", "Schedule": "rate(1 day)", "StartTime": ISO}
        expected_parameters = {"ServiceNamespace": "dynamodb", **action, "StartTime": NOW}
        stub.add_response("put_scheduled_action", {}, expected_parameters)
        scaling.put_action(action)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ResourceInUseException", InUse),
        ("ContinuousBackupsUnavailableException", InUse),
        ("LimitExceededException", Throttled),
        ("ThrottlingException", Throttled),
        ("AccessDeniedException", AccessDenied),
        ("ValidationException", Refused),
        ("ResourceNotFoundException", TableMissing),
        ("UnknownOperationException", NotSupported),
    ],
)
def test_errors_of_changes_are_translated(code: str, expected: type[DdbBackupError]) -> None:
    """``InUse`` and ``Throttled`` can be retried, the others cannot."""
    with stubbed("dynamodb") as (made, stub):
        made.meta.config.retries = {"total_max_attempts": 1}
        stub.add_client_error("update_table", code, "the words of AWS", http_status_code=400)
        with pytest.raises(expected) as caught:
            DynamoSettings(made).update_table("orders", {"DeletionProtectionEnabled": True})
    assert code in caught.value.message
    assert "the words of AWS" not in caught.value.message
    assert "DeletionProtectionEnabled of table orders" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "ask",
    [
        lambda cloud: cloud.scaling.targets(["table/orders"]),
        lambda cloud: cloud.kms_keys("eu-west-1").describe(KEY),
    ],
    ids=["auto scaling", "KMS"],
)
def test_aws_services_are_never_called_for_the_tables_of_an_emulator(ask: Callable[[Any], object]) -> None:
    """Unless the plan names their endpoints."""
    cloud = connect(Connection(region="eu-west-1", endpoint_urls=(("dynamodb", "http://127.0.0.1:9"),)))
    with pytest.raises(NotSupported, match="DynamoDB is an emulator"):
        ask(cloud)
