"""ExportTableToPointInTime, DescribeExport, ListExports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.aws.error_map import explained
from ddbbackup.ports import Export, ExportPage, ExportRequest, ExportSummary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ExportDescriptionTypeDef

PAGE: Final = 25  # the most that ListExports gives at a time (botocore's model)


class DynamoExports:
    """Implements ``ports.Exports``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def start(self, request: ExportRequest) -> Export:
        with explained(f"export {request.table_arn}"):
            answer = self._client.export_table_to_point_in_time(**_parameters(request))
        return _export(answer["ExportDescription"])

    def describe(self, export_arn: str) -> Export:
        with explained(f"describe the export {export_arn}"):
            answer = self._client.describe_export(ExportArn=export_arn)
        return _export(answer["ExportDescription"])

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage:
        wish: dict[str, Any] = {"MaxResults": PAGE}
        if table_arn is not None:
            wish["TableArn"] = table_arn
        if next_token is not None:
            wish["NextToken"] = next_token
        with explained("list the exports"):
            answer = self._client.list_exports(**wish)
        summaries = tuple(
            ExportSummary(each["ExportArn"], each["ExportStatus"], each.get("ExportType", "FULL_EXPORT"))
            for each in answer.get("ExportSummaries", ())
        )
        return ExportPage(summaries, answer.get("NextToken"))


def _parameters(request: ExportRequest) -> dict[str, Any]:
    """Times without fractions, so that a repeated request is the same byte for byte."""
    wish: dict[str, Any] = {
        "TableArn": request.table_arn,
        "S3Bucket": request.bucket,
        "ClientToken": request.client_token,
        "ExportFormat": "DYNAMODB_JSON",
        "S3SseAlgorithm": request.sse_algorithm,
    }
    optional = {
        "S3Prefix": request.prefix,
        "S3BucketOwner": request.bucket_owner,
        "S3SseKmsKeyId": request.kms_key_id,
        "ExportTime": _whole(request.export_time),
    }
    wish |= {name: value for name, value in optional.items() if value is not None}
    if request.export_type == "INCREMENTAL_EXPORT":
        wish["ExportType"] = "INCREMENTAL_EXPORT"
        wish["IncrementalExportSpecification"] = {
            "ExportFromTime": _whole(request.from_time),
            "ExportToTime": _whole(request.to_time),
            "ExportViewType": "NEW_IMAGE",
        }
    return wish


def _export(described: ExportDescriptionTypeDef) -> Export:
    """An absent ExportType is a full export (observed on AWS); a filter means that items are missing."""
    return Export(
        arn=described["ExportArn"],
        status=described["ExportStatus"],
        table_arn=described["TableArn"],
        bucket=described["S3Bucket"],
        table_id=described.get("TableId"),
        prefix=described.get("S3Prefix"),
        bucket_owner=described.get("S3BucketOwner"),
        sse_algorithm=described.get("S3SseAlgorithm"),
        kms_key_id=described.get("S3SseKmsKeyId"),
        export_time=_utc(described.get("ExportTime")),
        start_time=_utc(described.get("StartTime")),
        end_time=_utc(described.get("EndTime")),
        export_type=described.get("ExportType", "FULL_EXPORT"),
        format=described.get("ExportFormat", "DYNAMODB_JSON"),
        client_token=described.get("ClientToken"),
        manifest_key=described.get("ExportManifest"),
        item_count=described.get("ItemCount"),
        billed_size_bytes=described.get("BilledSizeBytes"),
        failure_code=described.get("FailureCode"),
        failure_message=described.get("FailureMessage"),
        filtered=bool(described.get("FilterSpecification")),
    )


def _whole(time: datetime | None) -> datetime | None:
    return time.replace(microsecond=0) if time is not None else None


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time is not None else None
