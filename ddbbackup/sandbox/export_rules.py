"""What AWS says to export requests: validation, idempotent tokens, windows, quota, descriptions, pages.

Everything here follows what was observed on real AWS; times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddbbackup.sandbox.aws_error import AwsError

LATEST_LAG_SECONDS: Final = 300.0
QUOTA: Final = 300
PAGE: Final = 10


@dataclass(slots=True)
class ExportState:
    """One export and how far it is. ``request`` is what was asked for, as it came."""

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
        """The key prefix of everything that it writes."""
        prefix = self.request.get("S3Prefix") or ""
        joined = f"{prefix.rstrip('/')}/" if prefix else ""
        return f"{joined}AWSDynamoDB/{self.arn.rpartition('/')[2]}/"


def check_new(request: Mapping[str, Any], pitr: Mapping[str, Any], table_name: str, now: float) -> float:
    """The ExportTime of a request that AWS would take. Raises ``AwsError``."""
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
    wanted = request.get("ExportTime")
    if wanted is None:
        return now
    earliest = float(pitr["EarliestRestorableDateTime"])
    if float(wanted) > now or float(wanted) < int(earliest):
        raise AwsError("InvalidExportTimeException", "Export Time is invalid")
    if float(wanted) > latest_restorable(earliest, now):
        raise AwsError(
            "InvalidExportTimeException",
            "Point in Time Recovery is not available for specified export time",
        )
    return float(wanted)


def latest_restorable(earliest: float, now: float) -> float:
    return max(earliest, now - LATEST_LAG_SECONDS)


def replayed(exports: Sequence[ExportState], request: Mapping[str, Any]) -> ExportState | None:
    """The export that an earlier request with the same token started. Raises ``AwsError`` if it was another."""
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
    """DescribeExport: some members are there only at the end, some only if they were asked for."""
    wish = export.request
    said: dict[str, Any] = {
        "ExportArn": export.arn,
        "ExportStatus": export.status,
        "StartTime": export.start_time,
        "TableArn": export.table_arn,
        "TableId": export.table_id,
        "ExportTime": export.export_time,
        "ClientToken": wish.get("ClientToken"),
        "S3Bucket": wish["S3Bucket"],
        "S3SseAlgorithm": wish.get("S3SseAlgorithm", "AES256"),
        "ExportFormat": "DYNAMODB_JSON",
    }
    for name in ("S3BucketOwner", "S3Prefix", "S3SseKmsKeyId"):
        if wish.get(name):
            said[name] = wish[name]
    if export.status == "COMPLETED":
        said |= {
            "EndTime": export.end_time,
            "ItemCount": export.item_count,
            "BilledSizeBytes": export.billed_size_bytes,
            "ExportManifest": export.manifest_key,
        }
    if export.failure is not None:
        said |= {"EndTime": export.end_time}
        said["FailureCode"], said["FailureMessage"] = export.failure
    return said


def page(exports: Sequence[ExportState], request: Mapping[str, Any]) -> dict[str, Any]:
    """ListExports, newest first; ``exports`` are those of the asked table, oldest first."""
    size = int(request.get("MaxResults") or PAGE)
    if not 1 <= size <= 25:
        raise AwsError("ValidationException", "MaxResults must be between 1 and 25")
    start = int(request.get("NextToken") or 0)
    newest_first = list(reversed(exports))
    found = newest_first[start : start + size]
    said: dict[str, Any] = {
        "ExportSummaries": [
            {"ExportArn": each.arn, "ExportStatus": each.status, "ExportType": "FULL_EXPORT"}
            for each in found
        ]
    }
    if start + size < len(newest_first):
        said["NextToken"] = str(start + size)
    return said
