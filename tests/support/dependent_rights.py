"""What a call to AWS needs: its own action, and the rights of the caller that AWS uses to carry it out.

Independent of what the program declares. Sources: the Service Authorization Reference (SAR), and the guides that are
named at each rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ddbbackup.model.arn import Arn
from tests.support.aws import REGION
from tests.support.calls import ACCOUNT, Call, Key

# Operations of S3 whose action has another name (SAR: Amazon S3).
_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
}
# DynamoDB guide: Encryption at rest, Key policy for a customer managed key. The wildcards there stand for these.
_KEY_ACTIONS = (
    "Encrypt",
    "Decrypt",
    "ReEncryptFrom",
    "ReEncryptTo",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "DescribeKey",
    "CreateGrant",
)
# SAR: Amazon DynamoDB, dependent actions of RestoreTableToPointInTime and RestoreTableFromBackup.
_RESTORED = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
# DynamoDB guide: DynamoDB global tables security.
_REPLICATED = (
    "CreateTable",
    "CreateTableReplica",
    "Scan",
    "Query",
    "UpdateItem",
    "PutItem",
    "GetItem",
    "DeleteItem",
    "BatchWriteItem",
)
# DynamoDB guide: Requesting a table import.
_LOGGED = ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents", "PutRetentionPolicy")
_DATA_PLANE = (
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
)


@dataclass(frozen=True)
class Right:
    """An action on a resource; ``context`` holds the condition keys of the request."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    by_aws: bool = True

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}" + (" (by AWS)" if self.by_aws else "")


def action_of(call: Call) -> str:
    name = _S3_ACTIONS.get(call.operation, call.operation) if call.service == "s3" else call.operation
    return f"{call.service}:{name}"


def rights_of(call: Call) -> Iterator[Right]:
    """The right to make the call, then those that AWS uses."""
    context = _context(call.key, None) if call.key is not None else {}
    yield Right(action_of(call), call.resource, context, by_aws=False)
    yield from _RULES.get(action_of(call), _none)(call)


def _none(call: Call) -> Iterator[Right]:
    return iter(())


# ---- KMS


def _use_of_key(key: Key | None, via: str | None = None) -> Iterator[Right]:
    if key is not None:
        for action in _KEY_ACTIONS:
            yield Right(f"kms:{action}", key.arn, _context(key, via))


def _context(key: Key, via: str | None) -> Mapping[str, tuple[str, ...]]:
    """KMS guide: kms:ViaService and kms:ResourceAliases."""
    service = {"kms:ViaService": (via,)} if via is not None else {}
    return {"kms:ResourceAliases": key.aliases, **service}


def _dynamodb(region: str) -> str:
    return f"dynamodb.{region}.amazonaws.com"


def _use_of_table_key(call: Call) -> Iterator[Right]:
    """DynamoDB guide: Encryption at rest. DynamoDB uses the key on behalf of who accesses the table."""
    for key in call.table_keys:
        yield from _use_of_key(key, _dynamodb(Arn.parse(key.arn).region))


# ---- exports, imports, restores


def _export(call: Call) -> Iterator[Right]:
    """DynamoDB guide: Requesting a table export. The objects are written as the caller (observed on AWS)."""
    request = call.parameters
    prefix = f"{request['S3Prefix']}/" if request.get("S3Prefix") else ""
    written = f"arn:aws:s3:::{request['S3Bucket']}/{prefix}AWSDynamoDB/01700000000000-1a2b3c4d/data/x.json.gz"
    for action in ("PutObject", "AbortMultipartUpload", "PutObjectAcl"):
        yield Right(f"s3:{action}", written)
    yield from _use_of_key(call.object_key)
    yield from _use_of_table_key(call)


def _import(call: Call) -> Iterator[Right]:
    source = call.parameters["S3BucketSource"]
    yield from _read_source(source["S3Bucket"], source.get("S3KeyPrefix", ""))
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws-dynamodb/imports"
    for action in _LOGGED:
        yield Right(f"logs:{action}", f"{group}:log-stream:x" if "Events" in action else group)
        if action == "CreateLogStream":
            yield Right(f"logs:{action}", f"{group}:log-stream:x")
    yield Right("logs:DescribeLogGroups", "*")  # SAR: CloudWatch Logs, no resource
    yield from _use_of_table_key(call)


def _read_source(bucket: str, prefix: str) -> Iterator[Right]:
    yield Right("s3:GetObject", f"arn:aws:s3:::{bucket}/{prefix}x.json.gz")
    yield Right("s3:ListBucket", f"arn:aws:s3:::{bucket}")


def _bulk_put(call: Call) -> Iterator[Right]:
    """Not verified: the permissions of StartBulkPutItems are not documented yet."""
    source = call.parameters["InputS3Configuration"]
    yield from _read_source(source["S3Bucket"], source.get("S3KeyPrefix", ""))
    output = call.parameters["OutputS3Configuration"]
    yield Right("s3:PutObject", f"arn:aws:s3:::{output['S3Bucket']}/{output.get('S3KeyPrefix', '')}x.json")
    yield from _use_of_table_key(call)


def _restore(call: Call) -> Iterator[Right]:
    for action in _RESTORED:
        yield Right(f"dynamodb:{action}", _table(call.parameters["TargetTableName"]))
    yield from _use_of_table_key(call)


# ---- tables and settings


def _create_table(call: Call) -> Iterator[Right]:
    """botocore's model: CreateTable, ResourcePolicy; DynamoDB guide: Tagging resources."""
    if call.parameters.get("ResourcePolicy"):
        yield Right("dynamodb:PutResourcePolicy", call.resource)
    if call.parameters.get("Tags"):
        yield Right("dynamodb:TagResource", call.resource)
    yield from _use_of_table_key(call)


def _update_table(call: Call) -> Iterator[Right]:
    new = call.parameters.get("SSESpecification", {}).get("KMSMasterKeyId")
    if new is not None:
        yield from _use_of_key(Key(new), _dynamodb(REGION))
    for update in call.parameters.get("ReplicaUpdates", ()):
        create = update.get("Create")
        if create:
            for action in _REPLICATED:
                arn = replace(Arn.parse(call.resource), region=create["RegionName"])
                yield Right(f"dynamodb:{action}", str(arn))
            yield from _service_linked_role("replication.dynamodb.amazonaws.com")
            if create.get("KMSMasterKeyId"):
                yield from _use_of_key(Key(create["KMSMasterKeyId"]), _dynamodb(create["RegionName"]))


def _update_time_to_live(call: Call) -> Iterator[Right]:
    """DynamoDB guide: DynamoDB global tables security. In all Regions where replicas exist."""
    for region in call.replica_regions:
        yield Right("dynamodb:UpdateTimeToLive", str(replace(Arn.parse(call.resource), region=region)))


def _enable_kinesis(call: Call) -> Iterator[Right]:
    """DynamoDB guide: Using IAM policies for Amazon Kinesis Data Streams and Amazon DynamoDB."""
    yield Right("kinesis:ListStreams", "*")
    yield Right("kinesis:PutRecords", call.parameters["StreamArn"])
    yield Right("kinesis:DescribeStream", call.parameters["StreamArn"])
    yield from _service_linked_role("kinesisreplication.dynamodb.amazonaws.com")


def _update_insights(call: Call) -> Iterator[Right]:
    """DynamoDB guide: CloudWatch Contributor Insights for DynamoDB, Using IAM."""
    yield from _service_linked_role("contributorinsights.dynamodb.amazonaws.com")
    for key in call.table_keys:
        yield Right("kms:Decrypt", key.arn, _context(key, _dynamodb(Arn.parse(key.arn).region)))


def _scale(call: Call) -> Iterator[Right]:
    """Application Auto Scaling guide: Identity-based policy examples, target services and CloudWatch."""
    table = _table(call.parameters["ResourceId"].split("/")[1])
    yield Right("dynamodb:DescribeTable", table)
    yield Right("dynamodb:UpdateTable", table)
    if call.operation == "RegisterScalableTarget":
        yield from _service_linked_role("dynamodb.application-autoscaling.amazonaws.com")
    if call.operation == "PutScalingPolicy":
        name = f"TargetTracking-{call.parameters['ResourceId']}-AlarmHigh-14069c4a"
        alarm = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
        yield Right("cloudwatch:PutMetricAlarm", alarm)
        yield Right("cloudwatch:DeleteAlarms", alarm)
        yield Right("cloudwatch:DescribeAlarms", "*")


def _service_linked_role(service: str) -> Iterator[Right]:
    """IAM guide: Service-linked role permissions. Only the first use in an account creates the role."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRoleForIt"
    yield Right("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": (service,)})


# ---- S3


def _put_object(call: Call) -> Iterator[Right]:
    """S3 guide: Using server-side encryption with AWS KMS keys, Permissions."""
    if call.object_key is not None:
        yield Right("kms:GenerateDataKey", call.object_key.arn, _context(call.object_key, None))


def _get_object(call: Call) -> Iterator[Right]:
    if call.object_key is not None:
        yield Right("kms:Decrypt", call.object_key.arn, _context(call.object_key, None))


def _table(name: str) -> str:
    return str(Arn.of_table(name, partition="aws", region=REGION, account=ACCOUNT))


_RULES: Mapping[str, Callable[[Call], Iterator[Right]]] = {
    "dynamodb:ExportTableToPointInTime": _export,
    "dynamodb:ImportTable": _import,
    "dynamodb:StartBulkPutItems": _bulk_put,
    "dynamodb:RestoreTableToPointInTime": _restore,
    "dynamodb:RestoreTableFromBackup": _restore,
    "dynamodb:CreateTable": _create_table,
    "dynamodb:UpdateTable": _update_table,
    "dynamodb:UpdateTimeToLive": _update_time_to_live,
    "dynamodb:EnableKinesisStreamingDestination": _enable_kinesis,
    "dynamodb:UpdateContributorInsights": _update_insights,
    **{f"dynamodb:{each}": _use_of_table_key for each in _DATA_PLANE},
    **{
        f"application-autoscaling:{each}": _scale
        for each in ("RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction")
    },
    "s3:PutObject": _put_object,
    "s3:GetObject": _get_object,
}
