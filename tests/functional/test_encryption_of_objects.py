"""What ddbbackup and DynamoDB put is encrypted as the destination says, also where a bucket policy demands it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ddbbackup.sandbox.bucket_policies import denies
from tests.support.accounts import Account
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}} for n in range(5)]
THERE = "210987654321"
ALGORITHM = "s3:x-amz-server-side-encryption"
KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
NO_HEADER: dict[str, Any] = {"Null": {ALGORITHM: "true"}}


def deny_puts(aws: Aws, bucket: str, *conditions: dict[str, Any]) -> None:
    """The bucket refuses each put that meets one of the conditions."""
    statements = [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": each,
        }
        for each in conditions
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=policy)


def new_key(aws: Aws, alias: str) -> str:
    """The ARN of a new KMS key with this alias."""
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=key["KeyId"])
    return str(key["Arn"])


def error_of_put(client: Any, bucket: str, **parameters: str) -> str | None:
    try:
        client.put_object(Bucket=bucket, Key="k", Body=b"", **parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def encryptions(aws: Aws, bucket: str) -> dict[str, tuple[str | None, str | None]]:
    """Algorithm and key of every object."""
    heads = {key: aws.s3.head_object(Bucket=bucket, Key=key) for key in aws.keys(bucket)}
    return {key: (head.get("ServerSideEncryption"), head.get("SSEKMSKeyId")) for key, head in heads.items()}


@pytest.mark.parametrize("condition", [NO_HEADER, {"StringNotEquals": {ALGORITHM: "AES256"}}])
def test_backup_and_restore_work_where_a_policy_demands_aes256(
    sandbox: Aws, bucket: str, name: str, program: Program, condition: dict[str, Any]
) -> None:
    """The default encryption. Exports carry the header; records and the state of restores must, too."""
    deny_puts(sandbox, bucket, condition)
    back_up_and_restore(sandbox, bucket, name, program, {})

    assert set(encryptions(sandbox, bucket).values()) == {("AES256", None)}


def test_kms_without_a_key_is_asked_for_on_every_put(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The AWS managed key: the bucket policy demands aws:kms, whatever the key."""
    deny_puts(sandbox, bucket, {"StringNotEquals": {ALGORITHM: "aws:kms"}})
    back_up_and_restore(sandbox, bucket, name, program, {"algorithm": "KMS"})

    assert set(encryptions(sandbox, bucket).values()) == {("aws:kms", None)}


def test_a_policy_that_demands_one_key_accepts_the_alias_of_the_plan(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """S3 compares the ARN of the key that the alias names."""
    arn = new_key(sandbox, name)
    deny_puts(sandbox, bucket, NO_HEADER, {"StringNotEquals": {KEY: arn}})
    encryption = {"algorithm": "KMS", "kms_key_id": f"alias/{name}"}
    back_up_and_restore(sandbox, bucket, name, program, encryption)

    assert set(encryptions(sandbox, bucket).values()) == {("aws:kms", f"alias/{name}")}


def back_up_and_restore(
    aws: Aws, bucket: str, name: str, program: Program, encryption: dict[str, str]
) -> None:
    aws.create_table(name, pitr=True)
    aws.put(name, *ITEMS)
    vault: dict[str, Any] = {"bucket": bucket, "prefix": "ddb/{table}/"}
    if encryption:
        vault["encryption"] = encryption
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    document = plan(aws, bucket, tables=[{"name": name}], restores=restores, destinations={"vault": vault})
    program.plan(document)
    backup = program.run("backup")
    assert backup.code == 0, backup.err
    restore = program.run("restore", "back")
    assert restore.code == 0, restore.err
    assert aws.items(f"{name}-2") == aws.items(name)
    written = aws.keys(bucket)
    assert any("ddbbackup/_restores/" in key for key in written)


def test_another_encryption_than_the_policy_demands_fails_with_what_s3_says(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Before an export is started: the record is written first."""
    deny_puts(sandbox, bucket, {"StringNotEquals": {ALGORITHM: "aws:kms"}})
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))

    backup = program.run("backup", "--output", "json")

    assert backup.code == 77
    assert "explicit deny in a resource-based policy" in backup.error["message"]
    assert not backup.named("export.started")
    assert sandbox.keys(bucket) == []


# ---- the sandbox


def test_the_sandbox_enforces_policies_that_demand_encryption(sandbox: Aws, bucket: str, name: str) -> None:
    """S3 guide: Protecting data with server-side encryption."""
    own, other = new_key(sandbox, name), new_key(sandbox, f"{name}-other")
    kms = {"ServerSideEncryption": "aws:kms"}
    assert error_of_put(sandbox.s3, bucket) is None

    other_key = {"StringEquals": {ALGORITHM: "aws:kms"}, "StringNotEquals": {KEY: own}}
    deny_puts(sandbox, bucket, NO_HEADER, other_key)

    assert error_of_put(sandbox.s3, bucket) == "AccessDenied"
    assert error_of_put(sandbox.s3, bucket, ServerSideEncryption="AES256") is None
    assert error_of_put(sandbox.s3, bucket, **kms, SSEKMSKeyId=own) is None
    assert error_of_put(sandbox.s3, bucket, **kms, SSEKMSKeyId=f"alias/{name}") is None
    assert error_of_put(sandbox.s3, bucket, **kms, SSEKMSKeyId=other) == "AccessDenied"


def test_the_sandbox_resolves_keys_in_the_account_of_the_requester(
    sandbox: Aws, bucket: str, name: str
) -> None:
    """An alias and a bare key ID; an ARN names its account (botocore's model of PutObject: SSEKMSKeyId)."""
    arn = new_key(sandbox, name)
    stranger = Account(sandbox, f"arn:aws:iam::{THERE}:role/writer").s3
    kms = {"ServerSideEncryption": "aws:kms"}
    bare = arn.rpartition("/")[2]

    assert error_of_put(sandbox.s3, bucket, **kms, SSEKMSKeyId=bare) is None
    assert error_of_put(stranger, bucket, **kms, SSEKMSKeyId=arn) is None
    for key in (f"alias/{name}", bare):
        assert error_of_put(stranger, bucket, **kms, SSEKMSKeyId=key) == "KMS.NotFoundException"


@pytest.mark.parametrize(
    ("encryption", "code"),
    [({}, "S3AccessDenied"), ({"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": "missing"}, "KmsNotFoundException")],
)
def test_an_export_of_the_sandbox_fails_where_s3_refuses_its_objects(
    sandbox: Aws, bucket: str, name: str, encryption: dict[str, str], code: str
) -> None:
    """Asynchronously, with the code of AWS (observed on AWS)."""
    deny_puts(sandbox, bucket, {"StringNotEquals": {ALGORITHM: "aws:kms"}})
    arn = sandbox.create_table(name, pitr=True)
    started = sandbox.dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, **encryption)

    ended = started["ExportDescription"]
    while ended["ExportStatus"] == "IN_PROGRESS":
        ended = sandbox.dynamodb.describe_export(ExportArn=ended["ExportArn"])["ExportDescription"]

    assert (ended["ExportStatus"], ended["FailureCode"]) == ("FAILED", code)


@pytest.mark.parametrize(
    ("condition", "sent", "denied"),
    [
        ({"StringEquals": {ALGORITHM: "AES256"}}, "AES256", True),
        ({"StringEquals": {ALGORITHM: "AES256"}}, None, False),
        ({"StringNotEquals": {ALGORITHM: ["AES256", "aws:kms"]}}, "aws:kms", False),
        ({"StringNotEquals": {ALGORITHM: "AES256"}}, None, True),
        ({"StringNotEqualsIfExists": {ALGORITHM: "AES256"}}, None, True),
        ({"StringNotLike": {ALGORITHM: "aws:kms*"}}, "aws:kms:dsse", False),
        ({"Null": {ALGORITHM: "false"}}, "AES256", True),
    ],
)
def test_conditions_of_the_sandbox_follow_the_rules_of_iam(
    condition: dict[str, Any], sent: str | None, denied: bool
) -> None:
    """A negated operator matches a request without the key (IAM guide: Condition operators)."""
    statement = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::vault/*",
        "Condition": condition,
    }
    policy = json.dumps({"Statement": statement}).encode()

    assert denies(policy, "s3:PutObject", "arn:aws:s3:::vault/k", {ALGORITHM: sent}) is denied
    assert not denies(policy, "s3:PutObject", "arn:aws:s3:::other/k", {ALGORITHM: sent})
