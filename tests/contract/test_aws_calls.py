"""The calls of ``aws/`` with their exact parameters, checked by botocore's own service models."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.response import StreamingBody

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.exports import DynamoExports
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.session import Connection
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.aws.topics import SnsTopics
from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DataIncomplete,
    DdbBackupError,
    ObjectMissing,
    PitrDisabled,
    TableMissing,
    Throttled,
    Unreachable,
)
from ddbbackup.model.checksums import md5_digest
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import ExportRequest, Identity, KeyAttribute, Upload
from tests.support.stubs import client, stubbed

ARN = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/orders"
EXPORT = f"{ARN}/export/01700000000000-0badcafe"
NOW = datetime(2026, 11, 24, 10, 0, 0, 123456, UTC)
WHOLE_SECONDS = NOW.replace(microsecond=0)
OWNER = "210987654321"
IDENTITY = Identity("123456789012", "arn:aws-cn:iam::123456789012:root", "aws-cn", "cn-north-1")


def tables(made: Any) -> DynamoTables:
    return DynamoTables(made, lambda: IDENTITY)


# ---- tables


def test_list_tables_follows_every_page() -> None:
    """By LastEvaluatedTableName."""
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("list_tables", {"TableNames": ["aaa"], "LastEvaluatedTableName": "aaa"}, {})
        stub.add_response("list_tables", {"TableNames": ["bbb"]}, {"ExclusiveStartTableName": "aaa"})
        assert list(tables(made).names()) == ["aaa", "bbb"]


def test_the_arn_of_a_table_needs_no_call() -> None:
    """Partition, region and account come from the identity."""
    assert tables(client("dynamodb")).arn("orders") == ARN


def test_describe_table_returns_keys_with_types_and_a_json_safe_description() -> None:
    """Times are in ISO 8601."""
    table = {
        "TableName": "orders",
        "TableArn": ARN,
        "TableId": "11991185-e7ab-4da5-8bab-03f0db0b7bfd",
        "TableStatus": "ACTIVE",
        "CreationDateTime": NOW,
        "KeySchema": [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        "ItemCount": 3,
        "TableSizeBytes": 99,
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("describe_table", {"Table": table}, {"TableName": "orders"})
        facts = tables(made).describe("orders")
    assert facts.keys == (KeyAttribute("id", "HASH", "S"), KeyAttribute("at", "RANGE", "N"))
    assert facts.description["CreationDateTime"] == "2026-11-24T10:00:00.123456Z"
    assert (facts.item_count, facts.size_bytes, facts.status) == (3, 99, "ACTIVE")


def test_pitr_is_read_from_point_in_time_recovery_status() -> None:
    """ContinuousBackupsStatus is ENABLED for every table."""
    with stubbed("dynamodb") as (made, stub):
        off = {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }
        on = {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {
                "PointInTimeRecoveryStatus": "ENABLED",
                "EarliestRestorableDateTime": WHOLE_SECONDS,
                "LatestRestorableDateTime": WHOLE_SECONDS,
                "RecoveryPeriodInDays": 35,
            },
        }
        for description in (off, on):
            answer = {"ContinuousBackupsDescription": description}
            stub.add_response("describe_continuous_backups", answer, {"TableName": "orders"})
        assert not tables(made).pitr("orders").enabled
        window = tables(made).pitr("orders")
    assert (window.enabled, window.earliest, window.latest, window.period_days) == (
        True,
        WHOLE_SECONDS,
        WHOLE_SECONDS,
        35,
    )


def test_create_delete_and_scan_send_exactly_their_arguments() -> None:
    """The scan for items is consistent and ends with the first one."""
    definition = {
        "TableName": "orders",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    scan = {"TableName": "orders", "Limit": 1, "ConsistentRead": True, "Select": "COUNT"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("create_table", {}, definition)
        stub.add_response("delete_table", {}, {"TableName": "orders"})
        stub.add_response("scan", {"Count": 0, "LastEvaluatedKey": {"id": {"S": "x"}}}, scan)
        stub.add_response("scan", {"Count": 1}, {**scan, "ExclusiveStartKey": {"id": {"S": "x"}}})
        stub.add_response("scan", {"Count": 0}, scan)
        tables(made).create(definition)
        tables(made).delete("orders")
        assert tables(made).holds_items("orders")
        assert not tables(made).holds_items("orders")


# ---- exports


def test_an_export_request_carries_every_option_of_the_plan() -> None:
    """Times are whole seconds, so that a repeated request is identical."""
    expected_parameters = {
        "TableArn": ARN,
        "S3Bucket": "vault",
        "S3BucketOwner": "210987654321",
        "S3Prefix": "ddb/orders/",
        "S3SseAlgorithm": "KMS",
        "S3SseKmsKeyId": "alias/vault",
        "ExportFormat": "DYNAMODB_JSON",
        "ExportTime": WHOLE_SECONDS,
        "ClientToken": "token",
    }
    response = {
        "ExportArn": EXPORT,
        "ExportStatus": "IN_PROGRESS",
        "TableArn": ARN,
        "S3Bucket": "vault",
        "StartTime": NOW,
        "ExportTime": WHOLE_SECONDS,
    }
    request = ExportRequest(
        table_arn=ARN,
        bucket="vault",
        client_token="token",
        prefix="ddb/orders/",
        bucket_owner="210987654321",
        sse_algorithm="KMS",
        kms_key_id="alias/vault",
        export_time=NOW,
    )
    with stubbed("dynamodb") as (made, stub):
        stub.add_response(
            "export_table_to_point_in_time", {"ExportDescription": response}, expected_parameters
        )
        export = DynamoExports(made).start(request)
    assert (export.arn, export.status, export.export_type) == (EXPORT, "IN_PROGRESS", "FULL_EXPORT")


def test_an_export_request_omits_options_that_are_not_set() -> None:
    """No ExportTime means now. Prefix, owner and key are not sent as empty strings."""
    expected_parameters = {
        "TableArn": ARN,
        "S3Bucket": "vault",
        "S3SseAlgorithm": "AES256",
        "ExportFormat": "DYNAMODB_JSON",
        "ClientToken": "token",
    }
    response = {"ExportArn": EXPORT, "ExportStatus": "IN_PROGRESS", "TableArn": ARN, "S3Bucket": "vault"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response(
            "export_table_to_point_in_time", {"ExportDescription": response}, expected_parameters
        )
        DynamoExports(made).start(ExportRequest(table_arn=ARN, bucket="vault", client_token="token"))


def test_describe_export_returns_failure_manifest_and_filter() -> None:
    """A filtered export is not a backup of the table."""
    response = {
        "ExportArn": EXPORT,
        "ExportStatus": "FAILED",
        "TableArn": ARN,
        "S3Bucket": "vault",
        "FailureCode": "S3NoSuchBucket",
        "FailureMessage": "The specified bucket does not exist",
        "ExportManifest": "p/AWSDynamoDB/x/manifest-summary.json",
        "FilterSpecification": {"FilterExpression": "a = :a"},
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("describe_export", {"ExportDescription": response}, {"ExportArn": EXPORT})
        export = DynamoExports(made).describe(EXPORT)
    assert (export.failure_code, export.filtered) == ("S3NoSuchBucket", True)
    assert export.failure_message == "The specified bucket does not exist"
    assert export.manifest_key == "p/AWSDynamoDB/x/manifest-summary.json"


def test_list_exports_uses_the_largest_pages_and_the_token() -> None:
    """25 exports at a time, of one table or of all."""
    summary = {"ExportArn": EXPORT, "ExportStatus": "COMPLETED"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response(
            "list_exports", {"ExportSummaries": [summary], "NextToken": "n"}, {"MaxResults": 25}
        )
        expected_parameters = {"MaxResults": 25, "TableArn": ARN, "NextToken": "n"}
        stub.add_response("list_exports", {"ExportSummaries": []}, expected_parameters)
        page = DynamoExports(made).page()
        assert page.next_token == "n"
        assert page.summaries[0].export_type == "FULL_EXPORT"
        assert DynamoExports(made).page(table_arn=ARN, next_token="n").summaries == ()


# ---- objects


def body(content: bytes) -> dict[str, Any]:
    stream = StreamingBody(io.BytesIO(content), len(content))
    return {"Body": stream, "ETag": '"e"', "ContentLength": len(content), "VersionId": "v1"}


OWNED = {"Bucket": "vault", "Key": "k", "ExpectedBucketOwner": "210987654321"}


def test_head_and_get_send_the_expected_bucket_owner() -> None:
    """A HEAD of a missing object returns None."""
    with stubbed("s3") as (made, stub):
        stub.add_response("head_object", {"ContentLength": 3, "ETag": '"e"'}, OWNED)
        stub.add_client_error("head_object", "404", http_status_code=404, expected_params=OWNED)
        stub.add_response("get_object", body(b"abc"), OWNED)
        objects = S3Objects(made)
        facts = objects.head("vault", "k", owner="210987654321")
        assert facts is not None
        assert (facts.size_bytes, facts.etag) == (3, '"e"')
        assert objects.head("vault", "k", owner="210987654321") is None
        content, facts = objects.read("vault", "k", limit_bytes=3, owner="210987654321")
        assert (content, facts.version_id) == (b"abc", "v1")


def test_an_object_above_the_limit_is_refused() -> None:
    """Manifests and records have a maximum size."""
    with stubbed("s3") as (made, stub):
        stub.add_response("get_object", body(b"abcd"), {"Bucket": "vault", "Key": "k"})
        with pytest.raises(DataIncomplete, match="larger than the limit of 3 bytes"):
            S3Objects(made).read("vault", "k", limit_bytes=3)


def test_a_body_that_is_shorter_than_its_length_is_not_used() -> None:
    """A connection that breaks off early looks like the end of the body."""
    truncated = {**body(b"abc"), "ContentLength": 9}
    with stubbed("s3") as (made, stub):
        stub.add_response("get_object", truncated, {"Bucket": "vault", "Key": "k"})
        with pytest.raises(Unreachable, match="3 of 9 bytes"):
            S3Objects(made).read("vault", "k", limit_bytes=99)


def test_puts_send_their_condition_key_and_checksum() -> None:
    """If-None-Match for new records, If-Match for updates, always the encryption of the destination and an MD5."""
    expected_parameters = {"Bucket": "vault", "Key": "k", "Body": b"{}", "ContentType": "application/json"}
    expected_parameters |= {"ContentMD5": "mZFLkyvTelC5g8XnyQrpOw=="}
    kms = {"ServerSideEncryption": "aws:kms"}
    with stubbed("s3") as (made, stub):
        first = {**expected_parameters, "IfNoneMatch": "*", "ServerSideEncryption": "AES256"}
        stub.add_response("put_object", {"ETag": '"1"'}, first)
        stub.add_response("put_object", {"ETag": '"2"'}, {**expected_parameters, "IfMatch": '"1"', **kms})
        stub.add_response(
            "put_object", {"ETag": '"3"'}, {**expected_parameters, **kms, "SSEKMSKeyId": "alias/vault"}
        )
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
        stub.add_response("get_object", body(b"other"), {"Bucket": "vault", "Key": "k"})
        objects = S3Objects(made)

        def put(encryption: Encryption, **conditions: Any) -> str:
            json = "application/json"
            return objects.put("vault", "k", b"{}", content_type=json, encryption=encryption, **conditions)

        assert put(Encryption(), if_none_match=True) == '"1"'
        assert put(Encryption("KMS"), if_match='"1"') == '"2"'
        assert put(Encryption("KMS", "alias/vault")) == '"3"'
        with pytest.raises(Conflict):
            put(Encryption(), if_none_match=True)


def test_a_condition_that_failed_because_of_our_own_lost_attempt_is_no_conflict() -> None:
    """The object exists with exactly the content of the request."""
    with stubbed("s3") as (made, stub):
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
        stub.add_response("get_object", body(b"{}"), {"Bucket": "vault", "Key": "k"})
        objects, json = S3Objects(made), "application/json"
        put = objects.put("vault", "k", b"{}", content_type=json, encryption=Encryption(), if_none_match=True)
    assert put == '"e"'


def test_every_call_of_an_upload_names_the_owner_and_proves_its_bytes() -> None:
    """The encryption of the destination when it begins; MD5 and CRC-32 of each part, and both again at the end."""
    place: dict[str, Any] = {"Bucket": "vault", "Key": "k", "ExpectedBucketOwner": OWNER}
    begun = place | {"ContentType": "x", "ChecksumAlgorithm": "CRC32"}
    parts = [
        {"PartNumber": 1, "ETag": '"1"', "ChecksumCRC32": "SQ9wxg=="},
        {"PartNumber": 2, "ETag": '"2"', "ChecksumCRC32": "AAAAAA=="},
    ]
    with stubbed("s3") as (made, stub):
        stub.add_response(
            "create_multipart_upload", {"UploadId": "u"}, {**begun, "ServerSideEncryption": "AES256"}
        )
        kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/vault"}
        stub.add_response("create_multipart_upload", {"UploadId": "v"}, {**begun, **kms})
        upload = place | {"UploadId": "u"}
        first = {"PartNumber": 1, "Body": b"part", "ContentMD5": "9Mk4XxkC9zNLALm07NFk3g=="}
        second = {"PartNumber": 2, "Body": b"", "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
        stub.add_response("upload_part", {"ETag": '"1"'}, {**upload, **first, "ChecksumCRC32": "SQ9wxg=="})
        stub.add_response("upload_part", {"ETag": '"2"'}, {**upload, **second, "ChecksumCRC32": "AAAAAA=="})
        stub.add_response(
            "complete_multipart_upload", {"ETag": '"e-2"'}, {**upload, "MultipartUpload": {"Parts": parts}}
        )
        stub.add_response("abort_multipart_upload", {}, upload)
        stub.add_client_error("abort_multipart_upload", "NoSuchUpload", http_status_code=404)
        stub.add_client_error("upload_part", "NoSuchUpload", http_status_code=404)
        objects = S3Objects(made)

        def begin(encryption: Encryption) -> Upload:
            return objects.begin_upload("vault", "k", content_type="x", encryption=encryption, owner=OWNER)

        one = begin(Encryption())
        assert (one, begin(Encryption("KMS", "alias/vault"))) == (Upload("k", "u"), Upload("k", "v"))
        put = [objects.put_part("vault", one, 1, b"part", md5=md5_digest(b"part"), owner=OWNER)]
        put.append(objects.put_part("vault", one, 2, b"", md5=md5_digest(b""), owner=OWNER))
        assert objects.complete_upload("vault", one, put, owner=OWNER) == '"e-2"'
        objects.abort_upload("vault", one, owner=OWNER)
        objects.abort_upload("vault", one, owner=OWNER)
        with pytest.raises(ObjectMissing, match="part 3"):
            objects.put_part("vault", one, 3, b"", md5=b"", owner=OWNER)


def test_uploads_are_listed_to_the_end() -> None:
    """One key may have several."""
    with stubbed("s3") as (made, stub):
        parameters = {"Bucket": "vault", "Prefix": "p/", "ExpectedBucketOwner": OWNER}
        page = {
            "Uploads": [{"Key": "p/a", "UploadId": "1"}],
            "IsTruncated": True,
            "NextKeyMarker": "p/a",
            "NextUploadIdMarker": "1",
        }
        stub.add_response("list_multipart_uploads", page, parameters)
        last = {"Uploads": [{"Key": "p/a", "UploadId": "2"}], "IsTruncated": False}
        stub.add_response(
            "list_multipart_uploads", last, {**parameters, "KeyMarker": "p/a", "UploadIdMarker": "1"}
        )
        listed = list(S3Objects(made).uploads("vault", "p/", owner=OWNER))
    assert listed == [Upload("p/a", "1"), Upload("p/a", "2")]


def test_listing_follows_pages_and_folders_use_the_delimiter() -> None:
    """ListObjectsV2 returns folders as common prefixes."""
    with stubbed("s3") as (made, stub):
        first = {
            "Contents": [{"Key": "p/a", "Size": 1, "ETag": '"a"'}],
            "IsTruncated": True,
            "NextContinuationToken": "n",
        }
        parameters = {"Bucket": "vault", "Prefix": "p/", "OptionalObjectAttributes": ["RestoreStatus"]}
        stub.add_response("list_objects_v2", first, parameters)
        second = {"Contents": [{"Key": "p/b", "Size": 2, "ETag": '"b"'}], "IsTruncated": False}
        expected_parameters: dict[str, Any] = {**parameters, "ContinuationToken": "n"}
        stub.add_response("list_objects_v2", second, expected_parameters)
        folders = {"CommonPrefixes": [{"Prefix": "p/x/"}], "IsTruncated": False}
        expected_parameters = {"Bucket": "vault", "Prefix": "p/", "Delimiter": "/"}
        stub.add_response("list_objects_v2", folders, expected_parameters)
        stub.add_response("delete_object", {}, {"Bucket": "vault", "Key": "k"})
        objects = S3Objects(made)
        assert [facts.key for facts in objects.keys("vault", "p/")] == ["p/a", "p/b"]
        assert list(objects.folders("vault", "p/")) == ["p/x/"]
        objects.delete("vault", "k")


def test_objects_that_s3_does_not_delete_are_returned_with_their_errors() -> None:
    """One request deletes some and refuses others. What it does not mention counts as not deleted."""
    names = ["deleted", "denied", "gone", "slow", "unmentioned"]
    with stubbed("s3") as (made, stub):
        stub.add_response(
            "delete_objects",
            {
                "Deleted": [{"Key": "deleted"}],
                "Errors": [
                    {"Key": "denied", "Code": "AccessDenied", "Message": "Access Denied"},
                    {"Key": "gone", "Code": "NoSuchKey", "Message": "The specified key does not exist."},
                    {"Key": "slow", "Code": "SlowDown", "Message": "Please reduce your request rate."},
                ],
            },
            {
                "Bucket": "vault",
                "Delete": {"Objects": [{"Key": name} for name in names], "Quiet": False},
                "ExpectedBucketOwner": "210987654321",
            },
        )
        errors = S3Objects(made).delete_many("vault", names, owner="210987654321")
    assert {key: type(error) for key, error in errors.items()} == {
        "denied": AccessDenied,
        "slow": Throttled,
        "unmentioned": Unreachable,
    }
    assert errors["denied"].message == "could not delete s3://vault/denied: Access Denied (AccessDenied)"


def test_a_request_to_delete_many_objects_that_is_refused_raises() -> None:
    with stubbed("s3") as (made, stub):
        stub.add_client_error("delete_objects", "AccessDenied", http_status_code=403)
        with pytest.raises(AccessDenied, match="could not delete 1 object in s3://vault"):
            S3Objects(made).delete_many("vault", ["k"])


class InterruptedBody(io.BytesIO):
    """A body whose connection is reset after its first bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.sent = False

    def read(self, *size: Any) -> bytes:
        if self.sent:
            from urllib3.exceptions import ProtocolError  # noqa: PLC0415

            raise ProtocolError("reset")
        self.sent = True
        return super().read(*size)


def test_an_interrupted_stream_resumes_where_it_stopped() -> None:
    """With a range and the ETag of the first response, so that two versions are never mixed."""
    broken = {**body(b""), "Body": StreamingBody(InterruptedBody(b"abc"), 6), "ContentLength": 6}
    with stubbed("s3") as (made, stub):
        stub.add_response("get_object", broken, {"Bucket": "vault", "Key": "k"})
        expected_parameters = {"Bucket": "vault", "Key": "k", "Range": "bytes=3-", "IfMatch": '"e"'}
        stub.add_response("get_object", body(b"def"), expected_parameters)
        with S3Objects(made).stream("vault", "k") as stream:
            assert b"".join(stream) == b"abcdef"


# ---- identity


def test_credentials_of_another_account_than_the_plans_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names both accounts."""
    with stubbed("sts") as (made, stub):
        answer = {
            "Account": "999999999999",
            "Arn": "arn:aws:sts::999999999999:assumed-role/x/y",
            "UserId": "u",
        }
        stub.add_response("get_caller_identity", answer, {})
        monkeypatch.setattr(AwsCloud, "_client", lambda *_: made)
        cloud = AwsCloud(Connection(region="eu-west-1", account="123456789012"))
        with pytest.raises(AccessDenied, match=r"999999999999.*123456789012"):
            _ = cloud.identity


def test_the_partition_comes_from_the_callers_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    """aws-us-gov and aws-cn need no setting in the plan."""
    with stubbed("sts") as (made, stub):
        arn = "arn:aws-us-gov:iam::123456789012:user/me"
        stub.add_response("get_caller_identity", {"Account": "123456789012", "Arn": arn, "UserId": "u"}, {})
        monkeypatch.setattr(AwsCloud, "_client", lambda *_: made)
        assert AwsCloud(Connection(region="us-gov-west-1")).identity.partition == "aws-us-gov"


@pytest.mark.parametrize(
    ("service", "operation", "code", "expected"),
    [
        ("dynamodb", "describe", "ResourceNotFoundException", TableMissing),
        ("dynamodb", "pitr", "TableNotFoundException", TableMissing),
        ("dynamodb", "describe", "ExpiredTokenException", AccessDenied),
        ("dynamodb", "describe", "AccessDeniedException", AccessDenied),
        ("dynamodb", "describe", "ThrottlingException", Throttled),
        ("s3", "head", "403", AccessDenied),
        ("s3", "read", "NoSuchBucket", ObjectMissing),
        ("s3", "read", "NoSuchKey", ObjectMissing),
        ("exports", "start", "PointInTimeRecoveryUnavailableException", PitrDisabled),
        ("exports", "start", "LimitExceededException", Throttled),
        ("exports", "start", "ExportConflictException", Conflict),
    ],
)
def test_error_codes_of_aws_become_errors_with_hints(
    service: str, operation: str, code: str, expected: type[Exception]
) -> None:
    """One table decides. A text that nobody knows is not shown. A missing table is named."""
    api = {
        "describe": "describe_table",
        "pitr": "describe_continuous_backups",
        "head": "head_object",
        "read": "get_object",
        "start": "export_table_to_point_in_time",
    }[operation]
    with stubbed("s3" if service == "s3" else "dynamodb") as (made, stub):
        made.meta.config.retries = {"total_max_attempts": 1}
        stub.add_client_error(api, code, "the words of AWS", http_status_code=400)
        calls: dict[str, Callable[[], object]] = {
            "start": lambda: DynamoExports(made).start(ExportRequest(ARN, "vault", "token")),
            "head": lambda: S3Objects(made).head("vault", "k"),
            "read": lambda: S3Objects(made).read("vault", "k", limit_bytes=9),
            "describe": lambda: tables(made).describe("orders"),
            "pitr": lambda: tables(made).pitr("orders"),
        }
        with pytest.raises(expected) as caught:
            calls[operation]()
    assert isinstance(caught.value, DdbBackupError)
    missing = "table orders does not exist in cn-north-1 (account 123456789012)"
    if expected is TableMissing:
        assert caught.value.message == missing
    else:
        assert code in caught.value.message
        assert "the words of AWS" not in caught.value.message
    assert caught.value.hint


# ---- topics


def test_publish_is_sent_to_the_region_of_the_topic() -> None:
    """With subject, message, and attributes as strings."""
    topic = "arn:aws:sns:eu-central-1:210987654321:backups"
    regions: list[str] = []
    with stubbed("sns") as (made, stub):
        stub.add_response(
            "publish",
            {"MessageId": "m"},
            {
                "TopicArn": topic,
                "Subject": "subject",
                "Message": "message",
                "MessageAttributes": {"plan": {"DataType": "String", "StringValue": "prod"}},
            },
        )

        def client_of(region: str) -> Any:
            regions.append(region)
            return made

        topics = SnsTopics(client_of)
        topics.publish(topic, subject="subject", message="message", attributes={"plan": "prod"})
    assert regions == ["eu-central-1"]


def test_a_missing_topic_is_an_error() -> None:
    """The message quotes AWS."""
    with stubbed("sns") as (made, stub):
        stub.add_client_error("publish", "NotFound", "Topic does not exist")
        with pytest.raises(DdbBackupError, match="Topic does not exist"):
            SnsTopics(lambda region: made).publish(
                "arn:aws:sns:eu-west-1:210987654321:gone", subject="s", message="m", attributes={}
            )
