"""Records in buckets: written by conditional puts, found by listing, used only if they are valid."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import record_key, records_prefix, render_prefix
from ddbbackup.catalog.record import Record, attempt_digest, parse_record
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Identity, Objects

_RECORD_LIMIT_BYTES: Final = 8 << 20  # a response of DescribeTable has kilobytes


@dataclass(frozen=True, slots=True)
class Location:
    """The destination of one table: the rendered prefix ends in ``/`` unless it is empty."""

    bucket: str
    prefix: str
    bucket_owner: str | None = None
    kms_key_id: str | None = None

    @property
    def uri(self) -> str:
        return S3Location(self.bucket, self.prefix).uri


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record, its place, and its ETag when it was read or written."""

    record: Record
    location: Location
    key: str
    etag: str


class Catalog:
    """The records of one plan. Every method raises ``ObjectMissing`` for a missing bucket."""

    def __init__(self, objects: Objects, *, plan: str) -> None:
        self._objects = objects
        self._plan = plan

    def create(self, record: Record, location: Location) -> StoredRecord:
        """Writes a new record, or returns the one that another process wrote for the same attempt of the run.

        Two processes with the same run id can both find no record and both write one, with ids that differ only in
        their time. The earlier id wins and the later record is deleted, so that both continue with the same record.
        """
        table = record.table.name
        key = record_key(location.prefix, self._plan, table, record.id)
        etag = self._put(location, key, record, if_none_match=True)
        digest = record.id.rpartition("-")[2]
        rivals = [k for k in self._keys(location, table) if k.endswith(f"-{digest}.json")]
        first = min([key, *rivals])
        if first != key:
            winner = self._read(location, first)
            if (winner.record.run, winner.record.attempt) == (record.run, record.attempt):
                self._objects.delete(location.bucket, key, owner=location.bucket_owner)
                return winner
        return StoredRecord(record, location, key, etag)

    def update(self, stored: StoredRecord, record: Record) -> StoredRecord:
        """Raises ``Conflict`` if another process changed the record since it was read."""
        etag = self._put(stored.location, stored.key, record, if_match=stored.etag)
        return replace(stored, record=record, etag=etag)

    def of_table(self, location: Location, table: str) -> Iterator[StoredRecord]:
        """The records of one table, newest first. Each is read when the iterator reaches it."""
        for key in sorted(self._keys(location, table), reverse=True):
            yield self._read(location, key)

    def of_run(self, location: Location, table: str, *, table_arn: str, run: str) -> StoredRecord | None:
        """The last attempt of a run at one table.

        The id of a record identifies run and attempt, so that the records of other runs are not read.
        """
        by_digest = {key[-len("-01234567.json") :]: key for key in self._keys(location, table)}
        newest: str | None = None
        for attempt in itertools.count(1):
            ending = attempt_digest(plan=self._plan, table_arn=table_arn, run=run, attempt=attempt)
            key = by_digest.get(f"-{ending}.json")
            if key is None:
                break
            newest = key
        stored = self._read(location, newest) if newest else None
        return stored if stored and stored.record.run == run else None

    def find(self, location: Location, table: str, backup_id: str) -> StoredRecord | None:
        """None if there is no record with this id."""
        key = record_key(location.prefix, self._plan, table, backup_id)
        if self._objects.head(location.bucket, key, owner=location.bucket_owner) is None:
            return None
        return self._read(location, key)

    def tables(self, destination: Destination, identity: Identity) -> dict[str, Location]:
        """Every table that has records in a destination, whether or not it still exists."""

        def location(table: str) -> Location:
            return locate(destination, identity, table=table, plan=self._plan)

        head, field, tail = destination.prefix.partition("{table}")
        if not field:
            base = location("").prefix
            return {
                name: location(name) for name in self._folders(destination, records_prefix(base, self._plan))
            }
        own_folder = (not head or head.endswith("/")) and (not tail or tail.startswith("/"))
        if own_folder:
            base = render_prefix(
                head, account=identity.account, region=identity.region, table="", plan=self._plan
            )
            names = self._folders(destination, base)
            return {n: at for n in names if n in self._record_tables(destination, at := location(n))}
        return self._tables_by_listing(destination, identity)

    def _record_tables(self, destination: Destination, location: Location) -> frozenset[str]:
        return frozenset(self._folders(destination, records_prefix(location.prefix, self._plan)))

    def _tables_by_listing(self, destination: Destination, identity: Identity) -> dict[str, Location]:
        """For prefixes that join the table name with other text: lists every key below the fixed part."""
        head = destination.prefix.partition("{table}")[0]
        base = ""
        if head:
            base = render_prefix(
                head, account=identity.account, region=identity.region, table="", plan=self._plan
            ).rstrip("/")
        tables: dict[str, Location] = {}
        marker = f"ddbbackup/{self._plan}/"
        for item in self._objects.keys(destination.bucket, base, owner=destination.bucket_owner):
            before, mark, after = item.key.rpartition(marker)
            name, _, file = after.partition("/")
            if mark and name not in tables and is_backup_id(file.removesuffix(".json")):
                location = locate(destination, identity, table=name, plan=self._plan)
                if location.prefix == before:
                    tables[name] = location
        return tables

    def _folders(self, destination: Destination, prefix: str) -> list[str]:
        owner = destination.bucket_owner
        folders = self._objects.folders(destination.bucket, prefix, owner=owner)
        return [folder.removeprefix(prefix).rstrip("/") for folder in folders]

    def _keys(self, location: Location, table: str) -> list[str]:
        prefix = records_prefix(location.prefix, self._plan, table)
        names = [
            item.key for item in self._objects.keys(location.bucket, prefix, owner=location.bucket_owner)
        ]
        return [key for key in names if is_backup_id(key.removeprefix(prefix).removesuffix(".json"))]

    def _read(self, location: Location, key: str) -> StoredRecord:
        body, facts = self._objects.read(
            location.bucket, key, limit_bytes=_RECORD_LIMIT_BYTES, owner=location.bucket_owner
        )
        record = parse_record(body, where=S3Location(location.bucket, key).uri)
        return StoredRecord(record, location, key, facts.etag)

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
            kms_key_id=location.kms_key_id,
        )


def locate(destination: Destination, identity: Identity, *, table: str, plan: str) -> Location:
    """Where the backups of one table are, in the account and region of the identity."""
    return Location(
        bucket=destination.bucket,
        prefix=render_prefix(
            destination.prefix, account=identity.account, region=identity.region, table=table, plan=plan
        ),
        bucket_owner=destination.bucket_owner,
        kms_key_id=destination.encryption.kms_key_id,
    )
