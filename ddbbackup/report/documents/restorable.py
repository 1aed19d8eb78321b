"""The result of ``restore`` without a name: what can be restored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from ddbbackup.catalog.find_point import FoundPoint, NoPoint
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.restore_from import describe


@dataclass(frozen=True, slots=True)
class PlannedRestore:
    """One element of ``restores``. ``tables`` is the name of the table, or the pattern or tags that select many.

    ``target`` is a template; ``region`` and ``account`` are those of the target if it names them.
    """

    name: str
    tables: str
    source: str
    target: str
    region: str | None
    account: str | None
    existing: str


@dataclass(frozen=True, slots=True)
class RestorableTable:
    """One table with records. ``backup``, ``time`` and the rest are of its newest restore point, None without one.

    ``notes`` say which newer backups cannot be restored, and why.
    """

    table: str
    backup: str | None
    time: datetime | None
    kind: str | None
    items: int | None
    size_bytes: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restorable:
    """``schemas/restorable.schema.json``."""

    schema: ClassVar[Literal["restorable"]] = "restorable"

    plan: str
    account: str
    region: str
    restores: tuple[PlannedRestore, ...]
    tables: tuple[RestorableTable, ...]


def restorable(
    plan: Plan, *, account: str, region: str, points: Mapping[str, FoundPoint | NoPoint]
) -> Restorable:
    """``points`` are the newest ones by table."""
    return Restorable(
        plan=plan.name,
        account=account,
        region=region,
        restores=tuple(_planned(plan.restores.values())),
        tables=tuple(_table(name, found) for name, found in points.items()),
    )


def _planned(restores: Iterable[Restore]) -> Iterable[PlannedRestore]:
    for each in restores:
        to = each.target
        yield PlannedRestore(
            name=each.name,
            tables=str(each.selector) if each.selector is not None else each.table,
            source=describe(each.source),
            target=to.table if each.selector is not None else to.table.replace("{table}", each.table),
            region=to.region,
            account=to.account,
            existing=each.existing,
        )


def _table(name: str, found: FoundPoint | NoPoint) -> RestorableTable:
    point = found.point if isinstance(found, FoundPoint) else None
    return RestorableTable(
        table=name,
        backup=point.id if point is not None else None,
        time=point.time if point is not None else None,
        kind=point.kind if point is not None else None,
        items=point.item_count if point is not None else None,
        size_bytes=point.size_bytes if point is not None else None,
        notes=found.notes,
    )
