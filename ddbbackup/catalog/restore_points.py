"""What can be restored: a pure function of the records of one table, and the only judge of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ddbbackup.catalog.record import BackupKind, Level, Record, RecordedVerification
from ddbbackup.errors import Bug
from ddbbackup.times import to_iso

_LEVELS: Final[tuple[Level, ...]] = ("listing", "checksums", "items")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unrestorable:
    """Why a complete backup cannot be restored. ``culprit`` is the ID of the backup in the way, maybe its own.

    ``problem`` is what is wrong with that one: a sentence without item data that begins with "it".
    """

    id: str
    culprit: str
    problem: str

    @property
    def reason(self) -> str:
        """A part of a sentence."""
        return (
            self.problem
            if self.culprit == self.id
            else f"it needs the backup {self.culprit}, but {self.problem}"
        )

    def for_window(self, backup_id: str) -> Unrestorable:
        """The same problem, of a window that needs this backup."""
        return replace(self, id=backup_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """An instant of a table that can be restored, and the backups that it needs.

    ``id`` is that of its last backup. ``since`` equals ``time``, except for a backup that shows each item at some
    instant between the two: an on-demand backup, or a scan. ``needs`` has the base first and ``id`` last.

    ``verified`` is the weakest verification of these backups: None if one of them has none, or a damaged one.
    ``damage`` names the first of them that a verification found damaged; None if there is none. Retention treats
    such a point as any other; a restore uses it only if it is asked for by its ID.
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
    damage: Unrestorable | None
    item_count: int | None
    size_bytes: int


def why_not_restorable(judged: RestorePoint | Unrestorable) -> str | None:
    """Why a complete backup cannot be restored, or only with damage: a part of a sentence. None if it can. Pure."""
    problem = judged if isinstance(judged, Unrestorable) else judged.damage
    return problem.reason if problem is not None else None


def restore_points(records: Iterable[Record]) -> tuple[RestorePoint, ...]:
    """The restore points of one table, by time. Pure."""
    return tuple(each for each in judge(records) if isinstance(each, RestorePoint))


def judge(
    records: Iterable[Record], *, unusable: Mapping[str, str] = _NONE
) -> tuple[RestorePoint | Unrestorable, ...]:
    """Every complete backup of one table, by time: the restore point that it reaches, or why it reaches none.

    ``unusable`` says what is wrong with records that cannot be used, by the ID of the backup.
    """
    by_id = {record.id: record for record in records}
    complete = [record for record in by_id.values() if record.state == "complete" and record.time is not None]
    judged: dict[str, RestorePoint | Unrestorable] = {}
    for record in sorted(complete, key=lambda each: len(each.chain.needs)):
        judged[record.id] = _judge_after(record, by_id, unusable, judged)
    return tuple(judged[record.id] for record in sorted(complete, key=lambda each: (each.time, each.id)))


def judge_one(
    record: Record, by_id: Mapping[str, Record], *, unusable: Mapping[str, str] = _NONE
) -> RestorePoint | Unrestorable:
    """``by_id`` has the records that ``record`` needs; others of it do not matter. Pure."""
    if record.state != "complete" or record.covers is None:
        return Unrestorable(record.id, record.id, f"it is {record.state}, not complete")
    point: RestorePoint | None = None
    for number, backup_id in enumerate(record.chain.needs, start=1):
        each = by_id.get(backup_id)
        if each is None:
            return Unrestorable(record.id, backup_id, unusable.get(backup_id, "it does not exist"))
        if problem := _objection(each, point, record.chain.needs[:number]):
            return Unrestorable(record.id, backup_id, problem)
        point = _extended(point, each)
    if point is None or point.id != record.id:
        return Unrestorable(record.id, record.id, "it is not the last of the backups that it needs")
    return point


def _judge_after(
    record: Record,
    by_id: Mapping[str, Record],
    unusable: Mapping[str, str],
    judged: Mapping[str, RestorePoint | Unrestorable],
) -> RestorePoint | Unrestorable:
    """``judge_one``, with what is known of the backup before it: a chain may have thousands of windows."""
    needs = record.chain.needs
    previous = by_id.get(needs[-2]) if len(needs) > 1 else None
    known = judged.get(previous.id) if previous is not None else None
    if previous is None or known is None or previous.chain.needs != needs[:-1] or needs[-1] != record.id:
        return judge_one(record, by_id, unusable=unusable)
    if isinstance(known, Unrestorable):
        return known.for_window(record.id)
    if problem := _objection(record, known, needs):
        return Unrestorable(record.id, record.id, problem)
    return _extended(known, record)


def _objection(each: Record, before: RestorePoint | None, needs: tuple[str, ...]) -> str | None:
    """Why ``each`` cannot follow ``before`` in a chain in which it is the last of ``needs``."""
    if each.state != "complete" or each.covers is None:
        return f"it is {each.state}, not complete"
    if before is None:
        return "it is a window, not a base" if each.kind == "window" else None
    if each.kind != "window":
        return f"it is a {each.kind} backup, not a window"
    if each.table.id != before.table_id:
        return f"it is of another table with the same name than {before.id}"
    if each.chain.previous != before.id or each.chain.needs != needs:
        return "it belongs to another chain"
    if each.covers.start > before.time:
        return f"it begins after the end of {before.id}: the changes between them are missing"
    return None


def _extended(before: RestorePoint | None, each: Record) -> RestorePoint:
    """The point that ``each`` reaches. It has been found to be complete, and to follow ``before``."""
    covers = each.covers
    if covers is None:
        raise Bug("a backup whose time is unknown was taken for a restore point")
    size_bytes = each.data.size_bytes or 0
    verified = each.verified
    damaged = verified is not None and verified.result == "damaged"
    damage = _damage(each.id, verified) if verified is not None and damaged else None
    proven = verified if verified is not None and not damaged else None
    return RestorePoint(
        id=each.id,
        time=covers.end,
        since=covers.start if covers.kind == "interval" else covers.end,
        kind=each.kind,
        needs=(*before.needs, each.id) if before is not None else (each.id,),
        table_id=each.table.id,
        run=each.run,
        verified=_weaker(before.verified, proven) if before is not None else proven,
        damage=before.damage.for_window(each.id)
        if before is not None and before.damage is not None
        else damage,
        item_count=each.data.item_count if each.kind != "window" else None,
        size_bytes=size_bytes + (before.size_bytes if before is not None else 0),
    )


def _damage(backup_id: str, verified: RecordedVerification) -> Unrestorable:
    at = to_iso(verified.at.replace(microsecond=0))
    found = f"it was found damaged by `verify --level {verified.level}` at {at}"
    return Unrestorable(backup_id, backup_id, found)


def _weaker(
    one: RecordedVerification | None, other: RecordedVerification | None
) -> RecordedVerification | None:
    if one is None or other is None:
        return None
    return min(one, other, key=_rank)


def _rank(verified: RecordedVerification) -> tuple[int, datetime]:
    return _LEVELS.index(verified.level), verified.at
