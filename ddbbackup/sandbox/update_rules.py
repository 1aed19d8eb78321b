"""The rules of UpdateTable. Messages as AWS writes them (observed on AWS), or they begin with "The sandbox"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ddbbackup.sandbox.aws_error import AwsError

COOLDOWN_SECONDS = 15.0  # between two changes of deletion protection, or of one resource policy
CLASS_CHANGES: Final = 2
CLASS_SECONDS: Final = 30 * 86_400.0
KEY_CHANGES: Final = 4
KEY_SECONDS: Final = 86_400.0
KEY_PAUSE_SECONDS: Final = 6 * 3600.0
FLOORS: Final = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}  # of every on-demand table
# In the order in which AWS names them, if a request has several.
_ALONE: Final = {
    "SSESpecification": "Server-Side Encryption modification",
    "TableClass": "TableClass modification",
    "DeletionProtectionEnabled": "DeletionProtection modification",
    "WarmThroughput": "WarmThroughput",
    "ReplicaUpdates": "Replica modification",
}


def check_alone(request: Mapping[str, Any]) -> None:
    """Raises ``AwsError`` for a change that AWS accepts only alone, together with another one."""
    changes = set(request) - {"TableName", "AttributeDefinitions"}
    for member, title in _ALONE.items():
        if member in changes and len(changes) > 1:
            raise AwsError(
                "ValidationException",
                f"One or more parameter values were invalid: {title} must be the only operation in the request",
            )
    if request.get("OnDemandThroughput") == {}:
        raise AwsError("InternalServerError", "The sandbox: an empty OnDemandThroughput causes HTTP 500")


def check_warm(requested: Mapping[str, int], current: Mapping[str, int], what: str) -> dict[str, int]:
    """The new warm throughput: what is not requested stays. Raises ``AwsError`` for a lower one.

    ``what`` is ``table`` or ``index NAME``.
    """
    for dimension in FLOORS:
        if requested.get(dimension, current[dimension]) < current[dimension]:
            raise AwsError(
                "ValidationException",
                f"One or more parameter values were invalid: Requested {dimension} for WarmThroughput for {what} is "
                "lower than current WarmThroughput, decreasing WarmThroughput is not supported",
            )
    return {dimension: requested.get(dimension, current[dimension]) for dimension in FLOORS}


def warm_floor(warm: Mapping[str, int], capacity: Mapping[str, int]) -> dict[str, int]:
    """The warm throughput after a change of the capacity, whose highest value ever it is. On demand: 0 and 0."""
    on_demand = not capacity.get("ReadCapacityUnits")
    floors = (
        FLOORS
        if on_demand
        else {
            "ReadUnitsPerSecond": capacity["ReadCapacityUnits"],
            "WriteUnitsPerSecond": capacity["WriteCapacityUnits"],
        }
    )
    return {dimension: max(warm.get(dimension, 0), floor) for dimension, floor in floors.items()}


def check_class(changes: Sequence[float], now: float) -> None:
    """Raises ``AwsError`` for a third change of the table class within 30 days. ``changes``: their times."""
    if len([each for each in changes if now - each < CLASS_SECONDS]) >= CLASS_CHANGES:
        raise AwsError(
            "LimitExceededException",
            f"The sandbox: the table class was changed {CLASS_CHANGES} times within 30 days",
        )


def check_encryption(changes: Sequence[float], now: float) -> None:
    """Raises ``AwsError`` after four changes in 24 hours, unless the last one is six hours old."""
    recent = [each for each in changes if now - each < KEY_SECONDS]
    if len(recent) < KEY_CHANGES or now - recent[-1] >= KEY_PAUSE_SECONDS:
        return
    raise AwsError(
        "LimitExceededException",
        f"Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at "
        f"{_iso(recent[0] + KEY_SECONDS)}Z. After the first {KEY_CHANGES} change, each subsequent change in the same "
        f"window can be performed at most once every {KEY_PAUSE_SECONDS:.0f} seconds. Number of updates today: "
        f"{len(recent)}. Last change at {_iso(recent[-1])}.",
    )


def check_cooldown(what: str, changed: float, now: float) -> None:
    """Raises ``AwsError`` within 15 seconds after the last change. ``what`` begins the message."""
    if now - changed < COOLDOWN_SECONDS:
        raise AwsError(
            "ThrottlingException",
            f"{what} modified within the previous 15000 milliseconds. Please try again after "
            f"{_iso(changed + COOLDOWN_SECONDS)}Z.",
        )


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
