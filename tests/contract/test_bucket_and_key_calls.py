"""Reads of buckets and KMS keys with their exact parameters, checked by botocore's own models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.aws.buckets import S3Buckets
from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.kms import Kms
from ddbbackup.aws.session import Connection
from ddbbackup.errors import AccessDenied, NotSupported, ObjectMissing
from ddbbackup.ports import BucketEncryption, LifecycleRule, ObjectLock
from tests.support.stubs import stubbed

OWNED = {"Bucket": "vault", "ExpectedBucketOwner": "210987654321"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def test_the_region_of_a_bucket_comes_from_head_bucket_or_its_header() -> None:
    """With the expected owner. Servers other than AWS return neither."""
    with stubbed("s3") as (made, stub):
        stub.add_response("head_bucket", {"BucketRegion": "eu-central-1"}, OWNED)
        header = {"HTTPHeaders": {"x-amz-bucket-region": "eu-north-1"}, "HTTPStatusCode": 200}
        stub.add_response("head_bucket", {"ResponseMetadata": header}, {"Bucket": "vault"})
        stub.add_response("head_bucket", {}, {"Bucket": "vault"})
        buckets = S3Buckets(made)
        assert buckets.region("vault", owner="210987654321") == "eu-central-1"
        assert buckets.region("vault") == "eu-north-1"
        assert buckets.region("vault") is None


def test_a_missing_bucket_and_a_bucket_of_another_owner_are_different_errors() -> None:
    """HTTP 404 and 403 without a body."""
    with stubbed("s3") as (made, stub):
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        stub.add_client_error("head_bucket", "403", http_status_code=403)
        with pytest.raises(ObjectMissing, match="bucket vault does not exist"):
            S3Buckets(made).region("vault")
        with pytest.raises(AccessDenied):
            S3Buckets(made).region("vault")


def test_versioning_is_off_if_it_was_never_enabled_or_is_suspended() -> None:
    """GetBucketVersioning returns an empty response for a bucket that never had it."""
    with stubbed("s3") as (made, stub):
        for response in ({}, {"Status": "Suspended"}, {"Status": "Enabled"}):
            stub.add_response("get_bucket_versioning", response, OWNED)
        results = [S3Buckets(made).versioned("vault", owner="210987654321") for _ in range(3)]
    assert results == [False, False, True]


def test_object_lock_is_returned_with_its_default_retention() -> None:
    """In days; None without a default. A bucket without a configuration has no Object Lock."""

    def lock(**default: Any) -> dict[str, Any]:
        rule = {"Rule": {"DefaultRetention": default}} if default else {}
        return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **rule}}

    with stubbed("s3") as (made, stub):
        for response in (lock(Mode="COMPLIANCE", Years=1), lock(Mode="GOVERNANCE", Days=30), lock()):
            stub.add_response("get_object_lock_configuration", response, OWNED)
        stub.add_client_error("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
        results = [S3Buckets(made).object_lock("vault", owner="210987654321") for _ in range(4)]
    assert results == [ObjectLock("COMPLIANCE", 365), ObjectLock("GOVERNANCE", 30), ObjectLock(), None]


def test_settings_of_the_public_access_block_that_are_off_are_named() -> None:
    """All four if the bucket has no block."""
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
        assert buckets.disabled_public_access_blocks("vault", owner="210987654321") == ("BlockPublicPolicy",)
        assert len(buckets.disabled_public_access_blocks("vault")) == 4


def test_a_bucket_may_have_no_default_encryption() -> None:
    """Algorithm and key are in the terms of S3."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    with stubbed("s3") as (made, stub):
        stub.add_response("get_bucket_encryption", {"ServerSideEncryptionConfiguration": rules}, OWNED)
        stub.add_client_error("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
        buckets = S3Buckets(made)
        assert buckets.encryption("vault", owner="210987654321") == BucketEncryption("aws:kms", KEY)
        assert buckets.encryption("vault") is None


def test_lifecycle_rules_that_expire_or_archive_current_objects_are_returned() -> None:
    """Disabled rules, old versions, delete markers and unfinished uploads do not threaten a backup."""
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
        lifecycle = S3Buckets(made).lifecycle("vault", owner="210987654321")
        assert S3Buckets(made).lifecycle("vault") == ()
    assert lifecycle == (
        LifecycleRule("old", "ddb/", expires="after 90 days"),
        LifecycleRule("cold", "ddb/x", archives="after 30 days", tagged=True),
        LifecycleRule("unnamed", "", expires="on 2027-01-01"),
    )


def test_a_missing_kms_key_is_none() -> None:
    """NotFoundException is a result, not an error."""
    metadata = {
        "KeyId": "11111111-2222-3333-4444-555555555555",
        "Arn": KEY,
        "KeyState": "PendingDeletion",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
    }
    with stubbed("kms") as (made, stub):
        stub.add_response("describe_key", {"KeyMetadata": metadata}, {"KeyId": "alias/vault"})
        stub.add_client_error("describe_key", "NotFoundException", http_status_code=400)
        stub.add_client_error("describe_key", "AccessDeniedException", http_status_code=400)
        key = Kms(made).describe("alias/vault")
        assert key is not None
        assert (key.arn, key.state, key.spec) == (KEY, "PendingDeletion", "SYMMETRIC_DEFAULT")
        assert Kms(made).describe("alias/other") is None
        with pytest.raises(AccessDenied):
            Kms(made).describe("alias/secret")


def test_aws_is_never_asked_about_the_keys_of_an_emulator() -> None:
    """Unless the plan names a KMS endpoint beside it."""
    cloud = AwsCloud(
        Connection(region="eu-west-1", endpoint_urls=(("dynamodb", "http://127.0.0.1:1"),)),
    )
    with pytest.raises(NotSupported, match="no endpoint is set for kms"):
        cloud.kms_keys("eu-west-1")


def test_the_time_of_aws_is_the_date_header_of_a_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whole seconds of GMT (RFC 7231)."""
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
