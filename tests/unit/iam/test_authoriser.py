"""The authoriser of the permission tests knows what AWS does with the rights of the caller.

For each call below, a policy with everything that it needs allows it, and one that lacks any of it does not.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.authoriser import denied
from tests.support.calls import Call, Key
from tests.support.dependent_rights import Right, rights_of

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
KEY = Key("arn:aws:kms:eu-west-1:123456789012:key/1234", ("alias/tables",))
BUCKET_KEY = Key("arn:aws:kms:eu-west-1:123456789012:key/5678", ("alias/vault",))
SCALED = {"ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:WriteCapacityUnits"}
CALLS: dict[str, tuple[Call, set[str]]] = {
    "export": (
        Call(
            "dynamodb",
            "ExportTableToPointInTime",
            TABLE,
            {"S3Bucket": "vault", "S3Prefix": "ddb/orders"},
            (KEY,),
            BUCKET_KEY,
        ),
        {
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            "s3:PutObjectAcl",
            "kms:CreateGrant",
            "kms:ReEncryptFrom",
        },
    ),
    "import": (
        Call("dynamodb", "ImportTable", TABLE, {"S3BucketSource": {"S3Bucket": "vault"}}, (KEY,)),
        {
            "s3:GetObject",
            "s3:ListBucket",
            "logs:CreateLogGroup",
            "logs:PutRetentionPolicy",
            "kms:GenerateDataKey",
        },
    ),
    "point-in-time restore": (
        Call("dynamodb", "RestoreTableToPointInTime", TABLE, {"TargetTableName": "orders-2"}, (KEY,)),
        {"dynamodb:BatchWriteItem", "dynamodb:UpdateItem", "dynamodb:Query", "kms:Decrypt"},
    ),
    "create": (
        Call("dynamodb", "CreateTable", TABLE, {"Tags": [{}], "ResourcePolicy": "{}"}, (KEY,)),
        {"dynamodb:TagResource", "dynamodb:PutResourcePolicy", "kms:DescribeKey"},
    ),
    "write": (Call("dynamodb", "BatchWriteItem", TABLE, {}, (KEY,)), {"kms:Decrypt", "kms:GenerateDataKey"}),
    "read": (Call("dynamodb", "Scan", TABLE, {}, (KEY,)), {"kms:Decrypt"}),
    "replica": (
        Call(
            "dynamodb",
            "UpdateTable",
            TABLE,
            {
                "ReplicaUpdates": [
                    {"Create": {"RegionName": "us-east-1", "KMSMasterKeyId": "arn:aws:kms:us-east-1:1:key/9"}}
                ]
            },
        ),
        {
            "dynamodb:CreateTable",
            "dynamodb:CreateTableReplica",
            "dynamodb:Scan",
            "iam:CreateServiceLinkedRole",
            "kms:CreateGrant",
        },
    ),
    "key": (
        Call("dynamodb", "UpdateTable", TABLE, {"SSESpecification": {"KMSMasterKeyId": KEY.arn}}),
        {"kms:CreateGrant", "kms:ReEncryptTo"},
    ),
    "kinesis": (
        Call(
            "dynamodb",
            "EnableKinesisStreamingDestination",
            TABLE,
            {"StreamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/s"},
        ),
        {
            "kinesis:ListStreams",
            "kinesis:PutRecords",
            "kinesis:DescribeStream",
            "iam:CreateServiceLinkedRole",
        },
    ),
    "insights": (
        Call("dynamodb", "UpdateContributorInsights", TABLE, {}, (KEY,)),
        {"iam:CreateServiceLinkedRole", "kms:Decrypt"},
    ),
    "ttl of a global table": (
        Call("dynamodb", "UpdateTimeToLive", TABLE, replica_regions=("us-east-1",)),
        {"dynamodb:UpdateTimeToLive"},
    ),
    "scalable target": (
        Call("application-autoscaling", "RegisterScalableTarget", "*", SCALED),
        {"dynamodb:DescribeTable", "dynamodb:UpdateTable", "iam:CreateServiceLinkedRole"},
    ),
    "scaling policy": (
        Call("application-autoscaling", "PutScalingPolicy", "*", SCALED),
        {"cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"},
    ),
    "put of an object": (
        Call("s3", "PutObject", "arn:aws:s3:::vault/x", object_key=BUCKET_KEY),
        {"kms:GenerateDataKey"},
    ),
    "read of an object": (
        Call("s3", "GetObject", "arn:aws:s3:::vault/x", object_key=BUCKET_KEY),
        {"kms:Decrypt"},
    ),
}


def policy(rights: list[Right]) -> dict[str, Any]:
    """Exactly these rights, under exactly their conditions."""
    return {"Version": "2012-10-17", "Statement": [statement(right) for right in rights]}


def statement(right: Right) -> dict[str, Any]:
    operators = {"kms:ResourceAliases": "ForAnyValue:StringEquals"}
    condition: dict[str, dict[str, list[str]]] = {}
    for key, values in right.context.items():
        if values:
            condition.setdefault(operators.get(key, "StringEquals"), {})[key] = list(values)
    return {"Effect": "Allow", "Action": right.action, "Resource": right.resource, "Condition": condition}


@pytest.mark.parametrize("name", CALLS)
def test_a_policy_that_lacks_any_right_does_not_allow_the_call(name: str) -> None:
    """Its own action, and each that AWS takes in its name."""
    call, expected = CALLS[name]
    rights = list(dict.fromkeys(rights_of(call)))
    assert expected <= {right.action for right in rights if right.by_aws}
    assert denied([policy(rights)], [call]) == []
    for missing in rights:
        rest = [right for right in rights if right != missing]
        assert str(missing) in denied([policy(rest)], [call])


@pytest.mark.parametrize(
    ("condition", "is_allowed"),
    [
        ({"StringEquals": {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}}, True),
        ({"StringLike": {"kms:ViaService": "dynamodb.*.amazonaws.com"}}, True),
        ({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}, False),
        ({"StringEquals": {"kms:ViaService": "dynamodb.*.amazonaws.com"}}, False),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tables"}}, True),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/other"}}, False),
        ({"StringEquals": {"kms:CallerAccount": "123456789012"}}, False),
    ],
)
def test_conditions_are_those_of_the_request(condition: dict[str, Any], is_allowed: bool) -> None:
    """A key that a request does not have fulfils no condition."""
    call = Call("dynamodb", "Scan", TABLE, {}, (KEY,))
    allow = {"Effect": "Allow", "Action": ["dynamodb:Scan"], "Resource": "*"}
    keys = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition}
    assert (denied([{"Statement": [allow, keys]}], [call]) == []) is is_allowed
