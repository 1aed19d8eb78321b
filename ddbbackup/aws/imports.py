"""ImportTable, DescribeImport, ListImports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.model.aws_texts import failure_code, failure_text
from ddbbackup.ports import Import, ImportPage, ImportRequest, ImportSummary
from ddbbackup.times import to_utc

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        ImportSummaryTypeDef,
        ImportTableDescriptionTypeDef,
        ImportTableInputTypeDef,
        ListImportsInputTypeDef,
        S3BucketSourceTypeDef,
        TableCreationParametersTypeDef,
    )

PAGE_SIZE: Final = 25  # the maximum of ListImports (DynamoDB API)


class DynamoImports:
    """Implements ``ports.Imports``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def start(self, request: ImportRequest) -> Import:
        with translate_errors(f"import table {request.table['TableName']}"):
            response = self._client.import_table(**_parameters(request))
        return _import(response["ImportTableDescription"])

    def describe(self, import_arn: str) -> Import:
        with translate_errors(f"describe import {import_arn}"):
            response = self._client.describe_import(ImportArn=import_arn)
        return _import(response["ImportTableDescription"])

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ImportPage:
        parameters: ListImportsInputTypeDef = {"PageSize": PAGE_SIZE}
        if table_arn is not None:
            parameters["TableArn"] = table_arn
        if next_token is not None:
            parameters["NextToken"] = next_token
        with translate_errors("list imports"):
            response = self._client.list_imports(**parameters)
        summaries = tuple(map(_summary, response.get("ImportSummaryList", ())))
        return ImportPage(summaries, response.get("NextToken"))


def _parameters(request: ImportRequest) -> ImportTableInputTypeDef:
    """Names the compression: with the default, NONE, the import fails without any item (observed on AWS)."""
    source: S3BucketSourceTypeDef = {"S3Bucket": request.bucket, "S3KeyPrefix": request.prefix}
    if request.bucket_owner is not None:
        source["S3BucketOwner"] = request.bucket_owner
    return {
        "ClientToken": request.client_token,
        "S3BucketSource": source,
        "InputFormat": "DYNAMODB_JSON",
        "InputCompressionType": "GZIP",
        "TableCreationParameters": cast("TableCreationParametersTypeDef", request.table),
    }


def _summary(summary: ImportSummaryTypeDef) -> ImportSummary:
    source = summary.get("S3BucketSource")
    return ImportSummary(
        summary["ImportArn"],
        summary["ImportStatus"],
        bucket=source["S3Bucket"] if source else "",
        prefix=source.get("S3KeyPrefix", "") if source else "",
        bucket_owner=source.get("S3BucketOwner") if source else None,
    )


def _import(description: ImportTableDescriptionTypeDef) -> Import:
    return Import(
        arn=description["ImportArn"],
        status=description["ImportStatus"],
        table_arn=description.get("TableArn", ""),
        table_id=description.get("TableId"),
        client_token=description.get("ClientToken"),
        start_time=to_utc(description.get("StartTime")),
        processed_items=description.get("ProcessedItemCount", 0),
        imported_items=description.get("ImportedItemCount", 0),
        errors=description.get("ErrorCount", 0),
        processed_bytes=description.get("ProcessedSizeBytes", 0),
        failure_code=failure_code(description.get("FailureCode")),
        failure_message=failure_text(description.get("FailureMessage"), operation="describe-import"),
        log_group_arn=description.get("CloudWatchLogGroupArn"),
    )
