"""Records in the bucket: written by conditional puts, found by listing, believed only if their schema holds."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ddbbackup.archive.layout import record_key, records_prefix, render_prefix
from ddbbackup.catalog.record import Record, attempt_digest
from ddbbackup.errors import DataNotWhole
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.plan import schema_text
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Objects

_RECORD_LIMIT_BYTES = 8 << 20  # a DescribeTable answer is some kB; nothing honest comes near this


@dataclass(frozen=True, slots=True)
class Location:
    """One destination as one table sees it: its prefix rendered, ending in ``/`` unless empty."""

    bucket: str
    prefix: str
    bucket_owner: str | None = None
    kms_key_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with the place where it lies and the ETag it had when it was read or written."""

    record: Record
    location: Location
    key: str
    etag: str


class Catalog:
    """All records of one plan. Raises ``ObjectMissing`` where a bucket does not exist."""

    def __init__(self, objects: Objects, *, plan: str) -> None:
        self._objects = objects
        self._plan = plan

    def create(self, record: Record, location: Location) -> StoredRecord:
        """Writes a new record; if another process wrote one for the same attempt of the run, returns that one.

        Two processes with the same run id may both see no record and both write one, with ids that differ
        only in their time. The earlier id wins and the later record is taken away again, so that both go on
        with the same record.
        """
        key = record_key(location.prefix, self._plan, record.table, record.id)
        etag = self._put(location, key, record, if_none_match=True)
        digest = record.id.rpartition("-")[2]
        rivals = [k for k in self._keys(location, record.table) if k.endswith(f"-{digest}.json")]
        first = min([key, *rivals])
        if first != key:
            winner = self._read(location, first)
            if (winner.record.run, winner.record.attempt) == (record.run, record.attempt):
                self._objects.delete(location.bucket, key, owner=location.bucket_owner)
                return winner
        return StoredRecord(record, location, key, etag)

    def update(self, stored: StoredRecord, record: Record) -> StoredRecord:
        """Raises ``Conflict`` if somebody else changed the record since it was read."""
        etag = self._put(stored.location, stored.key, record, if_match=stored.etag)
        return replace(stored, record=record, etag=etag)

    def of_table(self, location: Location, table: str) -> Iterator[StoredRecord]:
        """The records of one table, newest first, each read when it is asked for."""
        for key in sorted(self._keys(location, table), reverse=True):
            yield self._read(location, key)

    def of_run(self, location: Location, table: str, *, table_arn: str, run: str) -> StoredRecord | None:
        """The newest attempt that a run made at one table.

        An id tells which attempt of which run it is of, so that years of records need not be read for this.
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
        key = record_key(location.prefix, self._plan, table, backup_id)
        if self._objects.head(location.bucket, key, owner=location.bucket_owner) is None:
            return None
        return self._read(location, key)

    def tables(self, destination: Destination, *, account: str, region: str) -> dict[str, Location]:
        """Every table that has records under a destination, whether or not it still exists."""

        def location(table: str) -> Location:
            return locate(destination, account=account, region=region, table=table, plan=self._plan)

        head, field, tail = destination.prefix.partition("{table}")
        if not field:
            base = location("").prefix
            return {
                name: location(name) for name in self._folders(destination, records_prefix(base, self._plan))
            }
        own_folder = (not head or head.endswith("/")) and (not tail or tail.startswith("/"))
        if own_folder:
            base = render_prefix(head, account=account, region=region, table="", plan=self._plan)
            names = self._folders(destination, base)
            return {n: at for n in names if n in self._record_tables(destination, at := location(n))}
        return self._tables_by_listing(destination, account=account, region=region)

    def _record_tables(self, destination: Destination, location: Location) -> frozenset[str]:
        return frozenset(self._folders(destination, records_prefix(location.prefix, self._plan)))

    def _tables_by_listing(
        self, destination: Destination, *, account: str, region: str
    ) -> dict[str, Location]:
        """For prefixes that mix the table's name with other text: reads every key below the fixed part."""
        head = destination.prefix.partition("{table}")[0]
        fields = {"account": account, "region": region, "plan": self._plan}
        base = render_prefix(head, table="", **fields).rstrip("/") if head else ""
        found: dict[str, Location] = {}
        marker = f"ddbbackup/{self._plan}/"
        for item in self._objects.keys(destination.bucket, base, owner=destination.bucket_owner):
            before, mark, after = item.key.rpartition(marker)
            name, _, file = after.partition("/")
            if mark and name not in found and is_backup_id(file.removesuffix(".json")):
                location = locate(destination, table=name, **fields)
                if location.prefix == before:
                    found[name] = location
        return found

    def _folders(self, destination: Destination, prefix: str) -> list[str]:
        owner = destination.bucket_owner
        folders = self._objects.folders(destination.bucket, prefix, owner=owner)
        return [folder.removeprefix(prefix).rstrip("/") for folder in folders]

    def _keys(self, location: Location, table: str) -> list[str]:
        prefix = records_prefix(location.prefix, self._plan, table)
        found = self._objects.keys(location.bucket, prefix, owner=location.bucket_owner)
        names = [item.key for item in found]
        return [key for key in names if is_backup_id(key.removeprefix(prefix).removesuffix(".json"))]

    def _read(self, location: Location, key: str) -> StoredRecord:
        body, facts = self._objects.read(
            location.bucket, key, limit_bytes=_RECORD_LIMIT_BYTES, owner=location.bucket_owner
        )
        record = parse_record(body, where=f"s3://{location.bucket}/{key}")
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


def locate(destination: Destination, *, account: str, region: str, table: str, plan: str) -> Location:
    """Where backups of one table lie."""
    return Location(
        bucket=destination.bucket,
        prefix=render_prefix(destination.prefix, account=account, region=region, table=table, plan=plan),
        bucket_owner=destination.bucket_owner,
        kms_key_id=destination.encryption.kms_key_id,
    )


def parse_record(body: bytes, *, where: str) -> Record:
    """Raises ``DataNotWhole`` for anything that breaks the promise of the record schema."""
    hint = "restore by s3_uri from the export's folder instead, and find out who changed the record"
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise DataNotWhole(f"the record {where} is not JSON", hint=hint) from None
    defect = _first_defect(document)
    if defect:
        raise DataNotWhole(f"the record {where} is not a record: {defect}", hint=hint)
    try:
        return Record.from_document(document)
    except ValueError:
        raise DataNotWhole(f"the record {where} holds a time that is none", hint=hint) from None


def _first_defect(document: Any) -> str | None:
    error = next(iter(_record_validator().iter_errors(document)), None)
    return f"{error.json_path} breaks {error.validator!r}" if error else None


@cache
def _record_validator() -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs 60 ms, and only reading records needs it

    schema: Mapping[str, Any] = json.loads(schema_text("record"))
    return Draft202012Validator(schema)
