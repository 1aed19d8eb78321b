"""The rules of point-in-time restores, as observed on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.export_rules import latest_restorable


def check_shape(request: Mapping[str, Any]) -> None:
    """Raises ``AwsError`` unless the request has one source and one time."""
    if bool(request.get("SourceTableArn")) == bool(request.get("SourceTableName")):
        raise AwsError("ValidationException", "One of SourceTableArn or SourceTableName must be provided")
    if bool(request.get("RestoreDateTime")) == bool(request.get("UseLatestRestorableTime")):
        raise AwsError(
            "ValidationException", "One of RestoreDateTime or UseLatestRestorableTime must be provided"
        )
    for name in ("OnDemandThroughputOverride", "ProvisionedThroughputOverride"):
        if request.get(name) == {}:
            raise AwsError("ValidationException", f"The sandbox takes no empty {name}")
    for name in ("GlobalSecondaryIndexOverride", "LocalSecondaryIndexOverride"):
        if name in request:
            raise AwsError("ValidationException", f"The sandbox does not emulate {name}")


def check_region(request: Mapping[str, Any], *, here: str) -> str:
    """The region of the source. Raises ``AwsError`` for a restore across regions without an SSE override."""
    arn = request.get("SourceTableArn")
    region = Arn.parse(str(arn)).region if arn else here
    if region != here and not request.get("SSESpecificationOverride"):
        raise AwsError(
            "ValidationException", "sseSpecificationOverride must be provided for cross-region restores"
        )
    return region


def restored_time(request: Mapping[str, Any], pitr: Mapping[str, Any], table: str, now: float) -> float:
    """The time that is restored. Raises ``AwsError`` for a time outside the recovery window."""
    if pitr.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise AwsError(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{table}'",
        )
    earliest = float(pitr["EarliestRestorableDateTime"])
    latest = latest_restorable(earliest, now)
    requested = request.get("RestoreDateTime")
    if requested is None:
        return latest
    if not int(earliest) <= float(requested) <= latest:
        raise AwsError(
            "InvalidRestoreTimeException",
            f"Restore time is outside of the recovery window, which goes from {earliest} to {latest}",
        )
    return float(requested)
