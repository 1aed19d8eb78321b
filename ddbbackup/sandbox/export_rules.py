"""The rules of exports: validation, client tokens, recovery window, quota, descriptions and pages.

All of them were observed on AWS. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError

LATEST_LAG_SECONDS: Final = 300.0
QUOTA: Final = 300
PAGE: Final = 10


@dataclass(slots=True)
class ExportState:
    """One export. ``request`` is the request as it was sent."""

    arn: str
    request: Mapping[str, Any]
    table_arn: str
    table_id: str
    export_time: float
    start_time: float
    status: str = "IN_PROGRESS"
    end_time: float | None = None
    item_count: int = 0
    billed_size_bytes: int = 0
    manifest_key: str | None = None
    failure: tuple[str, str] | None = field(default=None)

    @property
    def root(self) -> str:
        """The prefix of all keys of the export."""
        prefix = self.request.get("S3Prefix") or ""
        joined = f"{prefix.rstrip('/')}/" if prefix else ""
        return f"{joined}AWSDynamoDB/{Arn.parse(self.arn).export_id}/"


def check_new(request: Mapping[str, Any], pitr: Mapping[str, Any], table_name: str, now: float) -> float:
    """The export time of a valid request. Raises ``AwsError`` for an invalid one."""
    if request.get("ExportType", "FULL_EXPORT") != "FULL_EXPORT":
        raise AwsError("ValidationException", "The sandbox emulates full exports only")
    if request.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        raise AwsError("ValidationException", "The sandbox emulates exports as DYNAMODB_JSON only")
    if request.get("S3SseKmsKeyId") and request.get("S3SseAlgorithm") != "KMS":
        raise AwsError("ValidationException", "KMS Key Id is not supported for this encryption type")
    if pitr.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise AwsError(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{table_name}'",
        )
    requested = request.get("ExportTime")
    if requested is None:
        return now
    earliest = float(pitr["EarliestRestorableDateTime"])
    if float(requested) > now or float(requested) < int(earliest):
        raise AwsError("InvalidExportTimeException", "Export Time is invalid")
    if float(requested) > latest_restorable(earliest, now):
        raise AwsError(
            "InvalidExportTimeException",
            "Point in Time Recovery is not available for specified export time",
        )
    return float(requested)


def latest_restorable(earliest: float, now: float) -> float:
    return max(earliest, now - LATEST_LAG_SECONDS)


def find_replayed(exports: Sequence[ExportState], request: Mapping[str, Any]) -> ExportState | None:
    """The export of an earlier request with the same token. Raises ``AwsError`` if the parameters differ."""
    token = request.get("ClientToken")
    for export in exports:
        if token is not None and export.request.get("ClientToken") == token:
            if dict(export.request) == dict(request):
                return export
            raise AwsError(
                "ExportConflictException", "Duplicate request detected with conflicting parameters"
            )
    return None


def check_quota(exports: Sequence[ExportState], quota: int = QUOTA) -> None:
    if sum(export.status == "IN_PROGRESS" for export in exports) >= quota:
        raise AwsError("LimitExceededException", f"Subscriber limit exceeded: {quota} concurrent exports")


def describe(export: ExportState) -> dict[str, Any]:
    """DescribeExport. Some members are present only at the end, some only if they were requested."""
    request = export.request
    response: dict[str, Any] = {
        "ExportArn": export.arn,
        "ExportStatus": export.status,
        "StartTime": export.start_time,
        "TableArn": export.table_arn,
        "TableId": export.table_id,
        "ExportTime": export.export_time,
        "ClientToken": request.get("ClientToken"),
        "S3Bucket": request["S3Bucket"],
        "S3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "ExportFormat": "DYNAMODB_JSON",
    }
    for name in ("S3BucketOwner", "S3Prefix", "S3SseKmsKeyId"):
        if request.get(name):
            response[name] = request[name]
    if export.status == "COMPLETED":
        response |= {
            "EndTime": export.end_time,
            "ItemCount": export.item_count,
            "BilledSizeBytes": export.billed_size_bytes,
            "ExportManifest": export.manifest_key,
        }
    if export.failure is not None:
        response |= {"EndTime": export.end_time}
        response["FailureCode"], response["FailureMessage"] = export.failure
    return response


def page(exports: Sequence[ExportState], request: Mapping[str, Any]) -> dict[str, Any]:
    """ListExports in the reverse alphanumeric order of the ARNs (DynamoDB API: ListExports).

    The name of the table decides before the start of the export: newest first within one table only.
    """
    size = int(request.get("MaxResults") or PAGE)
    if not 1 <= size <= 25:
        raise AwsError("ValidationException", "MaxResults must be between 1 and 25")
    last = request.get("NextToken")
    below = sorted((each for each in exports if last is None or each.arn < last), key=_arn, reverse=True)
    listed = below[:size]
    response: dict[str, Any] = {
        "ExportSummaries": [
            {"ExportArn": each.arn, "ExportStatus": each.status, "ExportType": "FULL_EXPORT"}
            for each in listed
        ]
    }
    if len(below) > size:
        response["NextToken"] = listed[-1].arn
    return response


def _arn(export: ExportState) -> str:
    return export.arn
