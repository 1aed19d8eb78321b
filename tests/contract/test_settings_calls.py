"""Every call that reads or changes a setting, with exact parameters, checked by botocore's own models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

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

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
STREAM = f"{ARN}/stream/2026-11-24T10:00:00.000"
KINESIS = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
NOW = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)
ISO = "2026-11-24T10:00:00Z"


@contextmanager
def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    """A client that answers from the stub only; all answers must be used up."""
    made = boto3.Session("k", "s", region_name="eu-west-1").client(service)  # type: ignore[call-overload]
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


# ---- reading


def test_tags_are_read_to_their_end_and_a_table_that_is_gone_is_no_table_without_tags() -> None:
    """ListTagsOfResource pages by NextToken; absent and unknown are never confused."""
    with stubbed("dynamodb") as (made, stub):
        first = {"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "n"}
        stub.add_response("list_tags_of_resource", first, {"ResourceArn": ARN})
        second = {"Tags": [{"Key": "aws:b", "Value": "2"}]}
        stub.add_response("list_tags_of_resource", second, {"ResourceArn": ARN, "NextToken": "n"})
        stub.add_client_error("list_tags_of_resource", "ResourceNotFoundException")
        assert DynamoSettings(made).tags(ARN) == {"a": "1", "aws:b": "2"}
        with pytest.raises(TableMissing):
            DynamoSettings(made).tags(ARN)


def test_ttl_recovery_insights_and_kinesis_are_read_whole() -> None:
    """Times become ISO 8601, so that the answers can lie in a record."""
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
        for wish in ({"TableName": "orders"}, {"TableName": "orders", "IndexName": "by-who"}):
            stub.add_response("describe_contributor_insights", insights, wish)
        assert settings.contributor_insights("orders") == {**insights, "LastUpdateDateTime": ISO}
        assert (
            settings.contributor_insights("orders", "by-who")["ContributorInsightsMode"] == "THROTTLED_KEYS"
        )

        destinations = [{"StreamArn": KINESIS, "DestinationStatus": "ACTIVE"}]
        said = {"TableName": "orders", "KinesisDataStreamDestinations": destinations}
        stub.add_response("describe_kinesis_streaming_destination", said, {"TableName": "orders"})
        assert settings.kinesis_destinations("orders") == destinations


@pytest.mark.parametrize("arn", [ARN, STREAM])
def test_a_policy_that_is_not_there_is_none_and_one_that_may_not_be_read_is_denied(arn: str) -> None:
    """PolicyNotFoundException is an answer; everything else is not."""
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("get_resource_policy", {"Policy": "{}", "RevisionId": "1"}, {"ResourceArn": arn})
        stub.add_client_error("get_resource_policy", "PolicyNotFoundException")
        stub.add_client_error("get_resource_policy", "AccessDeniedException")
        settings = DynamoSettings(made)
        assert settings.resource_policy(arn) == "{}"
        assert settings.resource_policy(arn) is None
        with pytest.raises(AccessDenied):
            settings.resource_policy(arn)


def test_auto_scaling_is_read_to_its_end() -> None:
    """None of the three reads has to fit one page."""
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
        wish = {"ServiceNamespace": "dynamodb", "ResourceIds": ["table/orders", "table/orders/index/i"]}
        stub.add_response("describe_scalable_targets", {"ScalableTargets": [target], "NextToken": "n"}, wish)
        stub.add_response("describe_scalable_targets", {"ScalableTargets": []}, {**wish, "NextToken": "n"})
        one = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders"}
        stub.add_response("describe_scaling_policies", {"ScalingPolicies": [policy]}, one)
        stub.add_response("describe_scheduled_actions", {"ScheduledActions": [action]}, one)
        scaling = ApplicationScaling(lambda: made)
        assert scaling.targets(wish["ResourceIds"]) == [{**target, "CreationTime": ISO}]
        assert scaling.policies("table/orders") == [{**policy, "CreationTime": ISO}]
        assert scaling.actions("table/orders") == [{**action, "CreationTime": ISO}]


@pytest.mark.parametrize("manager", ["AWS", "CUSTOMER"])
def test_kms_tells_whose_key_it_is(manager: str) -> None:
    """DescribeTable shows the ARN of aws/dynamodb like that of any other key."""
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
def test_update_table_says_one_concern(change: dict[str, Any]) -> None:
    """Nothing but the name beside it."""
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("update_table", {}, {"TableName": "orders", **change})
        DynamoSettings(made).update_table("orders", change)


def test_the_other_changes_say_exactly_what_they_were_given() -> None:
    """Tags, TTL, recovery, insights, Kinesis, policy; what is not known is left to AWS's default."""
    with stubbed("dynamodb") as (made, stub):
        settings = DynamoSettings(made)
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        stub.add_response("tag_resource", {}, {"ResourceArn": ARN, "Tags": tags})
        settings.tag(ARN, {"b": "2", "a": "1"})

        wish: dict[str, Any] = {"Enabled": True, "AttributeName": "expires"}
        stub.add_response("update_time_to_live", {}, {"TableName": "orders", "TimeToLiveSpecification": wish})
        settings.enable_time_to_live("orders", "expires")

        for days, more in ((7, {"RecoveryPeriodInDays": 7}), (None, {})):
            wish = {"PointInTimeRecoveryEnabled": True, **more}
            asked = {"TableName": "orders", "PointInTimeRecoverySpecification": wish}
            stub.add_response("update_continuous_backups", {}, asked)
            settings.enable_recovery("orders", days)

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


def test_auto_scaling_is_put_with_the_members_of_each_call() -> None:
    """Times of a schedule are times again; no role is named, AWS has its own for DynamoDB."""
    which = {"ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    with stubbed("application-autoscaling") as (made, stub):
        scaling = ApplicationScaling(lambda: made)
        target = {**which, "MinCapacity": 1, "MaxCapacity": 9}
        stub.add_response(
            "register_scalable_target",
            {"ScalableTargetARN": "arn"},
            {"ServiceNamespace": "dynamodb", **target},
        )
        scaling.register(target)
        policy = {**which, "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
        policy["TargetTrackingScalingPolicyConfiguration"] = {"TargetValue": 70.0}  # type: ignore[assignment]
        asked = {"ServiceNamespace": "dynamodb", **policy}
        stub.add_response("put_scaling_policy", {"PolicyARN": "arn"}, asked)
        scaling.put_policy(policy)
        action = {**which, "ScheduledActionName": "a", "Schedule": "rate(1 day)", "StartTime": ISO}
        wish = {"ServiceNamespace": "dynamodb", **action, "StartTime": NOW}
        stub.add_response("put_scheduled_action", {}, wish)
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
def test_what_aws_declines_is_waited_for_or_refused(code: str, expected: type[DdbBackupError]) -> None:
    """A change that is in the way passes; what is throttled too; the rest has a hint."""
    with stubbed("dynamodb") as (made, stub):
        made.meta.config.retries = {"total_max_attempts": 1}
        stub.add_client_error("update_table", code, "the words of AWS", http_status_code=400)
        with pytest.raises(expected) as caught:
            DynamoSettings(made).update_table("orders", {"DeletionProtectionEnabled": True})
    assert "the words of AWS" in caught.value.message
    assert "DeletionProtectionEnabled of orders" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "ask",
    [
        lambda cloud: cloud.scaling.targets(["table/orders"]),
        lambda cloud: cloud.kms_keys("eu-west-1").describe(KEY),
    ],
    ids=["auto scaling", "KMS"],
)
def test_a_dynamodb_of_the_users_own_has_no_services_of_aws_beside_it(ask: Callable[[Any], object]) -> None:
    """Nothing about a local table is ever asked of, or told to, the real AWS."""
    cloud = connect(Connection(region="eu-west-1", endpoint_urls=(("dynamodb", "http://127.0.0.1:9"),)))
    with pytest.raises(NotSupported, match="beside the DynamoDB of this plan"):
        ask(cloud)
