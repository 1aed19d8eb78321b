"""Finds one restore point of a table, with the records of all backups that it needs. Blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from ddbbackup.catalog.location import Location
from ddbbackup.catalog.queries import read_concurrently
from ddbbackup.catalog.record import BackupKind, Record
from ddbbackup.catalog.restore_points import RestorePoint, Unrestorable, judge_one
from ddbbackup.catalog.store import BadRecord, Catalog, StoredRecord
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
    """There is none; ``notes`` say which backups cannot be restored, and why."""

    notes: tuple[str, ...] = ()


def find_point(
    catalog: Catalog,
    location: Location,
    *,
    at_or_before: datetime | None = None,
    kinds: Collection[BackupKind] = get_args(BackupKind),
) -> FoundPoint | NoPoint:
    """The newest restore point of these kinds, or the newest one at this time or before it.

    Reads the records of newer backups, which are bad, in progress or failed, and those of the chain.
    """
    notes: list[str] = []
    for each in catalog.of_table(location, until=at_or_before):
        if isinstance(each, BadRecord):
            notes.append(f"the newer record {each.id} cannot be used: {each.error.message}")
            continue
        time = each.record.time
        if each.record.state != "complete" or time is None or each.record.kind not in kinds:
            continue
        if at_or_before is not None and time > at_or_before:
            continue
        found = open_point(catalog, each)
        if isinstance(found, FoundPoint):
            return FoundPoint(found.point, found.backups, tuple(notes))
        notes.append(f"the newer backup {found.id} cannot be restored: {found.reason}")
    return NoPoint(tuple(notes))


def open_point(catalog: Catalog, stored: StoredRecord) -> FoundPoint | Unrestorable:
    """The restore point of one backup, or why there is none."""
    earlier = [each for each in stored.record.chain.needs if each != stored.record.id]
    looked_up = read_concurrently(lambda backup: catalog.look_up(stored.location, backup), earlier)
    found = [each for each in looked_up if each is not None]
    bad = next((each for each in found if isinstance(each, BadRecord)), None)
    if bad is not None:
        return Unrestorable(stored.record.id, f"it needs the backup {bad.id}: {bad.error.message}")
    backups = [*_good(found), stored]
    by_id = {each.record.id: each for each in backups}
    point = judge_one(stored.record, {name: each.record for name, each in by_id.items()})
    if isinstance(point, Unrestorable):
        return point
    return FoundPoint(point, tuple(by_id[each] for each in point.needs))


def _good(found: Sequence[StoredRecord | BadRecord]) -> list[StoredRecord]:
    return [each for each in found if isinstance(each, StoredRecord)]


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


def newest_chain(catalog: Catalog, location: Location) -> NewestChain | None:
    """The chain to which the next window belongs; None if there is none. Reads all its records."""
    for each in catalog.of_table(location):
        if isinstance(each, BadRecord) or each.record.state != "complete":
            continue
        if each.record.kind in ("full", "window"):
            return NewestChain(each.record, _base(catalog, each))
    return None


def missing_backup(catalog: Catalog, stored: StoredRecord) -> str | None:
    """The first backup that this one needs and that has no record. Lists records, and reads none."""
    needs = stored.record.chain.needs
    if len(needs) == 1:
        return None
    try:
        since = time_of_id(needs[0])
    except ValueError:
        return needs[0]  # no backup has an ID with such a time; somebody else wrote the record
    listed = set(catalog.record_keys(stored.location, since=since))
    return next((each for each in needs if stored.location.record_key(each) not in listed), None)


def _base(catalog: Catalog, stored: StoredRecord) -> Record | None:
    """None for a broken chain. Reads each record, because any may have been verified again since it was written."""
    last, location = stored.record, stored.location
    if missing_backup(catalog, stored) is not None:
        return None
    found = read_concurrently(
        lambda backup: catalog.read(location, location.record_key(backup)), last.chain.needs[:-1]
    )
    records = {each.record.id: each.record for each in [*_good(found), stored]}
    if isinstance(judge_one(last, records), Unrestorable) or any(map(_is_damaged, records.values())):
        return None
    base = records[last.chain.base]
    return base if base.kind == "full" else None


def _is_damaged(record: Record) -> bool:
    return record.verified is not None and record.verified.result == "damaged"
