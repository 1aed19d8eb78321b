"""DynamoDB's tables: their description, recovery window and control plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """One element of a key schema, joined with its attribute definition."""

    name: str
    role: Literal["HASH", "RANGE"]
    type: Literal["S", "N", "B"]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What ``DescribeTable`` says; ``description`` is its whole ``Table`` member, JSON-safe (times ISO 8601)."""

    name: str
    arn: str
    table_id: str
    status: str
    keys: tuple[KeyAttribute, ...]
    item_count: int
    size_bytes: int
    description: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PitrWindow:
    """Point-in-time recovery of one table; the times are ``None`` while it is disabled."""

    enabled: bool
    earliest: datetime | None = None
    latest: datetime | None = None
    period_days: int | None = None


class Tables(Protocol):
    """DynamoDB's control plane in one account and region."""

    def names(self) -> Iterator[str]: ...

    def arn(self, name: str) -> str:
        """The ARN that a table of this name has here; makes no call beyond the identity."""

    def describe(self, name: str) -> TableFacts:
        """Raises ``TableMissing``."""

    def pitr(self, name: str) -> PitrWindow:
        """Raises ``TableMissing``."""

    def create(self, definition: Mapping[str, Any]) -> None:
        """``definition`` is the CreateTable input. Raises ``Refused`` if the table exists."""

    def delete(self, name: str) -> None:
        """Raises ``TableMissing``; ``Refused`` while deletion protection is on."""

    def holds_items(self, name: str) -> bool:
        """Whether at least one item exists, by a consistent read (``ItemCount`` is hours old)."""
