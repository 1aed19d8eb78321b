"""A table with every setting that the sandbox supports, and all settings as AWS returns them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.support.aws import REGION, Aws

ACCOUNT = "123456789012"
OTHER_REGION = "eu-central-1"
_VOLATILE = (
    "CreationDateTime",
    "TableId",
    "LatestStreamLabel",
    "LatestStreamArn",
    "ItemCount",
    "TableSizeBytes",
)
_OF_SCALING = ("CreationTime", "ScalableTargetARN", "PolicyARN", "ScheduledActionARN", "Alarms", "RoleARN")


_LOCAL = {
    "IndexName": "local",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "who", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "ALL"},
}


@dataclass(frozen=True)
class Everything:
    """The table with every setting. It is provisioned, because only provisioned tables scale."""

    aws: Aws
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.name}"

    def create(self, *, local_index: bool = True) -> None:
        """Creates the table, and the KMS key and the Kinesis stream that it uses."""
        key = self.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        kinesis = self.aws.client("kinesis")
        kinesis.create_stream(StreamName=self.name, ShardCount=1)
        by_who = [{"AttributeName": "who", "KeyType": "HASH"}]
        capacity = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}
        members: dict[str, Any] = {
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5},
            "AttributeDefinitions": [{"AttributeName": "who", "AttributeType": "S"}],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-who",
                    "KeySchema": by_who,
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]},
                    "ProvisionedThroughput": capacity,
                }
            ],
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
            "TableClass": "STANDARD_INFREQUENT_ACCESS",
            "WarmThroughput": {"ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000},
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "Tags": [{"Key": f"tag-{n}", "Value": f"value {n}"} for n in range(12)],
            **({"LocalSecondaryIndexes": [_LOCAL]} if local_index else {}),
        }
        self.aws.create_table(self.name, range_key="at", pitr=True, **members)
        self.set_the_rest()

    def set_the_rest(self) -> None:
        """Sets what CreateTable cannot set."""
        dynamodb, name = self.aws.dynamodb, self.name
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        )
        dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
        dynamodb.update_contributor_insights(
            TableName=name,
            IndexName="by-who",
            ContributorInsightsAction="ENABLE",
            ContributorInsightsMode="THROTTLED_KEYS",
        )
        dynamodb.enable_kinesis_streaming_destination(
            TableName=name,
            StreamArn=self.kinesis_arn,
            EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
        )
        self.put_policy(self.arn, policy(self.arn, f"{self.arn}/index/*"))
        stream = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        self.put_policy(stream, policy(stream))
        self.scale()
        there = self.aws.client("kms", OTHER_REGION).create_key()["KeyMetadata"]["Arn"]
        self.update(ReplicaUpdates=[{"Create": {"RegionName": OTHER_REGION, "KMSMasterKeyId": there}}])
        self.update(DeletionProtectionEnabled=True)

    def put_policy(self, arn: str, text: str) -> None:
        """Puts the policy of the table or of its stream, and waits until AWS returns it."""
        self.aws.dynamodb.put_resource_policy(ResourceArn=arn, Policy=text)
        while self._policy(arn) != json.loads(text):
            time.sleep(0.05)

    def scale(self) -> None:
        scaling = self.aws.client("application-autoscaling")
        for resource, kind in ((f"table/{self.name}", "table"), (f"table/{self.name}/index/by-who", "index")):
            which = {
                "ServiceNamespace": "dynamodb",
                "ResourceId": resource,
                "ScalableDimension": f"dynamodb:{kind}:WriteCapacityUnits",
            }
            scaling.register_scalable_target(**which, MinCapacity=2, MaxCapacity=50)
            until_found(
                scaling.put_scaling_policy,
                **which,
                PolicyName=f"DynamoDBWriteCapacityUtilization:{resource}",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": 70.0,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
                    },
                },
            )
        scaling.put_scheduled_action(
            ServiceNamespace="dynamodb",
            ResourceId=f"table/{self.name}",
            ScalableDimension="dynamodb:table:WriteCapacityUnits",
            ScheduledActionName="mornings",
            Schedule="cron(0 7 * * ? *)",
            ScalableTargetAction={"MinCapacity": 20},
        )

    @property
    def kinesis_arn(self) -> str:
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{self.name}"

    def update(self, **change: Any) -> None:
        self.idle()
        self.aws.dynamodb.update_table(TableName=self.name, **change)
        self.idle()

    def idle(self) -> dict[str, Any]:
        """The description, when no change is running."""
        while True:
            table: dict[str, Any] = self.aws.dynamodb.describe_table(TableName=self.name)["Table"]
            description = json.dumps(table, default=str)
            if '"UPDATING"' not in description and '"CREATING"' not in description:
                return table

    def delete(self) -> None:
        """Deletes the table and its auto scaling, which the sandbox would keep."""
        self.update(DeletionProtectionEnabled=False)
        self.aws.dynamodb.delete_table(TableName=self.name)
        self.unscale()

    def unscale(self) -> None:
        scaling = self.aws.client("application-autoscaling")
        for target in self.scaling()["targets"]:
            which = {k: target[k] for k in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            for each in scaling.describe_scaling_policies(
                ServiceNamespace="dynamodb", ResourceId=target["ResourceId"]
            )["ScalingPolicies"]:
                if each["ResourceId"] == target["ResourceId"]:
                    scaling.delete_scaling_policy(PolicyName=each["PolicyName"], **which)
            for each in scaling.describe_scheduled_actions(
                ServiceNamespace="dynamodb", ResourceId=target["ResourceId"]
            )["ScheduledActions"]:
                scaling.delete_scheduled_action(ScheduledActionName=each["ScheduledActionName"], **which)
            scaling.deregister_scalable_target(**which)

    def scaling(self) -> dict[str, list[dict[str, Any]]]:
        scaling = self.aws.client("application-autoscaling")
        resources = [f"table/{self.name}", f"table/{self.name}/index/by-who"]
        namespace = {"ServiceNamespace": "dynamodb"}
        targets = scaling.describe_scalable_targets(**namespace, ResourceIds=resources)["ScalableTargets"]
        policies = scaling.describe_scaling_policies(**namespace)["ScalingPolicies"]
        actions = scaling.describe_scheduled_actions(**namespace)["ScheduledActions"]
        elements = {"targets": targets, "policies": policies, "actions": actions}
        return {
            kind: sorted(
                (
                    {k: v for k, v in each.items() if k not in _OF_SCALING}
                    for each in listed
                    if each["ResourceId"] in resources
                ),
                key=json.dumps,
            )
            for kind, listed in elements.items()
        }

    def settings(self) -> dict[str, Any]:
        """All settings without volatile members, and with placeholders for the name and the ARNs of the table."""
        dynamodb, name = self.aws.dynamodb, self.name
        table = self.idle()
        stream = table.get("LatestStreamArn", "no stream")
        pitr = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = pitr["PointInTimeRecoveryDescription"]
        settings = {
            "table": {k: v for k, v in table.items() if k not in _VOLATILE},
            "ttl": dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
            "pitr": [recovery["PointInTimeRecoveryStatus"], recovery.get("RecoveryPeriodInDays")],
            "insights": [self._insights(**more) for more in ({}, {"IndexName": "by-who"})],
            "kinesis": dynamodb.describe_kinesis_streaming_destination(TableName=name)[
                "KinesisDataStreamDestinations"
            ],
            "policies": [self._policy(arn) for arn in (self.arn, stream)],
            "tags": self._tags(),
            "scaling": self.scaling(),
        }
        text = json.dumps(settings, default=str, sort_keys=True)
        text = text.replace(stream, "THE STREAM").replace(self.arn, "THE TABLE")
        for mention in (f"table/{name}", f'"TableName": "{name}"'):
            text = text.replace(mention, mention.replace(name, "NAME"))
        return dict(json.loads(text))

    def _insights(self, **more: str) -> Any:
        response = self.aws.dynamodb.describe_contributor_insights(TableName=self.name, **more)
        return [response["ContributorInsightsStatus"], response.get("ContributorInsightsMode")]

    def _policy(self, arn: str) -> Any:
        errors = self.aws.dynamodb.exceptions
        try:
            return json.loads(self.aws.dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])
        except (errors.PolicyNotFoundException, errors.ResourceNotFoundException):
            return None

    def _tags(self) -> dict[str, str]:
        pages = self.aws.dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=self.arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def until_found(put: Any, **parameters: Any) -> None:
    """Puts a policy or a scheduled action, once Application Auto Scaling finds the new target."""
    while True:
        try:
            put(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ObjectNotFoundException":
                raise
            time.sleep(0.05)
        else:
            return


def policy(*resources: str) -> str:
    """A policy that allows a role of the same account to read."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"},
        "Action": ["dynamodb:GetItem", "dynamodb:GetRecords"],
        "Resource": list(resources),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
