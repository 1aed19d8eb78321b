"""ImportTable, DescribeImport, ListImports."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, cast

from ddbbackup.aws.error_map import explained
from ddbbackup.ports import Import, ImportPage, ImportRequest, ImportSummary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ImportTableDescriptionTypeDef, ImportTableInputTypeDef

PAGE: Final = 25  # the most that ListImports gives at a time (botocore's model)


class DynamoImports:
    """Implements ``ports.Imports``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def start(self, request: ImportRequest) -> Import:
        with explained(f"import the table {request.table['TableName']}"):
            answer = self._client.import_table(**cast("ImportTableInputTypeDef", _parameters(request)))
        return _import(answer["ImportTableDescription"])

    def describe(self, import_arn: str) -> Import:
        with explained(f"describe the import {import_arn}"):
            answer = self._client.describe_import(ImportArn=import_arn)
        return _import(answer["ImportTableDescription"])

    def page(self, *, table_arn: str, next_token: str | None = None) -> ImportPage:
        wish: dict[str, Any] = {"TableArn": table_arn, "PageSize": PAGE}
        if next_token is not None:
            wish["NextToken"] = next_token
        with explained("list the imports"):
            answer = self._client.list_imports(**wish)
        summaries = tuple(
            ImportSummary(each["ImportArn"], each["ImportStatus"])
            for each in answer.get("ImportSummaryList", ())
        )
        return ImportPage(summaries, answer.get("NextToken"))


def _parameters(request: ImportRequest) -> dict[str, Any]:
    """The compression is said, for its default is NONE and the import would fail with no item (observed on AWS)."""
    bucket = {"S3Bucket": request.bucket, "S3KeyPrefix": request.prefix}
    if request.bucket_owner is not None:
        bucket["S3BucketOwner"] = request.bucket_owner
    return {
        "ClientToken": request.client_token,
        "S3BucketSource": bucket,
        "InputFormat": "DYNAMODB_JSON",
        "InputCompressionType": "GZIP",
        "TableCreationParameters": dict(request.table),
    }


def _import(described: ImportTableDescriptionTypeDef) -> Import:
    started = described.get("StartTime")
    return Import(
        arn=described["ImportArn"],
        status=described["ImportStatus"],
        table_arn=described.get("TableArn", ""),
        table_id=described.get("TableId"),
        client_token=described.get("ClientToken"),
        start_time=started.astimezone(UTC) if started is not None else None,
        processed_items=described.get("ProcessedItemCount", 0),
        imported_items=described.get("ImportedItemCount", 0),
        errors=described.get("ErrorCount", 0),
        processed_bytes=described.get("ProcessedSizeBytes", 0),
        failure_code=described.get("FailureCode"),
        failure_message=described.get("FailureMessage"),
        log_group_arn=described.get("CloudWatchLogGroupArn"),
    )
