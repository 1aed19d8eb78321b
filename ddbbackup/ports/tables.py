"""DynamoDB tables: description, point-in-time recovery window, creation and deletion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ddbbackup.model.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """One element of the key schema with the type of its attribute."""

    name: str
    role: Literal["HASH", "RANGE"]
    type: Literal["S", "N", "B"]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """The response of ``DescribeTable``.

    ``description`` is its complete ``Table`` member, JSON-safe (times in ISO 8601). AWS updates ``item_count`` and
    ``size_bytes`` every six hours (DynamoDB API: TableDescription).
    """

    name: str
    arn: str
    table_id: str
    status: str
    keys: tuple[KeyAttribute, ...]
    item_count: int
    size_bytes: int
    description: JsonObject


@dataclass(frozen=True, slots=True)
class PitrWindow:
    """The recovery window of one table. The times are None while point-in-time recovery is disabled."""

    enabled: bool
    earliest: datetime | None = None
    latest: datetime | None = None
    period_days: int | None = None


class Tables(Protocol):
    """Tables of one account and region."""

    def names(self) -> Iterator[str]: ...

    def arn(self, name: str) -> str:
        """The ARN of a table with this name, whether or not it exists. Makes no call except for the identity."""

    def describe(self, name: str) -> TableFacts:
        """Raises ``TableMissing``."""

    def pitr(self, name: str) -> PitrWindow:
        """Raises ``TableMissing``."""

    def create(self, definition: JsonObject) -> None:
        """``definition`` is the input of CreateTable. Raises ``InUse`` if the table exists."""

    def delete(self, name: str) -> None:
        """Raises ``TableMissing``, and ``Refused`` while deletion protection is enabled."""

    def holds_items(self, name: str) -> bool:
        """Whether the table holds at least one item, by a consistent read. Raises ``TableMissing``."""
