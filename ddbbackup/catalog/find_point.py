"""Finds one restore point of a table, with the records of all backups that it needs. Blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from ddbbackup.catalog.concurrent_reads import READS_AT_ONCE, read_concurrently
from ddbbackup.catalog.location import Location
from ddbbackup.catalog.record import BackupKind, Record
from ddbbackup.catalog.restore_points import (
    RestorePoint,
    Unrestorable,
    judge,
    judge_one,
    why_not_restorable,
)
from ddbbackup.catalog.store import BadRecord, Catalog, StoredRecord
from ddbbackup.catalog.summary import TableSummary, proves_whole
from ddbbackup.model.backup_id import time_of_id


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """``backups`` are the records that the point needs: the base first, its own last.

    ``notes`` say which newer backups cannot be restored, and why.
    """

    point: RestorePoint
    backups: tuple[StoredRecord, ...]
    notes: tuple[str, ...] = ()

    @property
    def last(self) -> StoredRecord:
        return self.backups[-1]


@dataclass(frozen=True, slots=True)
class NoPoint:
    """There is none; ``notes`` say which backups cannot be restored, and why.

    ``damaged`` is the ID of the newest backup of which a part is left.
    """

    notes: tuple[str, ...] = ()
    damaged: str | None = None


def find_point(
    catalog: Catalog,
    location: Location,
    *,
    at_or_before: datetime | None = None,
    kinds: Collection[BackupKind] = get_args(BackupKind),
) -> FoundPoint | NoPoint:
    """The newest undamaged restore point of these kinds, or the newest one at this time or before it.

    Reads the records of newer backups, which are bad, in progress or failed, and those of the chain.
    """
    notes: list[str] = []
    damaged: str | None = None
    for each in catalog.of_table(location, until=at_or_before):
        if isinstance(each, BadRecord):
            notes.append(f"record {each.id} cannot be used: {each.error.message}")
            continue
        time = each.record.time
        if each.record.state != "complete" or time is None or each.record.kind not in kinds:
            continue
        if at_or_before is not None and time > at_or_before:
            continue
        found = open_point(catalog, each)
        if isinstance(found, FoundPoint) and found.point.damage is not None:
            damaged = damaged or each.record.id
        if isinstance(found, FoundPoint) and found.point.damage is None:
            return FoundPoint(found.point, found.backups, tuple(f"the newer {note}" for note in notes))
        reason = why_not_restorable(found.point if isinstance(found, FoundPoint) else found)
        notes.append(f"backup {each.record.id} cannot be restored: {reason}")
    return NoPoint(tuple(f"the {note}" for note in notes), damaged)


def open_point(
    catalog: Catalog, stored: StoredRecord, *, at_once: int = READS_AT_ONCE
) -> FoundPoint | Unrestorable:
    """The restore point of one backup, or why there is none. Reads the records of its chain, ``at_once`` at a time.

    The point may be a damaged one: see ``RestorePoint.damage``.
    """
    record = stored.record
    earlier = [each for each in record.chain.needs if each != record.id]
    found = _Found([*_read(catalog, stored.location, earlier, at_once), stored])
    point = judge_one(record, found.records, unusable=found.unusable)
    if isinstance(point, Unrestorable):
        return point
    return FoundPoint(point, tuple(found.usable[each] for each in point.needs))


def not_restorable(
    catalog: Catalog, backups: Iterable[StoredRecord], *, known: Iterable[StoredRecord | BadRecord] = ()
) -> dict[str, Unrestorable]:
    """Those of these complete backups that cannot be restored, or only with damage, by the key of the record.

    ``known`` are records that were read a moment ago. Reads each other one that is needed, once.
    """
    tables: dict[Location, dict[str, StoredRecord | BadRecord]] = {}
    listed = list(backups)
    for each in (*known, *listed):
        tables.setdefault(each.location, {})[_id_of(each)] = each
    needed = dict.fromkeys((each.location, backup) for each in listed for backup in each.record.chain.needs)
    missing = [(location, backup) for location, backup in needed if backup not in tables[location]]
    for other in read_concurrently(lambda pair: catalog.look_up(*pair), missing):
        if other is not None:
            tables[other.location][_id_of(other)] = other
    problems: dict[str, Unrestorable] = {}
    for location, own in tables.items():
        found = _Found(own.values())
        for point in judge(found.records.values(), unusable=found.unusable):
            problem = point if isinstance(point, Unrestorable) else point.damage
            if problem is not None:
                problems[location.record_key(point.id)] = problem
    return {each.key: problems[each.key] for each in listed if each.key in problems}


class _Found:
    """Records of one table by the ID of the backup, and what is wrong with those that cannot be used."""

    def __init__(self, found: Iterable[StoredRecord | BadRecord]) -> None:
        listed = list(found)
        self.usable = {each.record.id: each for each in listed if isinstance(each, StoredRecord)}
        self.records = {backup: each.record for backup, each in self.usable.items()}
        self.unusable = {
            each.id: f"it cannot be used: {each.error.message}"
            for each in listed
            if isinstance(each, BadRecord)
        }


def _read(
    catalog: Catalog, location: Location, ids: Sequence[str], at_once: int
) -> list[StoredRecord | BadRecord]:
    """The records with these IDs, as far as they exist."""
    looked_up = read_concurrently(lambda backup: catalog.look_up(location, backup), ids, at_once=at_once)
    return [each for each in looked_up if each is not None]


def _id_of(each: StoredRecord | BadRecord) -> str:
    return each.id if isinstance(each, BadRecord) else each.record.id


@dataclass(frozen=True, slots=True)
class NewestChain:
    """The newest chain of a table: the record of its last backup, and that of its base.

    ``base`` is None if the chain is broken: one of its backups is missing, was found damaged or cannot be used, so
    that no window after it could be restored.
    """

    last: Record
    base: Record | None

    @property
    def end(self) -> datetime:
        """In whole seconds, as AWS accepts them. Changes may be in two backups then, which is harmless."""
        return (self.last.time or self.last.started_at).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class NoChain:
    """No chain is known. ``unusable``: records are there that cannot be read or used, so there may be one."""

    unusable: bool = False


def newest_chain(catalog: Catalog, location: Location) -> NewestChain | NoChain:
    """The chain to which the next window belongs."""
    unusable = False
    for each in catalog.of_table(location):
        if isinstance(each, BadRecord):
            unusable = True
        elif each.record.state == "complete" and each.record.kind in ("full", "window"):
            return NewestChain(each.record, _base(catalog, each))
    return NoChain(unusable)


def problem_of(
    catalog: Catalog, stored: StoredRecord, *, at_once: int = READS_AT_ONCE
) -> Unrestorable | None:
    """Why a complete backup cannot be restored, or only with damage; None if it can.

    Any record of its chain may have changed since it was written, so each must be known as it is now. If the summary
    knows all of them and none is in the way, no record is read; otherwise all are, ``at_once`` at a time.
    """
    if len(stored.record.chain.needs) > 1 and proves_whole(_known_since_base(catalog, stored), stored.record):
        return None
    found = open_point(catalog, stored, at_once=at_once)
    return found.point.damage if isinstance(found, FoundPoint) else found


def _known_since_base(catalog: Catalog, stored: StoredRecord) -> TableSummary:
    try:
        since = time_of_id(stored.record.chain.needs[0])
    except ValueError:
        return {}  # the calendar does not have such a time; somebody else wrote the record
    known = catalog.known_records(stored.location, since=since)
    return {backup: row for backup, row in known.items() if row is not None}


def _base(catalog: Catalog, stored: StoredRecord) -> Record | None:
    """None for a broken chain."""
    if problem_of(catalog, stored) is not None:
        return None
    first = stored.record.chain.needs[0]
    base = stored if first == stored.record.id else catalog.look_up(stored.location, first)
    return base.record if isinstance(base, StoredRecord) and base.record.kind == "full" else None
