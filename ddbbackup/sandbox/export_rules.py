"""The rules of exports: validation, client tokens, recovery window, quota, descriptions and pages.

All of them were observed on AWS. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.window_rules import Window

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
    window: Window | None = None  # of an incremental export, which has no export time

    @property
    def format(self) -> str:
        return str(self.request.get("ExportFormat", "DYNAMODB_JSON"))

    @property
    def root(self) -> str:
        """The prefix of the manifests."""
        return f"{self._folder}{Arn.parse(self.arn).export_id}/"

    @property
    def data_root(self) -> str:
        """The prefix of the data files, which all incremental exports below one prefix share."""
        return f"{self._folder if self.window else self.root}data/"

    @property
    def _folder(self) -> str:
        prefix = self.request.get("S3Prefix") or ""
        joined = f"{prefix.rstrip('/')}/" if prefix else ""
        return f"{joined}AWSDynamoDB/"


def check_request(request: Mapping[str, Any]) -> None:
    """Raises ``AwsError`` for what is invalid for any table."""
    if request.get("S3SseKmsKeyId") and request.get("S3SseAlgorithm") != "KMS":
        raise AwsError(
            "ValidationException", "Invalid Request: KMS Key Id is not supported for this encryption type"
        )


def check_recovery(pitr: Mapping[str, Any], table_name: str) -> None:
    """Raises ``AwsError`` unless point-in-time recovery is enabled."""
    if pitr.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise AwsError(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{table_name}'",
        )


def check_export_time(requested: float, *, earliest: float, now: float) -> None:
    """Raises ``AwsError`` for an instant outside the recovery window."""
    if requested > now or requested < int(earliest):
        raise AwsError("InvalidExportTimeException", "Export Time is invalid")
    if requested > latest_restorable(earliest, now):
        raise AwsError(
            "InvalidExportTimeException",
            "Point in Time Recovery is not available for specified export time",
        )


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
                "ExportConflictException",
                "Export conflict: Duplicate request detected with conflicting parameters",
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
        "ClientToken": request.get("ClientToken"),
        "S3Bucket": request["S3Bucket"],
        "S3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "ExportFormat": export.format,
        **_extent(export),
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


def _extent(export: ExportState) -> dict[str, Any]:
    """A full export has no ExportType, an incremental one no ExportTime."""
    if export.window is None:
        return {"ExportTime": export.export_time}
    return {
        "ExportType": "INCREMENTAL_EXPORT",
        "IncrementalExportSpecification": {
            "ExportFromTime": export.window.start,
            "ExportToTime": export.window.end,
            "ExportViewType": export.window.view,
        },
    }


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
            {
                "ExportArn": each.arn,
                "ExportStatus": each.status,
                "ExportType": "INCREMENTAL_EXPORT" if each.window else "FULL_EXPORT",
            }
            for each in listed
        ]
    }
    if len(below) > size:
        response["NextToken"] = listed[-1].arn
    return response


def _arn(export: ExportState) -> str:
    return export.arn
