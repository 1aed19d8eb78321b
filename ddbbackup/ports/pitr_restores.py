"""DynamoDB point-in-time restores. A restore always creates a new table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class PitrRestoreRequest:
    """The parameters of one ``RestoreTableToPointInTime``. Without ``time``, the latest restorable time.

    Indexes cannot be overridden: without an override AWS keeps every index, an empty list drops them all (observed
    on AWS).
    """

    source_arn: str
    target: str
    time: datetime | None = None
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = None
    # The SSESpecificationOverride, which is required across regions (observed on AWS).
    sse: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PitrRestore:
    """The response: the new table, and the time that AWS restores."""

    table_arn: str
    table_id: str
    time: datetime | None


class PitrRestores(Protocol):
    """Point-in-time restores into one account and region."""

    def start(self, request: PitrRestoreRequest) -> PitrRestore:
        """Not idempotent: the API has no client token, and refuses a second call for the same target.

        Raises ``Refused`` if the target exists or the time is outside the recovery window, ``InUse`` while the target
        is being restored, ``TableMissing`` for a missing source, ``PitrDisabled``, and ``Throttled`` also if 50
        restores are running (DynamoDB guide: Quotas).
        """
