"""Removes backups of one table: first their data, then their records.

A record becomes ``expiring`` before the first object of its backup is deleted, and never anything else after that. So
nothing that is partly gone counts as a restore point, and the next run goes on where a killed one stopped. Windows
become ``expiring`` from the newest to the oldest, because a complete record stands for everything that it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.archive.layout import ExportFolder
from ddbbackup.bulk.model import Stopped
from ddbbackup.catalog import BadRecord, Catalog, Location, RecordedSnapshot, StoredRecord
from ddbbackup.catalog.table_documents import TableDocument
from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DataIncomplete,
    DdbBackupError,
    ObjectMissing,
    SnapshotMissing,
    Throttled,
    Unreachable,
)
from ddbbackup.model.numbers import agreeing, counted
from ddbbackup.plan.model import Retention
from ddbbackup.ports import DELETE_AT_MOST, Objects, Snapshots
from ddbbackup.retention.backup_objects import (
    BackupObjects,
    base_of,
    data_of_other_windows,
    folder_of,
    objects_of_backup,
)
from ddbbackup.retention.decision import Decision, decision_of
from ddbbackup.retention.survey import Survey, read_table

log = structlog.get_logger()

_AT_ONCE: Final = 16
_ATTEMPTS: Final = 6  # to delete objects that S3 is too busy to delete
_MARKS_AT_MOST: Final = 5
_DOCUMENT_LIMIT_BYTES: Final = 8 << 20
_LOCKED: Final = (
    "allow s3:DeleteObject on these objects; if Object Lock or a legal hold protects them, run the same command "
    "again when it has ended"
)


@dataclass(slots=True)
class Removal:
    """What was removed. ``failures`` are the errors of backups that are left as ``expiring``."""

    backups: list[str] = field(default_factory=list)
    objects: int = 0
    size_bytes: int = 0
    others: int = 0
    documents: int = 0
    notes: list[str] = field(default_factory=list)
    failures: dict[str, DdbBackupError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remover:
    """Removes backups of one table. ``stop`` ends the work between two requests: then it raises ``Stopped``."""

    catalog: Catalog
    objects: Objects
    snapshots: Snapshots
    stop: threading.Event

    def remove(self, planned: Decision, policy: Retention, *, now: datetime) -> Removal:
        """Removes what was ``planned`` and what every record of the table, read now, confirms. Blocks.

        Raises ``DataIncomplete`` before anything is changed if a record of the table cannot be used, or the data of
        a restore point that stays is gone.
        """
        survey = read_table(self.catalog, planned.location)
        if survey.bad:
            raise bad_records(planned.location.table, survey.bad)
        confirmed = decision_of(survey, policy, self.catalog, now=now).reasons
        removal = Removal()
        staying = _needed_by_what_stays(survey, set(planned.reasons) & set(confirmed))
        ids = [each for each in planned.reasons if each in confirmed and each not in staying]
        if changed := [each for each in planned.reasons if each not in ids]:
            more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
            removal.notes.append(f"stayed, because other records of the table changed: {changed[0]}{more}")
        kept = [stored for each, stored in survey.records.items() if each not in ids]
        if ids:
            self._require_data(survey, kept)
        expiring = [self._mark(survey.records[each]) for each in ids]
        self._remove_data(expiring, kept, removal)
        self._remove_records(expiring, removal)
        self._remove_documents(expiring, kept, survey, removal)
        # All were read, so the next plan can be made without reading them.
        incomplete = {stored.record.id for stored in kept if stored.record.state != "complete"}
        self.catalog.update_summary(planned.location, kept, drop={*ids, *incomplete})
        return removal

    def _require_data(self, survey: Survey, kept: Sequence[StoredRecord]) -> None:
        """That there is a folder for each restore point that stays: one listing tells it of a thousand."""
        points = {each for chain in survey.chains for each in chain}
        folders = [(stored, folder) for stored, folder in _folders(kept) if stored.record.id in points]
        bucket, owner = survey.location.bucket, survey.location.bucket_owner
        bases = {base_of(folder) for _, folder in folders}
        present = {root for base in sorted(bases) for root in self.objects.folders(bucket, base, owner=owner)}
        for stored, folder in folders:
            if folder.root not in present:
                raise DataIncomplete(
                    f"no backup of {survey.location.table} is removed, because the data of {stored.record.id}, "
                    "which stays, does not exist",
                    hint="run `ddbbackup verify --all` to see which backups are whole",
                )

    # ---- marking

    def _mark(self, stored: StoredRecord) -> StoredRecord:
        """Raises ``Conflict`` if others keep changing the record."""
        for _ in range(_MARKS_AT_MOST):
            self._go_on()
            if stored.record.state == "expiring":
                return stored
            stored = self.catalog.update(stored, replace(stored.record, state="expiring"))
            if stored.record.state == "expiring":
                log.info(events.BACKUP_EXPIRED, table=stored.record.table.name, backup=stored.record.id)
        raise Conflict(
            f"the record {stored.record.id} could not be updated: other processes keep changing it",
            hint="wait until other runs of this plan have ended, then run the same command again",
        )

    # ---- data

    def _remove_data(
        self, expiring: Sequence[StoredRecord], kept: Sequence[StoredRecord], removal: Removal
    ) -> None:
        of_kept = {folder.root: stored.record.id for stored, folder in _folders(kept)}
        needed = self._needed_by_others(expiring, kept)

        def remove(stored: StoredRecord) -> BackupObjects | DdbBackupError:
            folder = folder_of(stored.record, stored.location)
            try:
                if folder is not None and folder.root in of_kept:
                    raise _same_data(stored, of_kept[folder.root])
                if isinstance(needed, DdbBackupError) and stored.record.kind == "window":
                    raise needed
                return self._remove_objects(
                    stored, frozenset() if isinstance(needed, DdbBackupError) else needed
                )
            except DdbBackupError as error:
                return error

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="prune") as pool:
            for stored, result in zip(expiring, pool.map(remove, expiring), strict=True):
                if isinstance(result, DdbBackupError):
                    removal.failures[stored.record.id] = result
                else:
                    removal.objects += len(result.data) + len(result.manifests)
                    removal.others += result.others

    def _needed_by_others(
        self, expiring: Sequence[StoredRecord], kept: Sequence[StoredRecord]
    ) -> frozenset[str] | DdbBackupError:
        windows = [folder for stored, folder in _folders(expiring) if stored.record.kind == "window"]
        if not windows:
            return frozenset()
        every = [*_folders(expiring), *_folders(kept)]
        full = [folder for stored, folder in every if stored.record.kind != "window"]
        try:
            return data_of_other_windows(
                self.objects, expiring[0].location, removed=windows, full=full, reads_at_once=_AT_ONCE
            )
        except DdbBackupError as error:
            return error

    def _remove_objects(self, stored: StoredRecord, needed: frozenset[str]) -> BackupObjects:
        if stored.record.snapshot is not None:
            self._remove_snapshot(stored, stored.record.snapshot)
            return BackupObjects()
        found = objects_of_backup(self.objects, stored)
        shared = needed.intersection(found.data)
        if shared:
            raise DataIncomplete(
                f"the manifest of another export also names {counted(len(shared), 'data file')} of the backup "
                f"{stored.record.id}, such as {min(shared)}",
                hint="find out who changed a manifest, and verify the other backups of the table",
            )
        self._delete(stored, found.data)
        self._delete(stored, found.manifests)
        return found

    def _remove_snapshot(self, stored: StoredRecord, recorded: RecordedSnapshot) -> None:
        """Deletes the on-demand backup if it has the name that only this attempt of the run gave to one."""
        self._go_on()
        if recorded.arn is None:
            return
        try:
            found = self.snapshots.describe(recorded.arn)
            if found.name != recorded.name or found.table_arn != stored.location.table_arn:
                raise DataIncomplete(
                    f"the on-demand backup {recorded.arn} is not the one of the record {stored.record.id}",
                    hint="find out who wrote the record, and remove it by hand",
                )
            self.snapshots.delete(recorded.arn)
        except SnapshotMissing:
            return  # an earlier run, or somebody else, has deleted it

    def _delete(self, stored: StoredRecord, keys: Sequence[str]) -> None:
        """Raises the first error of an object that S3 does not delete."""
        for start in range(0, len(keys), DELETE_AT_MOST):
            self._delete_batch(stored, keys[start : start + DELETE_AT_MOST])

    def _delete_batch(self, stored: StoredRecord, keys: Sequence[str]) -> None:
        bucket, owner = stored.location.bucket, stored.location.bucket_owner
        pause = 0.5
        for attempt in range(_ATTEMPTS):
            self._go_on()
            errors = self.objects.delete_many(bucket, keys, owner=owner)
            busy = [key for key, error in errors.items() if isinstance(error, Throttled | Unreachable)]
            if not errors:
                return
            if len(busy) < len(errors) or attempt == _ATTEMPTS - 1:
                break
            keys = busy
            self.stop.wait(pause)
            pause *= 2
        first = next(error for key, error in errors.items() if key not in busy or len(busy) == len(errors))
        number = len(errors)
        raise type(first)(
            f"{counted(number, 'object')} of the backup {stored.record.id} {agreeing(number, 'was', 'were')} not "
            f"deleted; the first: {first.message}",
            hint=_LOCKED if isinstance(first, AccessDenied) else first.hint,
        )

    # ---- records and documents

    def _remove_records(self, expiring: Sequence[StoredRecord], removal: Removal) -> None:
        gone = [stored for stored in expiring if stored.record.id not in removal.failures]
        for stored in gone:
            self._go_on()
            try:
                self._delete(stored, [stored.key])
            except DdbBackupError as error:
                removal.failures[stored.record.id] = error
                continue
            removal.backups.append(stored.record.id)
            removal.size_bytes += stored.record.data.size_bytes or 0
            log.info(
                events.BACKUP_REMOVED,
                table=stored.record.table.name,
                backup=stored.record.id,
                size_bytes=stored.record.data.size_bytes,
            )

    def _remove_documents(
        self, expiring: Sequence[StoredRecord], kept: Sequence[StoredRecord], survey: Survey, removal: Removal
    ) -> None:
        """Descriptions and settings that only removed records name.

        A backup that starts meanwhile may find such a document and name it: then it is written again.
        """
        location = survey.location
        gone = [stored for stored in expiring if stored.record.id in removal.backups]
        left = [stored for stored in expiring if stored.record.id not in removal.backups]
        unnamed = set(_documents(gone)) - set(_documents([*kept, *left]))
        known = {stored.key for stored in (*gone, *kept, *left)}
        if not unnamed or (named := self._named_since(location, known)) is None:
            return
        bodies = {each: body for each in sorted(unnamed - named) if (body := self._document(location, each))}
        if not bodies:
            return
        self._delete(expiring[0], [location.document_key(each) for each in bodies])
        removal.documents = len(bodies)
        for each in self._named_since(location, known) or ():
            if each in bodies:
                self.catalog.keep_document(location, TableDocument(bodies[each], each))

    def _named_since(self, location: Location, known: set[str]) -> set[str] | None:
        """The documents that new records name; None if one of them cannot be read."""
        found = [
            self.catalog.read(location, key) for key in self.catalog.record_keys(location) if key not in known
        ]
        if any(isinstance(each, BadRecord) for each in found):
            return None
        return set(_documents(each for each in found if isinstance(each, StoredRecord)))

    def _document(self, location: Location, sha256: str) -> bytes | None:
        key, owner = location.document_key(sha256), location.bucket_owner
        try:
            return self.objects.read(location.bucket, key, limit_bytes=_DOCUMENT_LIMIT_BYTES, owner=owner)[0]
        except (ObjectMissing, DataIncomplete):
            return None

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise Stopped


def bad_records(table: str, bad: Sequence[BadRecord]) -> DataIncomplete:
    """Why nothing of a table is removed: a record that nobody can read may need any backup."""
    more = f", and {counted(len(bad) - 1, 'more record')}" if len(bad) > 1 else ""
    return DataIncomplete(
        f"no backup of {table} is removed, because a record cannot be used: {bad[0].error.message}{more}",
        hint=bad[0].error.hint,
    )


def _needed_by_what_stays(survey: Survey, removed: set[str]) -> set[str]:
    staying: set[str] = set()
    for chain in survey.chains:
        last = next((index for index in range(len(chain) - 1, -1, -1) if chain[index] not in removed), -1)
        staying.update(chain[: last + 1])
    return staying


def _folders(records: Iterable[StoredRecord]) -> Iterator[tuple[StoredRecord, ExportFolder]]:
    for stored in records:
        folder = folder_of(stored.record, stored.location)
        if folder is not None:
            yield stored, folder


def _documents(records: Iterable[StoredRecord]) -> Iterator[str]:
    for stored in records:
        yield from (each for each in (stored.record.table.description, stored.record.settings) if each)


def _same_data(stored: StoredRecord, other: str) -> DataIncomplete:
    return DataIncomplete(
        f"the data of the backup {stored.record.id} is also that of {other}, which is kept",
        hint="find out who wrote one of these records, and remove that record by hand",
    )
