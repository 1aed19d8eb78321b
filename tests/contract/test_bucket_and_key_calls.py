"""What ``aws/`` asks of buckets and KMS keys, with exact parameters, checked by botocore's own models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ddbbackup.aws.buckets import S3Buckets
from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.kms import Kms
from ddbbackup.aws.session import Connection
from ddbbackup.errors import AccessDenied, NotSupported, ObjectMissing
from ddbbackup.ports import BucketEncryption, LifecycleRule, ObjectLock

OWNED = {"Bucket": "vault", "ExpectedBucketOwner": "210987654321"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@contextmanager
def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    """A client that answers from the stub only; all answers must be used up."""
    made = boto3.Session("k", "s", region_name="eu-west-1").client(service)  # type: ignore[call-overload]
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


def test_a_buckets_region_comes_from_head_bucket_or_its_header() -> None:
    """With the owner that it must have; other servers say neither."""
    with stubbed("s3") as (made, stub):
        stub.add_response("head_bucket", {"BucketRegion": "eu-central-1"}, OWNED)
        header = {"HTTPHeaders": {"x-amz-bucket-region": "eu-north-1"}, "HTTPStatusCode": 200}
        stub.add_response("head_bucket", {"ResponseMetadata": header}, {"Bucket": "vault"})
        stub.add_response("head_bucket", {}, {"Bucket": "vault"})
        buckets = S3Buckets(made)
        assert buckets.region("vault", owner="210987654321") == "eu-central-1"
        assert buckets.region("vault") == "eu-north-1"
        assert buckets.region("vault") is None


def test_a_bucket_that_is_missing_and_one_that_is_not_ours_are_told_apart() -> None:
    """404 and 403 without a body."""
    with stubbed("s3") as (made, stub):
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        stub.add_client_error("head_bucket", "403", http_status_code=403)
        with pytest.raises(ObjectMissing, match="no bucket vault"):
            S3Buckets(made).region("vault")
        with pytest.raises(AccessDenied):
            S3Buckets(made).region("vault")


def test_versioning_that_was_never_enabled_or_is_suspended_is_off() -> None:
    """GetBucketVersioning answers nothing at all for a bucket that never had it."""
    with stubbed("s3") as (made, stub):
        for said in ({}, {"Status": "Suspended"}, {"Status": "Enabled"}):
            stub.add_response("get_bucket_versioning", said, OWNED)
        found = [S3Buckets(made).versioned("vault", owner="210987654321") for _ in range(3)]
    assert found == [False, False, True]


def test_object_lock_comes_with_its_default_retention() -> None:
    """In days; without a default nothing is locked by itself; without a configuration there is none."""

    def lock(**default: Any) -> dict[str, Any]:
        rule = {"Rule": {"DefaultRetention": default}} if default else {}
        return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **rule}}

    with stubbed("s3") as (made, stub):
        for said in (lock(Mode="COMPLIANCE", Years=1), lock(Mode="GOVERNANCE", Days=30), lock()):
            stub.add_response("get_object_lock_configuration", said, OWNED)
        stub.add_client_error("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
        found = [S3Buckets(made).object_lock("vault", owner="210987654321") for _ in range(4)]
    assert found == [ObjectLock("COMPLIANCE", 365), ObjectLock("GOVERNANCE", 30), ObjectLock(), None]


def test_the_public_access_block_names_what_is_open() -> None:
    """All four if there is none."""
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": True,
    }
    with stubbed("s3") as (made, stub):
        stub.add_response("get_public_access_block", {"PublicAccessBlockConfiguration": block}, OWNED)
        stub.add_client_error("get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
        buckets = S3Buckets(made)
        assert buckets.public_access_open("vault", owner="210987654321") == ("BlockPublicPolicy",)
        assert len(buckets.public_access_open("vault")) == 4


def test_default_encryption_may_be_missing() -> None:
    """Algorithm and key as S3 names them."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    with stubbed("s3") as (made, stub):
        stub.add_response("get_bucket_encryption", {"ServerSideEncryptionConfiguration": rules}, OWNED)
        stub.add_client_error("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
        buckets = S3Buckets(made)
        assert buckets.encryption("vault", owner="210987654321") == BucketEncryption("aws:kms", KEY)
        assert buckets.encryption("vault") is None


def test_lifecycle_rules_that_remove_or_archive_are_told_in_words() -> None:
    """Disabled ones, old versions, delete markers and unfinished uploads are no danger to a backup."""
    rules = [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "ddb/"}, "Expiration": {"Days": 90}},
        {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}},
        {
            "ID": "cold",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "ddb/x", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Transitions": [
                {"Days": 7, "StorageClass": "GLACIER_IR"},
                {"Days": 30, "StorageClass": "GLACIER"},
            ],
        },
        {
            "Status": "Enabled",
            "Prefix": "",
            "Expiration": {"Date": datetime(2027, 1, 1, tzinfo=UTC)},
        },
        {
            "ID": "harmless",
            "Status": "Enabled",
            "Filter": {},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        },
    ]
    with stubbed("s3") as (made, stub):
        stub.add_response("get_bucket_lifecycle_configuration", {"Rules": rules}, OWNED)
        stub.add_client_error("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration")
        found = S3Buckets(made).lifecycle("vault", owner="210987654321")
        assert S3Buckets(made).lifecycle("vault") == ()
    assert found == (
        LifecycleRule("old", "ddb/", expires="after 90 days"),
        LifecycleRule("cold", "ddb/x", archives="after 30 days", tagged=True),
        LifecycleRule("without a name", "", expires="on 2027-01-01"),
    )


def test_a_kms_key_is_described_or_is_not_there() -> None:
    """NotFoundException is an answer, not an error."""
    said = {
        "KeyId": "11111111-2222-3333-4444-555555555555",
        "Arn": KEY,
        "KeyState": "PendingDeletion",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
    }
    with stubbed("kms") as (made, stub):
        stub.add_response("describe_key", {"KeyMetadata": said}, {"KeyId": "alias/vault"})
        stub.add_client_error("describe_key", "NotFoundException", http_status_code=400)
        stub.add_client_error("describe_key", "AccessDeniedException", http_status_code=400)
        found = Kms(made).describe("alias/vault")
        assert found is not None
        assert (found.arn, found.state, found.spec) == (KEY, "PendingDeletion", "SYMMETRIC_DEFAULT")
        assert Kms(made).describe("alias/other") is None
        with pytest.raises(AccessDenied):
            Kms(made).describe("alias/secret")


def test_an_emulated_dynamodb_never_sends_its_keys_to_aws() -> None:
    """What a local set-up calls its key is no business of AWS's KMS."""
    cloud = AwsCloud(
        Connection(region="eu-west-1", endpoint_urls=(("dynamodb", "http://127.0.0.1:1"),)),
    )
    with pytest.raises(NotSupported, match="no kms"):
        cloud.kms_keys("eu-west-1")


def test_the_time_of_aws_is_the_date_header_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7231 has it in whole seconds of GMT."""
    with stubbed("sts") as (made, stub):
        answer = {
            "Account": "123456789012",
            "Arn": "arn:aws:iam::123456789012:user/me",
            "UserId": "u",
            "ResponseMetadata": {"HTTPHeaders": {"date": "Wed, 25 Nov 2026 09:00:00 GMT"}},
        }
        stub.add_response("get_caller_identity", answer, {})
        monkeypatch.setattr(AwsCloud, "_client", lambda *_: made)
        time = AwsCloud(Connection(region="eu-west-1")).server_time()
    assert time == datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)
