"""What can be restored: a pure function of the records of one table, and the only judge of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.catalog.record import BackupKind, Level, Record, RecordedVerification

_LEVELS: Final[tuple[Level, ...]] = ("listing", "checksums", "items")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """An instant of a table that can be restored, and the backups that it needs.

    ``id`` is that of its last backup. ``since`` equals ``time``, except for a backup that shows each item at some
    instant between the two: an on-demand backup, or a scan. ``needs`` has the base first and ``id`` last.

    ``verified`` is the weakest verification of these backups: None if one of them has none, or a damaged one.
    ``item_count`` is unknown for a window, because its changes may repeat keys. ``size_bytes`` counts all of them.
    """

    id: str
    time: datetime
    since: datetime
    kind: BackupKind
    needs: tuple[str, ...]
    table_id: str
    run: str
    verified: RecordedVerification | None
    item_count: int | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Unrestorable:
    """A complete backup that cannot be restored. ``reason`` is a part of a sentence, without item data."""

    id: str
    reason: str


def restore_points(records: Iterable[Record]) -> tuple[RestorePoint, ...]:
    """The restore points of one table, by time. Pure."""
    return tuple(each for each in judge(records) if isinstance(each, RestorePoint))


def judge(records: Iterable[Record]) -> tuple[RestorePoint | Unrestorable, ...]:
    """Every complete backup of one table, by time: the restore point that it reaches, or why it reaches none."""
    by_id = {record.id: record for record in records}
    complete = [record for record in by_id.values() if record.state == "complete" and record.time is not None]
    judged = {record.id: judge_one(record, by_id) for record in complete}
    return tuple(judged[record.id] for record in sorted(complete, key=lambda each: (each.time, each.id)))


def judge_one(record: Record, by_id: Mapping[str, Record]) -> RestorePoint | Unrestorable:
    """``by_id`` has the records that ``record`` needs; others of it do not matter. Pure."""
    covers = record.covers
    if record.state != "complete" or covers is None:
        return Unrestorable(record.id, f"it is {record.state}, not complete")
    chain = [by_id.get(each) for each in record.chain.needs]
    needed: list[Record] = []
    for backup_id, each in zip(record.chain.needs, chain, strict=True):
        if each is None:
            return Unrestorable(record.id, f"it needs the backup {backup_id}, which does not exist")
        if reason := _objection(each, record, needed):
            return Unrestorable(record.id, f"it needs the backup {backup_id}, but {reason}")
        needed.append(each)
    return RestorePoint(
        id=record.id,
        time=covers.end,
        since=covers.start if covers.kind == "interval" else covers.end,
        kind=record.kind,
        needs=record.chain.needs,
        table_id=record.table.id,
        run=record.run,
        verified=_weakest(needed),
        item_count=record.data.item_count if record.kind != "window" else None,
        size_bytes=sum(each.data.size_bytes or 0 for each in needed),
    )


def _objection(each: Record, last: Record, before: list[Record]) -> str | None:
    """Why ``each`` cannot follow ``before`` in the chain of ``last``."""
    if each.state != "complete" or each.covers is None:
        return f"it is {each.state}, not complete"
    if each.table.id != last.table.id:
        return "it is of another table with the same name"
    if not before:
        return "it is a window, not a base" if each.kind == "window" else None
    if each.kind != "window":
        return f"it is a {each.kind} backup, not a window"
    previous = before[-1]
    if each.chain.previous != previous.id or each.chain.needs != (*(b.id for b in before), each.id):
        return "it belongs to another chain"
    if previous.time is None or each.covers.start > previous.time:
        return f"it begins after the end of {previous.id}: the changes between them are missing"
    return None


def _weakest(records: list[Record]) -> RecordedVerification | None:
    weakest: RecordedVerification | None = None
    for each in records:
        verified = each.verified
        if verified is None or verified.result != "ok":
            return None
        if weakest is None or _rank(verified) < _rank(weakest):
            weakest = verified
    return weakest


def _rank(verified: RecordedVerification) -> tuple[int, datetime]:
    return _LEVELS.index(verified.level), verified.at
