"""Records in buckets: written by conditional puts, found by listing, used only if they are what they claim to be."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ddbbackup.archive.layout import RECORDS_FOLDER, destination_root, records_prefix
from ddbbackup.catalog.acceptance import START_WITHIN, objection
from ddbbackup.catalog.location import Location, locate
from ddbbackup.catalog.observed_setting import ObservedSetting
from ddbbackup.catalog.record import Record, attempt_digest, parse_record
from ddbbackup.catalog.rejections import Rejections
from ddbbackup.catalog.summary import SummarizedRecord, up_to_date
from ddbbackup.catalog.summary_store import SummaryStore
from ddbbackup.catalog.table_documents import TableDocument, parse_description, parse_settings
from ddbbackup.clock import Clock, SystemClock
from ddbbackup.errors import AccessDenied, Conflict, DataIncomplete, DdbBackupError, ObjectMissing, Refused
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.model.checksums import md5_digest
from ddbbackup.model.json_value import JsonObject
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination
from ddbbackup.plan.restore_from import Origin
from ddbbackup.ports import Identity, ObjectFacts, Objects

_RECORD_LIMIT_BYTES: Final = 8 << 20  # a response of DescribeTable has kilobytes
_UPDATES_AT_MOST: Final = 5
_READ_AGAIN_AT_MOST: Final = 3
_RECENT: Final = timedelta(days=3)  # a table with a backup in this time needs one short listing
_SUFFIX: Final = ".json"
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2,3}(-[a-z]+)+-[0-9]+")


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record, its place, and its ETag when it was read or written."""

    record: Record
    location: Location
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read, or is not what it claims to be. The others do not suffer from it."""

    location: Location
    key: str
    error: DdbBackupError

    @property
    def id(self) -> str:
        """From the key; the content is not believed."""
        return self.key.rpartition("/")[2].removesuffix(".json")

    @property
    def table(self) -> str:
        return self.location.table


class Catalog:
    """The records of one plan. Every method raises ``ObjectMissing`` for a missing bucket."""

    def __init__(self, objects: Objects, *, plan: str, clock: Clock | None = None) -> None:
        self._objects = objects
        self._plan = plan
        self._clock = clock or SystemClock()
        self._summaries = SummaryStore(objects)
        self.rejections = Rejections()

    def create(self, record: Record, location: Location) -> StoredRecord:
        """Writes a new record, or returns the one that another process wrote for the same attempt of the run.

        Two processes with the same run id can both find no record and both write one, with ids that differ only in
        their time. The earlier id wins and the later record is deleted, so that both continue with the same record.
        In the same second, the ids are the same, and the first put wins.
        """
        key = location.record_key(record.id)
        try:
            etag = self._put(location, key, record, if_none_match=True)
        except Conflict:
            winner = self.read(location, key)
            if isinstance(winner, BadRecord):
                raise
            return winner
        digest = record.id.rpartition("-")[2]
        rivals = [k for k in self.record_keys(location) if k.endswith(f"-{digest}.json") and k < key]
        for rival in sorted(rivals):
            winner = self.read(location, rival)
            if isinstance(winner, StoredRecord):
                self._objects.delete(location.bucket, key, owner=location.bucket_owner)
                return winner
        return StoredRecord(record, location, key, etag)

    def update(self, stored: StoredRecord, record: Record) -> StoredRecord:
        """Writes a later state of a record.

        Whoever loses a race against another process of the same run reads what that one wrote, and agrees with it if
        it is about the same export. Raises ``Conflict`` if it is not, and if the backup is being removed: its record
        never becomes another again.
        """
        for _ in range(_UPDATES_AT_MOST):
            try:
                etag = self._put(stored.location, stored.key, record, if_match=stored.etag)
            except Conflict:
                current = self.read(stored.location, stored.key)
                if isinstance(current, BadRecord) or not _same_export(current.record, record):
                    raise
                if current.record.state == "expiring" and record.state != "expiring":
                    raise Conflict(
                        f"`ddbbackup prune` is removing the backup {record.id}",
                        hint="run the command with another backup",
                    ) from None
                if current.record.state == "complete" or current.record == record:
                    return current
                stored = current
            else:
                stored = replace(stored, record=record, etag=etag)
                self.update_summary(stored.location, (stored,))
                return stored
        raise Conflict(
            f"the record {record.id} could not be updated: other processes keep changing it",
            hint="wait until other runs of this plan have ended, then run the same command again",
        )

    def record_keys(self, location: Location, *, since: datetime | None = None) -> list[str]:
        """The keys of the records whose IDs have this time or a later one, oldest first. Reads no record."""
        return [each.key for each in self.list_records(location, since=since)]

    def backup_ids(self, location: Location) -> list[str]:
        """Oldest first. Reads no record."""
        start, end = len(location.records), -len(_SUFFIX)
        return [each.key[start:end] for each in self.list_records(location)]

    def list_records(self, location: Location, *, since: datetime | None = None) -> list[ObjectFacts]:
        """As ``record_keys``, with the ETags."""
        prefix = location.records
        start_after = f"{prefix}{since:%Y%m%dT%H%M%SZ}" if since is not None else None
        listed = self._objects.keys(
            location.bucket, prefix, owner=location.bucket_owner, start_after=start_after, recursive=False
        )
        start, end = len(prefix), -len(_SUFFIX)
        return [each for each in listed if each.key.endswith(_SUFFIX) and is_backup_id(each.key[start:end])]

    def known_records(
        self,
        location: Location,
        *,
        since: datetime | None = None,
        recent: Sequence[ObjectFacts] | None = None,
    ) -> dict[str, SummarizedRecord | None]:
        """The records of ``record_keys`` by ID, oldest first: what the summary says; None if they must be read.

        ``recent``: those that were listed a moment ago, instead of another listing.
        """
        start, end = len(location.records), -len(_SUFFIX)
        facts = self.list_records(location, since=since) if recent is None else recent
        listed = [(each.key[start:end], each.etag) for each in facts]
        known = up_to_date(self._summaries.read(location), listed) if listed else {}
        return {backup_id: known.get(backup_id) for backup_id, _ in listed}

    def update_summary(
        self, location: Location, add: Iterable[StoredRecord], *, drop: Collection[str] = ()
    ) -> None:
        """Adds what complete records say and drops others. If that fails, the records are read instead."""
        self._summaries.update(location, [(each.record, each.etag) for each in add], drop=drop)

    def keep_document(self, location: Location, document: TableDocument) -> str:
        """Writes what a record says about its table, unless it is there. Returns its SHA-256.

        An object of this name with another content is overwritten: its name says what it must hold.
        """
        key, owner = location.document_key(document.sha256), location.bucket_owner
        try:
            body, _ = self._objects.read(location.bucket, key, limit_bytes=_RECORD_LIMIT_BYTES, owner=owner)
        except (ObjectMissing, DataIncomplete):
            body = b""
        if body != document.body:
            self._objects.put(
                location.bucket,
                key,
                document.body,
                content_type="application/json",
                owner=owner,
                encryption=location.encryption,
            )
        return document.sha256

    def description(self, stored: StoredRecord) -> JsonObject:
        """The recorded DescribeTable, with the counts of the record; empty if the record names none.

        Raises ``DataIncomplete`` if it is missing, or not the document that the record names.
        """
        table = stored.record.table
        if table.description is None:
            return {}
        body, where = self._document(stored, table.description)
        counters = {"ItemCount": table.item_count or 0, "TableSizeBytes": table.size_bytes or 0}
        return {**parse_description(body, table.description, where=where), **counters}

    def settings(self, stored: StoredRecord) -> Mapping[str, ObservedSetting] | None:
        """The recorded settings; None if they have not been read. Raises ``DataIncomplete``."""
        sha256 = stored.record.settings
        if sha256 is None:
            return None
        body, where = self._document(stored, sha256)
        return parse_settings(body, sha256, where=where)

    def _document(self, stored: StoredRecord, sha256: str) -> tuple[bytes, str]:
        location = stored.location
        key = location.document_key(sha256)
        where = S3Location(location.bucket, key).uri
        try:
            body, _ = self._objects.read(
                location.bucket, key, limit_bytes=_RECORD_LIMIT_BYTES, owner=location.bucket_owner
            )
        except ObjectMissing as error:
            raise DataIncomplete(
                f"{where}, which the record {stored.record.id} names, is missing",
                hint="restore the export with `from: {s3_uri: …}`",
            ) from error
        return body, where

    def of_table(
        self,
        location: Location,
        *,
        until: datetime | None = None,
        recent: Sequence[ObjectFacts] | None = None,
    ) -> Iterator[StoredRecord | BadRecord]:
        """The records of one table, newest first. Each is read when the iterator reaches it.

        ``until``: only those that may have reached this time or an earlier one. The keys of the last days are listed
        first, so that the newest backup costs one request for any number of older ones; ``recent`` are those of a
        listing that was made a moment ago.
        """
        last = f"{until + START_WITHIN:%Y%m%dT%H%M%SZ}~" if until is not None else "~"
        if recent is None:
            recent = self.list_records(location, since=(until or self._clock.now()) - _RECENT)
        newest = [each.key for each in recent]
        for key in itertools.chain(reversed(newest), self._older_keys(location, newest)):
            if key.removeprefix(location.records) <= last:
                yield self.read(location, key)

    def _older_keys(self, location: Location, recent: Sequence[str]) -> Iterator[str]:
        """Newest first. Lists them when they are reached: most callers never do."""
        known = set(recent)
        yield from (key for key in reversed(self.record_keys(location)) if key not in known)

    def of_run(
        self, location: Location, *, run: str, listed: Sequence[ObjectFacts] | None = None
    ) -> StoredRecord | None:
        """The last attempt of a run at one table. ``listed``: what ``list_records`` returned a moment ago.

        The id of a record identifies run and attempt, so that the records of other runs are not read. Raises the
        error of a record that cannot be read: it may be of an export that must not be started again.
        """
        by_digest: dict[str, list[str]] = {}
        for each in self.list_records(location) if listed is None else listed:
            by_digest.setdefault(each.key[-len("-01234567.json") :], []).append(each.key)
        attempts: list[list[str]] = []
        for attempt in itertools.count(1):
            digest = attempt_digest(plan=self._plan, table_arn=location.table_arn, run=run, attempt=attempt)
            keys = by_digest.get(f"-{digest}.json")
            if keys is None:
                break
            attempts.append(sorted(keys))
        for keys in reversed(attempts):
            for found in (self.read(location, key) for key in keys):
                if isinstance(found, StoredRecord):
                    return found
                if not isinstance(found.error, NotAccepted):
                    raise found.error
        return None

    def find(self, location: Location, backup_id: str) -> StoredRecord | None:
        """None if there is no record with this ID. Raises the error of one that cannot be used."""
        found = self.look_up(location, backup_id)
        if isinstance(found, BadRecord):
            raise found.error
        return found

    def look_up(self, location: Location, backup_id: str) -> StoredRecord | BadRecord | None:
        """The record with this ID, usable or not; None if there is none."""
        key = location.record_key(backup_id)
        if self._objects.head(location.bucket, key, owner=location.bucket_owner) is None:
            return None
        return self.read(location, key)

    def tables(self, destination: Destination, identity: Identity) -> dict[str, Location]:
        """Every table of this account and region that has records, whether or not it still exists.

        Also a table of which only descriptions and settings are left: see ``has_records``.
        """
        prefix = records_prefix(
            destination_root(destination.prefix), self._plan, identity.account, identity.region
        )
        folders = self._objects.folders(destination.bucket, prefix, owner=destination.bucket_owner)
        names = [folder.removeprefix(prefix).rstrip("/") for folder in folders]
        return {name: locate(destination, identity, table=name, plan=self._plan) for name in names}

    def check_readable(self, destination: Destination, identity: Identity) -> None:
        """Asks for a page of the tables with records. Raises what is wrong with the bucket or the service."""
        prefix = records_prefix(
            destination_root(destination.prefix), self._plan, identity.account, identity.region
        )
        next(iter(self._objects.folders(destination.bucket, prefix, owner=destination.bucket_owner)), None)

    def has_records(self, location: Location) -> bool:
        """Costs one short listing."""
        return self._has_record_below(location.bucket, location.records, owner=location.bucket_owner)

    def origins(self, destination: Destination, table: str) -> tuple[Origin, ...]:
        """Every account and Region with records of the table. Names of another form are none of ours."""
        root = destination_root(destination.prefix)
        accounts = self._below(destination, f"{root}{RECORDS_FOLDER}/{self._plan}/", _ACCOUNT)
        return tuple(
            Origin(account, region)
            for account, folder in accounts
            for region, _ in self._below(destination, folder, _REGION)
            if self._has_record_below(
                destination.bucket,
                records_prefix(root, self._plan, account, region, table),
                owner=destination.bucket_owner,
            )
        )

    def _below(
        self, destination: Destination, prefix: str, form: re.Pattern[str]
    ) -> Iterator[tuple[str, str]]:
        """The folders with a name of this form: name and prefix."""
        for folder in self._objects.folders(destination.bucket, prefix, owner=destination.bucket_owner):
            name = folder.removeprefix(prefix).rstrip("/")
            if form.fullmatch(name):
                yield name, folder

    def _has_record_below(self, bucket: str, prefix: str, *, owner: str | None) -> bool:
        keys = self._objects.keys(bucket, prefix, owner=owner)
        return any(is_backup_id(each.key.removeprefix(prefix).removesuffix(".json")) for each in keys)

    def read(self, location: Location, key: str) -> StoredRecord | BadRecord:
        """One record. Raises only what is wrong with the service, not what is wrong with the record.

        What is no record is read again, unless its ETag proves that the bucket holds just that: because an answer was
        changed on its way, nobody should get an older backup.
        """
        found, is_certain = self._read_once(location, key)
        for _ in range(_READ_AGAIN_AT_MOST):
            if is_certain:
                break
            found, is_certain = self._read_once(location, key)
        return self._bad(location, key, found) if isinstance(found, DdbBackupError) else found

    def _read_once(self, location: Location, key: str) -> tuple[StoredRecord | DdbBackupError, bool]:
        """The record or what is wrong with it, and whether another reading would certainly show the same."""
        where = S3Location(location.bucket, key).uri
        try:
            body, facts = self._objects.read(
                location.bucket, key, limit_bytes=_RECORD_LIMIT_BYTES, owner=location.bucket_owner
            )
        except (Refused, DataIncomplete, AccessDenied) as error:
            return error, True
        try:
            record = parse_record(body, where=where)
        except DataIncomplete as error:
            return error, _is_as_stored(body, facts.etag)
        reason = objection(record, location, key, now=self._clock.now())
        if reason is not None:
            hint = "find out who wrote it; if the data is genuine, restore it with `from: {s3_uri: …}`"
            refusal = NotAccepted(f"the record {where} is not accepted: {reason}", hint=hint)
            return refusal, _is_as_stored(body, facts.etag)
        return StoredRecord(record, location, key, facts.etag), True

    def _bad(self, location: Location, key: str, error: DdbBackupError) -> BadRecord:
        bad = BadRecord(location, key, error)
        self.rejections.add(location.bucket, key, table=location.table, backup=bad.id, error=error)
        return bad

    def _put(
        self,
        location: Location,
        key: str,
        record: Record,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
    ) -> str:
        return self._objects.put(
            location.bucket,
            key,
            record.to_json(),
            content_type="application/json",
            owner=location.bucket_owner,
            if_none_match=if_none_match,
            if_match=if_match,
            encryption=location.encryption,
        )


class NotAccepted(DataIncomplete):
    """A record is not what it claims to be: somebody else wrote it, or it was copied to another place."""


def _is_as_stored(body: bytes, etag: str) -> bool:
    """Whether the ETag proves it: that of what one request wrote is its MD5, without a KMS key (S3 API: Object)."""
    return etag.strip('"') == md5_digest(body).hex()


def _same_export(current: Record, wanted: Record) -> bool:
    """Of the same attempt of the same run, and not of two exports."""
    arns = {current.job_arn, wanted.job_arn} - {None}
    return current.id == wanted.id and len(arns) <= 1
