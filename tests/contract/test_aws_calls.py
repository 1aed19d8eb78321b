"""Every call of ``aws/`` with exact parameters, checked by botocore's own model of the service."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.exports import DynamoExports
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.session import Connection
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.aws.topics import SnsTopics
from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DataNotWhole,
    DdbBackupError,
    ObjectMissing,
    PitrDisabled,
    TableMissing,
    Throttled,
)
from ddbbackup.ports import ExportRequest, Identity, KeyAttribute

ARN = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/orders"
EXPORT = f"{ARN}/export/01700000000000-0badcafe"
NOW = datetime(2026, 11, 24, 10, 0, 0, 123456, UTC)
WHOLE = NOW.replace(microsecond=0)
WHO = Identity("123456789012", "arn:aws-cn:iam::123456789012:root", "aws-cn", "cn-north-1")


def client(service: str) -> Any:
    return boto3.Session("k", "s", region_name="eu-west-1").client(service)  # type: ignore[call-overload]


@contextmanager
def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    """A client that answers from the stub only; all answers must be used up."""
    made = client(service)
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


def tables(made: Any) -> DynamoTables:
    return DynamoTables(made, lambda: WHO)


# ---- tables


def test_list_tables_is_read_to_its_end() -> None:
    """A full page leads to the next one."""
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("list_tables", {"TableNames": ["aaa"], "LastEvaluatedTableName": "aaa"}, {})
        stub.add_response("list_tables", {"TableNames": ["bbb"]}, {"ExclusiveStartTableName": "aaa"})
        assert list(tables(made).names()) == ["aaa", "bbb"]


def test_an_arn_is_made_of_the_identity_alone() -> None:
    """Partition, region and account come from the session; no call is made."""
    assert tables(client("dynamodb")).arn("orders") == ARN


def test_describe_table_gives_keys_with_types_and_a_json_safe_description() -> None:
    """Times become ISO 8601."""
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
    """ContinuousBackupsStatus is ENABLED for every table and means nothing."""
    with stubbed("dynamodb") as (made, stub):
        off = {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }
        on = {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {
                "PointInTimeRecoveryStatus": "ENABLED",
                "EarliestRestorableDateTime": WHOLE,
                "LatestRestorableDateTime": WHOLE,
                "RecoveryPeriodInDays": 35,
            },
        }
        for said in (off, on):
            answer = {"ContinuousBackupsDescription": said}
            stub.add_response("describe_continuous_backups", answer, {"TableName": "orders"})
        assert not tables(made).pitr("orders").enabled
        window = tables(made).pitr("orders")
    assert (window.enabled, window.earliest, window.latest, window.period_days) == (True, WHOLE, WHOLE, 35)


def test_create_delete_and_the_look_for_items_say_exactly_what_they_were_given() -> None:
    """CreateTable, DeleteTable, and a consistent Scan that ends with the first item."""
    definition = {
        "TableName": "orders",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    look = {"TableName": "orders", "Limit": 1, "ConsistentRead": True, "Select": "COUNT"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("create_table", {}, definition)
        stub.add_response("delete_table", {}, {"TableName": "orders"})
        stub.add_response("scan", {"Count": 0, "LastEvaluatedKey": {"id": {"S": "x"}}}, look)
        stub.add_response("scan", {"Count": 1}, {**look, "ExclusiveStartKey": {"id": {"S": "x"}}})
        stub.add_response("scan", {"Count": 0}, look)
        tables(made).create(definition)
        tables(made).delete("orders")
        assert tables(made).holds_items("orders")
        assert not tables(made).holds_items("orders")


# ---- exports


def test_an_export_is_asked_for_with_everything_that_the_plan_says() -> None:
    """Times are whole seconds, so that a repeated request is the same request."""
    wish = {
        "TableArn": ARN,
        "S3Bucket": "vault",
        "S3BucketOwner": "210987654321",
        "S3Prefix": "ddb/orders/",
        "S3SseAlgorithm": "KMS",
        "S3SseKmsKeyId": "alias/vault",
        "ExportFormat": "DYNAMODB_JSON",
        "ExportTime": WHOLE,
        "ClientToken": "token",
    }
    said = {
        "ExportArn": EXPORT,
        "ExportStatus": "IN_PROGRESS",
        "TableArn": ARN,
        "S3Bucket": "vault",
        "StartTime": NOW,
        "ExportTime": WHOLE,
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
        stub.add_response("export_table_to_point_in_time", {"ExportDescription": said}, wish)
        export = DynamoExports(made).start(request)
    assert (export.arn, export.status, export.export_type) == (EXPORT, "IN_PROGRESS", "FULL_EXPORT")


def test_a_plain_export_leaves_out_what_was_not_said() -> None:
    """No ExportTime means now; no prefix, owner or key is sent as empty."""
    wish = {
        "TableArn": ARN,
        "S3Bucket": "vault",
        "S3SseAlgorithm": "AES256",
        "ExportFormat": "DYNAMODB_JSON",
        "ClientToken": "token",
    }
    said = {"ExportArn": EXPORT, "ExportStatus": "IN_PROGRESS", "TableArn": ARN, "S3Bucket": "vault"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("export_table_to_point_in_time", {"ExportDescription": said}, wish)
        DynamoExports(made).start(ExportRequest(table_arn=ARN, bucket="vault", client_token="token"))


def test_describe_export_keeps_failure_manifest_and_filter() -> None:
    """A filtered export is known as such: it is no backup."""
    said = {
        "ExportArn": EXPORT,
        "ExportStatus": "FAILED",
        "TableArn": ARN,
        "S3Bucket": "vault",
        "FailureCode": "S3NoSuchBucket",
        "FailureMessage": "gone",
        "ExportManifest": "p/AWSDynamoDB/x/manifest-summary.json",
        "FilterSpecification": {"FilterExpression": "a = :a"},
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("describe_export", {"ExportDescription": said}, {"ExportArn": EXPORT})
        export = DynamoExports(made).describe(EXPORT)
    assert (export.failure_code, export.failure_message, export.filtered) == ("S3NoSuchBucket", "gone", True)
    assert export.manifest_key == "p/AWSDynamoDB/x/manifest-summary.json"


def test_list_exports_takes_the_largest_pages_and_the_token() -> None:
    """25 at a time, of one table or of all."""
    summary = {"ExportArn": EXPORT, "ExportStatus": "COMPLETED"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response(
            "list_exports", {"ExportSummaries": [summary], "NextToken": "n"}, {"MaxResults": 25}
        )
        wish = {"MaxResults": 25, "TableArn": ARN, "NextToken": "n"}
        stub.add_response("list_exports", {"ExportSummaries": []}, wish)
        page = DynamoExports(made).page()
        assert page.next_token == "n"
        assert page.summaries[0].export_type == "FULL_EXPORT"
        assert DynamoExports(made).page(table_arn=ARN, next_token="n").summaries == ()


# ---- objects


def body(content: bytes) -> dict[str, Any]:
    stream = StreamingBody(io.BytesIO(content), len(content))
    return {"Body": stream, "ETag": '"e"', "ContentLength": len(content), "VersionId": "v1"}


OWNED = {"Bucket": "vault", "Key": "k", "ExpectedBucketOwner": "210987654321"}


def test_head_and_get_name_the_expected_owner_of_the_bucket() -> None:
    """And a HEAD of nothing is None, not an error."""
    with stubbed("s3") as (made, stub):
        stub.add_response("head_object", {"ContentLength": 3, "ETag": '"e"'}, OWNED)
        stub.add_client_error("head_object", "404", http_status_code=404, expected_params=OWNED)
        stub.add_response("get_object", body(b"abc"), OWNED)
        objects = S3Objects(made)
        found = objects.head("vault", "k", owner="210987654321")
        assert found is not None
        assert (found.size_bytes, found.etag) == (3, '"e"')
        assert objects.head("vault", "k", owner="210987654321") is None
        content, facts = objects.read("vault", "k", limit_bytes=3, owner="210987654321")
        assert (content, facts.version_id) == (b"abc", "v1")


def test_a_small_object_that_is_not_small_is_refused() -> None:
    """A manifest of gigabytes is no manifest."""
    with stubbed("s3") as (made, stub):
        stub.add_response("get_object", body(b"abcd"), {"Bucket": "vault", "Key": "k"})
        with pytest.raises(DataNotWhole, match="larger than 3 bytes"):
            S3Objects(made).read("vault", "k", limit_bytes=3)


def test_puts_carry_their_condition_and_their_key() -> None:
    """If-None-Match for new records, If-Match for changed ones, KMS where the destination says so; always an MD5."""
    wish = {"Bucket": "vault", "Key": "k", "Body": b"{}", "ContentType": "application/json"}
    wish |= {"ContentMD5": "mZFLkyvTelC5g8XnyQrpOw=="}
    with stubbed("s3") as (made, stub):
        stub.add_response("put_object", {"ETag": '"1"'}, {**wish, "IfNoneMatch": "*"})
        kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/vault"}
        stub.add_response("put_object", {"ETag": '"2"'}, {**wish, "IfMatch": '"1"', **kms})
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
        stub.add_response("get_object", body(b"other"), {"Bucket": "vault", "Key": "k"})
        objects = S3Objects(made)
        json = "application/json"
        assert objects.put("vault", "k", b"{}", content_type=json, if_none_match=True) == '"1"'
        second = objects.put("vault", "k", b"{}", content_type=json, if_match='"1"', kms_key_id="alias/vault")
        assert second == '"2"'
        with pytest.raises(Conflict):
            objects.put("vault", "k", b"{}", content_type=json, if_none_match=True)


def test_a_condition_that_our_own_lost_first_try_broke_is_no_conflict() -> None:
    """The object is there with exactly our content: it was us."""
    with stubbed("s3") as (made, stub):
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
        stub.add_response("get_object", body(b"{}"), {"Bucket": "vault", "Key": "k"})
        put = S3Objects(made).put("vault", "k", b"{}", content_type="application/json", if_none_match=True)
    assert put == '"e"'


def test_listing_follows_pages_and_folders_use_the_delimiter() -> None:
    """ListObjectsV2 with a prefix; folders come as common prefixes."""
    with stubbed("s3") as (made, stub):
        first = {
            "Contents": [{"Key": "p/a", "Size": 1, "ETag": '"a"'}],
            "IsTruncated": True,
            "NextContinuationToken": "n",
        }
        stub.add_response("list_objects_v2", first, {"Bucket": "vault", "Prefix": "p/"})
        second = {"Contents": [{"Key": "p/b", "Size": 2, "ETag": '"b"'}], "IsTruncated": False}
        wish = {"Bucket": "vault", "Prefix": "p/", "ContinuationToken": "n"}
        stub.add_response("list_objects_v2", second, wish)
        folders = {"CommonPrefixes": [{"Prefix": "p/x/"}], "IsTruncated": False}
        wish = {"Bucket": "vault", "Prefix": "p/", "Delimiter": "/"}
        stub.add_response("list_objects_v2", folders, wish)
        stub.add_response("delete_object", {}, {"Bucket": "vault", "Key": "k"})
        objects = S3Objects(made)
        assert [facts.key for facts in objects.keys("vault", "p/")] == ["p/a", "p/b"]
        assert list(objects.folders("vault", "p/")) == ["p/x/"]
        objects.delete("vault", "k")


class BreaksOff(io.BytesIO):
    """A body whose connection ends early."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.at_end = False

    def read(self, *size: Any) -> bytes:
        if self.at_end:
            from urllib3.exceptions import ProtocolError  # noqa: PLC0415

            raise ProtocolError("reset")
        self.at_end = True
        return super().read(*size)


def test_a_stream_that_breaks_off_goes_on_where_it_stopped() -> None:
    """With a range and the ETag of the first answer, so that two versions are never mixed."""
    broken = {**body(b""), "Body": StreamingBody(BreaksOff(b"abc"), 6), "ContentLength": 6}
    with stubbed("s3") as (made, stub):
        stub.add_response("get_object", broken, {"Bucket": "vault", "Key": "k"})
        wish = {"Bucket": "vault", "Key": "k", "Range": "bytes=3-", "IfMatch": '"e"'}
        stub.add_response("get_object", body(b"def"), wish)
        with S3Objects(made).stream("vault", "k") as stream:
            assert b"".join(stream) == b"abcdef"


# ---- who we are


def test_another_account_than_the_plans_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """GetCallerIdentity decides; the message names both accounts."""
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
    """aws-us-gov and aws-cn need nothing said in the plan."""
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
def test_codes_of_aws_become_our_errors_with_hints(
    service: str, operation: str, code: str, expected: type[Exception]
) -> None:
    """One table decides; every error says what to do."""
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
    assert "the words of AWS" in caught.value.message
    assert caught.value.hint


# ---- topics


def test_publish_goes_to_the_topics_own_region() -> None:
    """Subject, message, and attributes as strings."""
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


def test_a_topic_that_is_not_there_is_refused() -> None:
    """With AWS's own words; nothing but the channel's warning comes of it."""
    with stubbed("sns") as (made, stub):
        stub.add_client_error("publish", "NotFound", "Topic does not exist")
        with pytest.raises(DdbBackupError, match="Topic does not exist"):
            SnsTopics(lambda region: made).publish(
                "arn:aws:sns:eu-west-1:210987654321:gone", subject="s", message="m", attributes={}
            )
