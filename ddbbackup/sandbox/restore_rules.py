"""The rules of restores into new tables, to a point in time and from on-demand backups, as observed on AWS."""

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
    check_overrides(request)


def check_overrides(request: Mapping[str, Any]) -> None:
    """Raises ``AwsError`` for overrides that the sandbox does not emulate."""
    for name in ("OnDemandThroughputOverride", "ProvisionedThroughputOverride"):
        if request.get(name) == {}:
            raise AwsError("ValidationException", f"The sandbox takes no empty {name}")
    for name in ("GlobalSecondaryIndexOverride", "LocalSecondaryIndexOverride"):
        if name in request:
            raise AwsError("ValidationException", f"The sandbox does not emulate {name}")


def check_region(request: Mapping[str, Any], arn: str | None, *, here: str) -> str:
    """The region of the source, a table or a backup, whose ARN the request has.

    Raises ``AwsError`` for a restore across regions without an SSE override.
    """
    region = Arn.parse(arn).region if arn else here
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
