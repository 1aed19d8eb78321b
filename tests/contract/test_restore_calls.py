"""The calls of the restore methods with their exact parameters, checked by botocore's own models, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.aws.bulk_puts import DynamoBulkPuts
from ddbbackup.aws.imports import DynamoImports
from ddbbackup.aws.pitr_restores import DynamoPitrRestores
from ddbbackup.aws.session import Connection
from ddbbackup.aws.snapshots import DynamoSnapshots
from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DdbBackupError,
    InUse,
    PitrDisabled,
    Refused,
    SnapshotMissing,
    TableMissing,
    Throttled,
    Unreachable,
)
from ddbbackup.ports import (
    BulkPutRequest,
    ImportRequest,
    PitrRestoreRequest,
    Snapshot,
    SnapshotRestoreRequest,
)
from tests.support.stubs import stubbed

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
IMPORT = f"{TABLE}/import/01700000000000-0badcafe"
BULK_PUT = f"{TABLE}/bulk-operation/01700000000000-0badcafe"
NOW = datetime(2026, 11, 24, 10, 0, 0, 123456, UTC)
DEFINITION = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
REQUESTED_IMPORT = ImportRequest("vault", "p/AWSDynamoDB/x/data/", DEFINITION, "token", "210987654321")
REQUESTED_BULK_PUT = BulkPutRequest(
    table="orders",
    bucket="vault",
    prefix="p/AWSDynamoDB/x/data/",
    report_prefix="p/reports/1/",
    client_token="token",
    bucket_owner="210987654321",
    sse_algorithm="KMS",
    kms_key_id="alias/vault",
    write_units_per_second=2000,
)
REQUESTED_RESTORE = PitrRestoreRequest(TABLE, "orders-2")
SNAPSHOT = f"{TABLE}/backup/01795400000000-0badcafe"
REQUESTED_SNAPSHOT_RESTORE = SnapshotRestoreRequest(SNAPSHOT, "orders-2")


# ---- imports


def test_an_import_request_names_compression_owner_and_token() -> None:
    """With InputCompressionType's default, NONE, AWS would import nothing."""
    expected_parameters = {
        "ClientToken": "token",
        "S3BucketSource": {
            "S3Bucket": "vault",
            "S3KeyPrefix": "p/AWSDynamoDB/x/data/",
            "S3BucketOwner": "210987654321",
        },
        "InputFormat": "DYNAMODB_JSON",
        "InputCompressionType": "GZIP",
        "TableCreationParameters": DEFINITION,
    }
    response = {"ImportArn": IMPORT, "ImportStatus": "IN_PROGRESS", "TableArn": TABLE, "TableId": "id-1"}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("import_table", {"ImportTableDescription": response}, expected_parameters)
        started = DynamoImports(made).start(REQUESTED_IMPORT)
        without = {
            **expected_parameters,
            "S3BucketSource": {"S3Bucket": "vault", "S3KeyPrefix": "p/AWSDynamoDB/x/data/"},
        }
        stub.add_response("import_table", {"ImportTableDescription": response}, without)
        DynamoImports(made).start(replace(REQUESTED_IMPORT, bucket_owner=None))
    assert (started.arn, started.status, started.table_id) == (IMPORT, "IN_PROGRESS", "id-1")


def test_describe_import_returns_counts_and_failure() -> None:
    """The members that decide about a restore, and the log group with the errors."""
    response = {
        "ImportArn": IMPORT,
        "ImportStatus": "FAILED",
        "TableArn": TABLE,
        "ClientToken": "token",
        "StartTime": NOW,
        "ProcessedItemCount": 10,
        "ImportedItemCount": 9,
        "ErrorCount": 1,
        "ProcessedSizeBytes": 99,
        "FailureCode": "ItemValidationError",
        "FailureMessage": "Some of the items failed",
        "CloudWatchLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws-dynamodb/imports:*",
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("describe_import", {"ImportTableDescription": response}, {"ImportArn": IMPORT})
        found = DynamoImports(made).describe(IMPORT)
    assert (found.processed_items, found.imported_items, found.errors, found.processed_bytes) == (
        10,
        9,
        1,
        99,
    )
    assert (found.failure_code, found.client_token) == ("ItemValidationError", "token")
    assert found.log_group_arn is not None


def test_list_imports_uses_the_largest_pages_and_the_token() -> None:
    """25 imports at a time, of one table."""
    summary = {"ImportArn": IMPORT, "ImportStatus": "COMPLETED"}
    expected_parameters = {"TableArn": TABLE, "PageSize": 25}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response(
            "list_imports", {"ImportSummaryList": [summary], "NextToken": "n" * 112}, expected_parameters
        )
        stub.add_response(
            "list_imports", {"ImportSummaryList": []}, {**expected_parameters, "NextToken": "n" * 112}
        )
        page = DynamoImports(made).page(table_arn=TABLE)
        assert [each.arn for each in page.summaries] == [IMPORT]
        assert DynamoImports(made).page(table_arn=TABLE, next_token=page.next_token).next_token is None


# ---- bulk puts


def test_a_bulk_put_request_names_every_option_also_those_with_a_default() -> None:
    """Both reports below their own prefix, compression, owner, encryption, tier, limit."""
    expected_parameters = {
        "TableName": "orders",
        "ClientToken": "token",
        "InputS3Configuration": {
            "S3Bucket": "vault",
            "S3KeyPrefix": "p/AWSDynamoDB/x/data/",
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
            "S3BucketOwner": "210987654321",
        },
        "OutputS3Configuration": {
            "S3Bucket": "vault",
            "S3KeyPrefix": "p/reports/1/",
            "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
            "S3BucketOwner": "210987654321",
            "S3SseAlgorithm": "KMS",
            "S3SseKmsKeyId": "alias/vault",
        },
        "PerformanceTier": "STANDARD",
        "MaxWriteRequestUnits": 2000,
    }
    response = {"BulkOperationArn": BULK_PUT, "BulkOperationStatus": "IN_PROGRESS", "StartTime": NOW}
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("start_bulk_put_items", {"BulkOperationDescription": response}, expected_parameters)
        started = DynamoBulkPuts(made).start(REQUESTED_BULK_PUT)
    assert (started.arn, started.status, started.total_bytes) == (BULK_PUT, "IN_PROGRESS", None)


def test_describe_bulk_operation_works_without_any_member() -> None:
    """All are optional in botocore's model."""
    response = {
        "BulkOperationArn": BULK_PUT,
        "BulkOperationStatus": "COMPLETED_WITH_ERRORS",
        "ClientToken": "token",
        "ProcessedItemCount": 10,
        "FailedItemCount": 2,
        "ProcessedInputBytes": 5,
        "TotalInputBytes": 9,
    }
    with stubbed("dynamodb") as (made, stub):
        expected_parameters = {"BulkOperationArn": BULK_PUT}
        stub.add_response(
            "describe_bulk_operation", {"BulkOperationDescription": response}, expected_parameters
        )
        stub.add_response("describe_bulk_operation", {"BulkOperationDescription": {}}, expected_parameters)
        found = DynamoBulkPuts(made).describe(BULK_PUT)
        empty = DynamoBulkPuts(made).describe(BULK_PUT)
    assert (found.status, found.processed_items, found.failed_items) == ("COMPLETED_WITH_ERRORS", 10, 2)
    assert (found.processed_bytes, found.total_bytes) == (5, 9)
    assert (empty.status, empty.processed_items, empty.failed_items) == ("IN_PROGRESS", 0, 0)


def test_bulk_puts_are_listed_and_cancelled() -> None:
    """The maximum page size is 25; the SDK does not check it."""
    summary = {"BulkOperationArn": BULK_PUT, "BulkOperationStatus": "COMPLETED", "StartTime": NOW}
    with stubbed("dynamodb") as (made, stub):
        answer = {"BulkOperationsSummaryList": [summary], "NextToken": "n"}
        stub.add_response("list_bulk_operations", answer, {"MaxResults": 25})
        stub.add_response("list_bulk_operations", {}, {"MaxResults": 25, "NextToken": "n"})
        cancelled = {"BulkOperationArn": BULK_PUT, "BulkOperationStatus": "CANCELLING"}
        stub.add_response("cancel_bulk_operation", cancelled, {"BulkOperationArn": BULK_PUT})
        page = DynamoBulkPuts(made).page()
        assert [(each.arn, each.start_time) for each in page.summaries] == [(BULK_PUT, NOW)]
        assert DynamoBulkPuts(made).page(next_token="n").summaries == ()
        DynamoBulkPuts(made).cancel(BULK_PUT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bucket": ""}, "needs a bucket"),
        ({"prefix": "p/AWSDynamoDB/x/data"}, "end in a slash"),
        ({"report_prefix": "p/reports"}, "end in a slash"),
        ({"report_prefix": "p/AWSDynamoDB/x/data/reports/"}, "must not be below its input"),
        ({"report_prefix": "p/"}, "must not be below its input"),
        ({"sse_algorithm": "AES256"}, "needs the encryption algorithm KMS"),
        ({"write_units_per_second": 1023}, "cannot be limited to 1023"),
    ],
)
def test_a_bulk_put_request_that_cannot_be_right_is_not_sent(change: dict[str, Any], words: str) -> None:
    """The SDK would send it."""
    with stubbed("dynamodb") as (made, _), pytest.raises(Refused, match=words):
        DynamoBulkPuts(made).start(replace(REQUESTED_BULK_PUT, **change))


def test_an_sdk_without_bulk_puts_is_refused_with_the_version_that_has_them() -> None:
    """botocore 1.43.124 is the first version with the operation."""
    old: Any = SimpleNamespace(
        meta=SimpleNamespace(service_model=SimpleNamespace(operation_names=["PutItem"]))
    )
    calls: list[Callable[[], object]] = [
        lambda: DynamoBulkPuts(old).start(REQUESTED_BULK_PUT),
        lambda: DynamoBulkPuts(old).describe(BULK_PUT),
        lambda: DynamoBulkPuts(old).page(),
        lambda: DynamoBulkPuts(old).cancel(BULK_PUT),
    ]
    assert not DynamoBulkPuts(old).available
    for call in calls:
        with pytest.raises(Refused, match="does not support StartBulkPutItems") as refused:
            call()
        assert "1.43.124" in refused.value.hint


def test_an_unknown_bulk_put_is_not_reported_as_a_missing_table() -> None:
    """Both have the code ResourceNotFoundException."""
    with stubbed("dynamodb") as (made, stub):
        for operation in ("describe_bulk_operation", "cancel_bulk_operation"):
            stub.add_client_error(operation, "ResourceNotFoundException")
        for call in (DynamoBulkPuts(made).describe, DynamoBulkPuts(made).cancel):
            with pytest.raises(Refused, match=r"bulk put arn:\S+ does not exist") as refused:
                call(BULK_PUT)
            assert not isinstance(refused.value, TableMissing)


# ---- point in time


def test_a_pitr_restore_names_its_source_by_arn_and_either_a_time_or_the_latest() -> None:
    """Times are whole seconds. Indexes are never overridden: an empty override drops them all."""
    response = {
        "TableArn": f"{TABLE}-2",
        "TableId": "id-2",
        "RestoreSummary": {"RestoreDateTime": NOW, "RestoreInProgress": True, "SourceTableArn": TABLE},
    }
    latest = {"SourceTableArn": TABLE, "TargetTableName": "orders-2", "UseLatestRestorableTime": True}
    at = {
        "SourceTableArn": TABLE,
        "TargetTableName": "orders-2",
        "RestoreDateTime": NOW.replace(microsecond=0),
        "BillingModeOverride": "PAY_PER_REQUEST",
        "SSESpecificationOverride": {"Enabled": False},
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("restore_table_to_point_in_time", {"TableDescription": response}, latest)
        stub.add_response("restore_table_to_point_in_time", {"TableDescription": response}, at)
        restores = DynamoPitrRestores(made)
        made_table = restores.start(REQUESTED_RESTORE)
        restores.start(
            replace(REQUESTED_RESTORE, time=NOW, billing_mode="PAY_PER_REQUEST", sse={"Enabled": False})
        )
    assert (made_table.table_arn, made_table.table_id, made_table.time) == (f"{TABLE}-2", "id-2", NOW)


# ---- on-demand backups


def test_an_on_demand_backup_is_created_by_one_request_only() -> None:
    """The client with retries must not be asked: a second request would make a second backup."""
    details = {
        "BackupArn": SNAPSHOT,
        "BackupName": "ddbbackup-1",
        "BackupStatus": "CREATING",
        "BackupType": "USER",
        "BackupCreationDateTime": NOW,
        "BackupSizeBytes": 300,
    }
    with stubbed("dynamodb") as (retrying, _), stubbed("dynamodb") as (once, stub):
        expected = {"TableName": "orders", "BackupName": "ddbbackup-1"}
        stub.add_response("create_backup", {"BackupDetails": details}, expected)
        made = DynamoSnapshots(retrying, once).create("orders", "ddbbackup-1")
    assert made == Snapshot(SNAPSHOT, "ddbbackup-1", "CREATING", NOW, size_bytes=300)


def test_a_client_without_retries_sends_a_request_once() -> None:
    """Also if the connection breaks or AWS is throttling."""
    connection = Connection(region="eu-west-1", endpoint_urls=(("dynamodb", "http://127.0.0.1:9"),))
    retries = [connection.client("dynamodb", retries=each).meta.config.retries for each in (True, False)]
    assert [each["total_max_attempts"] for each in retries] == [4, 1]


def test_an_on_demand_backup_is_described_with_its_table() -> None:
    details = {
        "BackupArn": SNAPSHOT,
        "BackupName": "ddbbackup-1",
        "BackupStatus": "AVAILABLE",
        "BackupType": "USER",
        "BackupCreationDateTime": NOW,
    }
    table = {
        "TableName": "orders",
        "TableId": "id-1",
        "TableArn": TABLE,
        "KeySchema": DEFINITION["KeySchema"],
        "TableCreationDateTime": NOW,
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        "ItemCount": 7,
    }
    with stubbed("dynamodb") as (made, stub):
        description = {"BackupDetails": details, "SourceTableDetails": table}
        response = {"BackupDescription": description}
        stub.add_response("describe_backup", response, {"BackupArn": SNAPSHOT})
        found = DynamoSnapshots(made, made).describe(SNAPSHOT)
    assert found == Snapshot(
        SNAPSHOT, "ddbbackup-1", "AVAILABLE", NOW, table_arn=TABLE, table_id="id-1", item_count=7
    )


def test_the_on_demand_backups_of_a_table_are_listed_in_pages() -> None:
    """Only those of users: nobody can delete the others, and AWS Backup has its own."""

    def summary(number: int) -> dict[str, Any]:
        return {
            "TableName": "orders",
            "TableId": "id-1",
            "TableArn": TABLE,
            "BackupArn": f"{SNAPSHOT}{number}",
            "BackupName": f"ddbbackup-{number}",
            "BackupCreationDateTime": NOW,
            "BackupStatus": "AVAILABLE",
            "BackupType": "USER",
            "BackupSizeBytes": 300,
        }

    first = {"TableName": "orders", "BackupType": "USER", "TimeRangeLowerBound": NOW}
    with stubbed("dynamodb") as (made, stub):
        pages: list[dict[str, Any]] = [
            {"BackupSummaries": [summary(1)], "LastEvaluatedBackupArn": f"{SNAPSHOT}1"},
            {"BackupSummaries": [summary(2)]},
        ]
        stub.add_response("list_backups", pages[0], first)
        stub.add_response("list_backups", pages[1], {**first, "ExclusiveStartBackupArn": f"{SNAPSHOT}1"})
        found = list(DynamoSnapshots(made, made).of_table("orders", since=NOW))
    assert [(each.name, each.table_id, each.size_bytes) for each in found] == [
        ("ddbbackup-1", "id-1", 300),
        ("ddbbackup-2", "id-1", 300),
    ]


def test_a_restore_from_an_on_demand_backup_overrides_only_what_was_asked_for() -> None:
    """Indexes are never overridden: an empty override drops them all."""
    response = {"TableDescription": {"TableArn": f"{TABLE}-2", "TableId": "id-2"}}
    plain = {"BackupArn": SNAPSHOT, "TargetTableName": "orders-2"}
    more = {
        **plain,
        "BillingModeOverride": "PAY_PER_REQUEST",
        "SSESpecificationOverride": {"Enabled": True, "SSEType": "KMS"},
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("restore_table_from_backup", response, plain)
        stub.add_response("restore_table_from_backup", response, more)
        snapshots = DynamoSnapshots(made, made)
        found = snapshots.restore(REQUESTED_SNAPSHOT_RESTORE)
        sse = {"Enabled": True, "SSEType": "KMS"}
        snapshots.restore(replace(REQUESTED_SNAPSHOT_RESTORE, billing_mode="PAY_PER_REQUEST", sse=sse))
    assert (found.table_arn, found.table_id) == (f"{TABLE}-2", "id-2")


def test_an_on_demand_backup_is_deleted_by_its_arn() -> None:
    with stubbed("dynamodb") as (made, stub):
        stub.add_response("delete_backup", {}, {"BackupArn": SNAPSHOT})
        DynamoSnapshots(made, made).delete(SNAPSHOT)


# ---- refusals


@pytest.mark.parametrize(
    ("operation", "code", "expected"),
    [
        ("import_table", "ResourceInUseException", Refused),
        ("import_table", "ImportConflictException", Conflict),
        ("import_table", "LimitExceededException", Throttled),
        ("import_table", "ThrottlingException", Throttled),
        ("import_table", "ValidationException", Refused),
        ("import_table", "AccessDeniedException", AccessDenied),
        ("import_table", "ExpiredTokenException", AccessDenied),
        ("describe_import", "ImportNotFoundException", Refused),
        ("describe_import", "AccessDeniedException", AccessDenied),
        ("list_imports", "LimitExceededException", Throttled),
        ("start_bulk_put_items", "LimitExceededException", Throttled),
        ("start_bulk_put_items", "ResourceInUseException", Refused),
        ("start_bulk_put_items", "IdempotentParameterMismatchException", Conflict),
        ("start_bulk_put_items", "ResourceNotFoundException", TableMissing),
        ("start_bulk_put_items", "ValidationException", Refused),
        ("start_bulk_put_items", "AccessDeniedException", AccessDenied),
        ("restore_table_to_point_in_time", "TableAlreadyExistsException", Refused),
        ("restore_table_to_point_in_time", "TableNotFoundException", TableMissing),
        ("restore_table_to_point_in_time", "TableInUseException", Refused),
        ("restore_table_to_point_in_time", "LimitExceededException", Throttled),
        ("restore_table_to_point_in_time", "InvalidRestoreTimeException", Refused),
        ("restore_table_to_point_in_time", "PointInTimeRecoveryUnavailableException", PitrDisabled),
        ("restore_table_to_point_in_time", "InternalServerError", Unreachable),
        ("create_backup", "TableNotFoundException", TableMissing),
        ("create_backup", "TableInUseException", InUse),
        ("create_backup", "ContinuousBackupsUnavailableException", InUse),
        ("create_backup", "BackupInUseException", InUse),
        ("create_backup", "LimitExceededException", Throttled),
        ("create_backup", "ThrottlingException", Throttled),
        ("create_backup", "InternalServerError", Unreachable),
        ("describe_backup", "BackupNotFoundException", SnapshotMissing),
        ("describe_backup", "ThrottlingException", Throttled),
        ("list_backups", "ThrottlingException", Throttled),
        ("delete_backup", "BackupNotFoundException", SnapshotMissing),
        ("delete_backup", "BackupInUseException", InUse),
        ("delete_backup", "ValidationException", Refused),
        ("restore_table_from_backup", "TableAlreadyExistsException", Refused),
        ("restore_table_from_backup", "TableInUseException", InUse),
        ("restore_table_from_backup", "BackupNotFoundException", SnapshotMissing),
        ("restore_table_from_backup", "BackupInUseException", InUse),
        ("restore_table_from_backup", "LimitExceededException", Throttled),
    ],
)
def test_every_error_of_the_restore_calls_is_translated_with_a_hint(
    operation: str, code: str, expected: type[DdbBackupError]
) -> None:
    """The errors of botocore's models, and those that were observed beyond them."""
    calls: dict[str, Callable[[Any], object]] = {
        "import_table": lambda made: DynamoImports(made).start(REQUESTED_IMPORT),
        "describe_import": lambda made: DynamoImports(made).describe(IMPORT),
        "list_imports": lambda made: DynamoImports(made).page(table_arn=TABLE),
        "start_bulk_put_items": lambda made: DynamoBulkPuts(made).start(REQUESTED_BULK_PUT),
        "restore_table_to_point_in_time": lambda made: DynamoPitrRestores(made).start(REQUESTED_RESTORE),
        "create_backup": lambda made: DynamoSnapshots(made, made).create("orders", "ddbbackup-1"),
        "describe_backup": lambda made: DynamoSnapshots(made, made).describe(SNAPSHOT),
        "list_backups": lambda made: list(DynamoSnapshots(made, made).of_table("orders")),
        "delete_backup": lambda made: DynamoSnapshots(made, made).delete(SNAPSHOT),
        "restore_table_from_backup": lambda made: DynamoSnapshots(made, made).restore(
            REQUESTED_SNAPSHOT_RESTORE
        ),
    }
    with stubbed("dynamodb") as (made, stub):
        stub.add_client_error(operation, code, "the words of AWS")
        with pytest.raises(expected, match=code) as raised:
            calls[operation](made)
    assert "the words of AWS" not in raised.value.message
    assert raised.value.hint
