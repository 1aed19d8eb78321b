"""DynamoDB's own restore of a live table to a point in time, which always makes a new table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class RecoveryRequest:
    """The parameters of one ``RestoreTableToPointInTime``; ``time`` None is the latest restorable one.

    There is no member for indexes on purpose: leaving the overrides out keeps every index, while an empty list
    drops them all (observed on AWS).
    """

    source_arn: str
    target: str
    time: datetime | None = None
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = None
    sse: Mapping[str, Any] | None = None  # SSESpecificationOverride; needed across regions


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the call answers: the new table's identity, and the instant that AWS restores."""

    table_arn: str
    table_id: str
    time: datetime | None


class Recoveries(Protocol):
    """Point-in-time restores into one account and region."""

    def start(self, request: RecoveryRequest) -> Recovery:
        """There is no token: a second call for the same target is refused.

        Raises ``Refused`` if the target exists, ``TableMissing`` without the source, ``PitrDisabled``,
        ``ExportTimeInvalid`` for a time outside the recovery window, ``Throttled`` (50 at a time).
        """
