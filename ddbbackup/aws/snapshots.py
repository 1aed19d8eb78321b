"""CreateBackup, DescribeBackup, ListBackups, DeleteBackup, RestoreTableFromBackup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.aws.pages import pages_of
from ddbbackup.ports import Snapshot, SnapshotRestore, SnapshotRestoreRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import RestoreTableFromBackupInputTypeDef, SSESpecificationTypeDef


class DynamoSnapshots:
    """Implements ``ports.Snapshots``. ``client_without_retries`` sends each request once."""

    def __init__(self, client: DynamoDBClient, client_without_retries: DynamoDBClient) -> None:
        self._client = client
        self._client_without_retries = client_without_retries

    def create(self, table: str, name: str) -> Snapshot:
        with translate_errors(f"create an on-demand backup of table {table}"):
            response = self._client_without_retries.create_backup(TableName=table, BackupName=name)
        return _snapshot(response["BackupDetails"])

    def describe(self, arn: str) -> Snapshot:
        with translate_errors(f"describe the on-demand backup {arn}"):
            response = self._client.describe_backup(BackupArn=arn)
        description = response["BackupDescription"]
        return _snapshot(description["BackupDetails"], description.get("SourceTableDetails", {}))

    def of_table(self, table: str, *, since: datetime | None = None) -> Iterator[Snapshot]:
        parameters: dict[str, Any] = {"TableName": table, "BackupType": "USER"}
        if since is not None:
            parameters["TimeRangeLowerBound"] = since
        with translate_errors(f"list the on-demand backups of table {table}"):
            for page in pages_of(self._client, "list_backups", **parameters):
                for summary in page.get("BackupSummaries", ()):
                    yield _snapshot(summary, summary)

    def delete(self, arn: str) -> None:
        with translate_errors(f"delete the on-demand backup {arn}"):
            self._client.delete_backup(BackupArn=arn)

    def restore(self, request: SnapshotRestoreRequest) -> SnapshotRestore:
        with translate_errors(f"restore the on-demand backup {request.snapshot_arn}"):
            response = self._client.restore_table_from_backup(**_parameters(request))
        table = response["TableDescription"]
        return SnapshotRestore(table_arn=table["TableArn"], table_id=table.get("TableId", ""))


def _snapshot(details: Mapping[str, Any], table: Mapping[str, Any] | None = None) -> Snapshot:
    source = table or {}
    return Snapshot(
        arn=details["BackupArn"],
        name=details["BackupName"],
        status=details["BackupStatus"],
        created_at=details["BackupCreationDateTime"].astimezone(UTC),
        size_bytes=details.get("BackupSizeBytes"),
        table_arn=source.get("TableArn"),
        table_id=source.get("TableId"),
        item_count=source.get("ItemCount"),
    )


def _parameters(request: SnapshotRestoreRequest) -> RestoreTableFromBackupInputTypeDef:
    """Indexes are not overridden: without an override AWS keeps every index, an empty one drops them all."""
    parameters: RestoreTableFromBackupInputTypeDef = {
        "BackupArn": request.snapshot_arn,
        "TargetTableName": request.target,
    }
    if request.billing_mode is not None:
        parameters["BillingModeOverride"] = request.billing_mode
    if request.sse is not None:
        parameters["SSESpecificationOverride"] = cast("SSESpecificationTypeDef", request.sse)
    return parameters
