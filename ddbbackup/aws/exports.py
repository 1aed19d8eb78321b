"""ExportTableToPointInTime, DescribeExport, ListExports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.model.aws_texts import failure_code, failure_text
from ddbbackup.ports import Export, ExportPage, ExportRequest, ExportSummary
from ddbbackup.times import to_utc

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        ExportDescriptionTypeDef,
        ExportTableToPointInTimeInputTypeDef,
        IncrementalExportSpecificationTypeDef,
        ListExportsInputTypeDef,
    )

PAGE_SIZE: Final = 25  # the maximum of ListExports (DynamoDB API)


class DynamoExports:
    """Implements ``ports.Exports``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def start(self, request: ExportRequest) -> Export:
        with translate_errors(f"export {request.table_arn}"):
            response = self._client.export_table_to_point_in_time(**_parameters(request))
        return _export(response["ExportDescription"])

    def describe(self, export_arn: str) -> Export:
        with translate_errors(f"describe export {export_arn}"):
            response = self._client.describe_export(ExportArn=export_arn)
        return _export(response["ExportDescription"])

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage:
        parameters: ListExportsInputTypeDef = {"MaxResults": PAGE_SIZE}
        if table_arn is not None:
            parameters["TableArn"] = table_arn
        if next_token is not None:
            parameters["NextToken"] = next_token
        with translate_errors("list exports"):
            response = self._client.list_exports(**parameters)
        summaries = tuple(
            ExportSummary(each["ExportArn"], each["ExportStatus"], each.get("ExportType", "FULL_EXPORT"))
            for each in response.get("ExportSummaries", ())
        )
        return ExportPage(summaries, response.get("NextToken"))


def _parameters(request: ExportRequest) -> ExportTableToPointInTimeInputTypeDef:
    """Times have no fractions, so that a repeated request is identical to the first one."""
    parameters: ExportTableToPointInTimeInputTypeDef = {
        "TableArn": request.table_arn,
        "S3Bucket": request.bucket,
        "ClientToken": request.client_token,
        "ExportFormat": "DYNAMODB_JSON",
        "S3SseAlgorithm": request.sse_algorithm,
    }
    if request.prefix is not None:
        parameters["S3Prefix"] = request.prefix
    if request.bucket_owner is not None:
        parameters["S3BucketOwner"] = request.bucket_owner
    if request.kms_key_id is not None:
        parameters["S3SseKmsKeyId"] = request.kms_key_id
    if request.export_time is not None:
        parameters["ExportTime"] = request.export_time.replace(microsecond=0)
    if request.export_type == "INCREMENTAL_EXPORT":
        parameters["ExportType"] = "INCREMENTAL_EXPORT"
        parameters["IncrementalExportSpecification"] = _window(request)
    return parameters


def _window(request: ExportRequest) -> IncrementalExportSpecificationTypeDef:
    window: IncrementalExportSpecificationTypeDef = {"ExportViewType": request.view}
    if request.from_time is not None:
        window["ExportFromTime"] = request.from_time.replace(microsecond=0)
    if request.to_time is not None:
        window["ExportToTime"] = request.to_time.replace(microsecond=0)
    return window


def _export(description: ExportDescriptionTypeDef) -> Export:
    """A missing ExportType is a full export (observed on AWS). A filter means that items are missing."""
    window = description.get("IncrementalExportSpecification", {})
    return Export(
        arn=description["ExportArn"],
        status=description["ExportStatus"],
        table_arn=description["TableArn"],
        bucket=description["S3Bucket"],
        table_id=description.get("TableId"),
        prefix=description.get("S3Prefix"),
        bucket_owner=description.get("S3BucketOwner"),
        sse_algorithm=description.get("S3SseAlgorithm"),
        kms_key_id=description.get("S3SseKmsKeyId"),
        export_time=to_utc(description.get("ExportTime")),
        start_time=to_utc(description.get("StartTime")),
        end_time=to_utc(description.get("EndTime")),
        export_type=description.get("ExportType", "FULL_EXPORT"),
        from_time=to_utc(window.get("ExportFromTime")),
        to_time=to_utc(window.get("ExportToTime")),
        view=window.get("ExportViewType"),
        format=description.get("ExportFormat", "DYNAMODB_JSON"),
        client_token=description.get("ClientToken"),
        manifest_key=description.get("ExportManifest"),
        item_count=description.get("ItemCount"),
        billed_size_bytes=description.get("BilledSizeBytes"),
        failure_code=failure_code(description.get("FailureCode")),
        failure_message=failure_text(description.get("FailureMessage"), operation="describe-export"),
        filtered=bool(description.get("FilterSpecification")),
    )
