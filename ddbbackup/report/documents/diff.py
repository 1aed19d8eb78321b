"""The result of ``diff``: how a restore point differs from a live table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class DifferentKey:
    """``change``: ``missing`` from the table, ``changed``, or ``extra`` in it. ``key`` is as DynamoDB writes it."""

    change: Literal["missing", "changed", "extra"]
    key: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class TableDifference:
    """``schemas/diff.schema.json``.

    ``account``, ``region`` and ``table`` are the live table, ``backup`` is the restore point of ``source_table``, and
    ``origin`` the account and Region that it comes from, if they are not the plan's. The table was scanned from
    ``scanned_from`` to ``scanned_to``. ``keys`` are those that differ, if they were asked for. ``passed_over``
    says which newer backups cannot be restored, and why.
    """

    schema: ClassVar[Literal["diff"]] = "diff"

    plan: str
    account: str
    region: str
    table: str
    source_table: str
    backup: str
    origin: str | None
    scanned_from: datetime
    scanned_to: datetime
    backup_items: int
    table_items: int
    equal: int
    missing: int
    changed: int
    extra: int
    keys: tuple[DifferentKey, ...] | None = None
    passed_over: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.missing or self.changed or self.extra)
