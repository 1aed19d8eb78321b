"""What AWS says to point-in-time restores before it begins one. An emulation of what was observed on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.export_rules import latest_restorable


def check_shape(request: Mapping[str, Any]) -> None:
    """Exactly one source, exactly one time."""
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
    """The region of the source."""
    arn = request.get("SourceTableArn")
    region = str(arn).split(":")[3] if arn else here
    if region != here and not request.get("SSESpecificationOverride"):
        raise AwsError(
            "ValidationException", "sseSpecificationOverride must be provided for cross-region restores"
        )
    return region


def restored_time(request: Mapping[str, Any], pitr: Mapping[str, Any], table: str, now: float) -> float:
    """The instant that is restored. Raises ``AwsError`` for one outside the window."""
    if pitr.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise AwsError(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{table}'",
        )
    earliest = float(pitr["EarliestRestorableDateTime"])
    latest = latest_restorable(earliest, now)
    wanted = request.get("RestoreDateTime")
    if wanted is None:
        return latest
    if not int(earliest) <= float(wanted) <= latest:
        raise AwsError(
            "InvalidRestoreTimeException",
            f"Restore time is outside of the recovery window, which goes from {earliest} to {latest}",
        )
    return float(wanted)
