"""Estimated costs, in US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["good", "fair", "unverified"]
RateName = Literal[
    "write_unit",
    "read_unit",
    "full_export",
    "incremental_export",
    "import",
    "point_in_time_restore",
    "bulk_put",
    "pitr_month",
    "snapshot_month",
    "snapshot_restore",
    "s3_month",
    "s3_put",
    "s3_get",
]


@dataclass(frozen=True, slots=True)
class CostLine:
    """One billed quantity. ``usd`` is None if the price is unknown; the line is then in no total."""

    name: RateName
    quantity: float
    unit: str
    usd: float | None
    confidence: Confidence
    monthly: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """``usd`` is billed once, ``usd_monthly`` every month. Both leave out lines without a known price."""

    lines: tuple[CostLine, ...] = ()

    @property
    def usd(self) -> float:
        return sum(line.usd or 0.0 for line in self.lines if not line.monthly)

    @property
    def usd_monthly(self) -> float:
        return sum(line.usd or 0.0 for line in self.lines if line.monthly)

    @property
    def unverified(self) -> bool:
        """Whether the total includes unverified prices."""
        return any(line.confidence == "unverified" and line.usd is not None for line in self.lines)

    @property
    def incomplete(self) -> bool:
        """Whether a line has no known price."""
        return any(line.usd is None for line in self.lines)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.lines + other.lines)
