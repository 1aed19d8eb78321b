"""AWS in memory: tables, buckets, exports and records, as far as assessments read them.

Nothing has settings of its own, and nothing can be written except records and point-in-time recovery.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from ddbbackup.catalog import Location, Record, RecordedData, description_document, locate
from ddbbackup.catalog.record import RecordedChain, RecordedCoverage
from ddbbackup.catalog.table_documents import TableDocument
from ddbbackup.errors import (
    DdbBackupError,
    NotSupported,
    ObjectMissing,
    SnapshotMissing,
    TableMissing,
    Unreachable,
)
from ddbbackup.model.arn import Arn
from ddbbackup.model.checksums import md5_base64
from ddbbackup.plan.model import Destination
from ddbbackup.ports import (
    Export,
    ExportRequest,
    Identity,
    Import,
    ImportPage,
    ImportSummary,
    KeyAttribute,
    PitrWindow,
    Place,
    Snapshot,
    TableFacts,
)
from ddbbackup.times import to_iso
from tests.support.memory import MemoryObjects
from tests.support.records import IDENTITY, NOW, TABLE_ID, instant, record

BUCKET = "vault"
VAULT = Destination("vault", BUCKET, "ddb/{table}/")
EXPORT_ID = "01795400000000-0badcafe"
BACKED_UP = NOW - timedelta(days=1)
ITEMS = ({"id": {"S": "a"}}, {"id": {"S": "b"}})


def describe(name: str, *, items: int = 2, **members: Any) -> dict[str, Any]:
    """DescribeTable of an on-demand table with the string key ``id``."""
    return {
        "TableName": name,
        "TableArn": str(Arn.of_table(name, partition="aws", region="eu-west-1", account=IDENTITY.account)),
        "TableId": TABLE_ID,
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ItemCount": items,
        "TableSizeBytes": 100 * items,
        **members,
    }


@dataclass
class MemoryTables:
    """Tables by name, with their recovery windows; a table without one has point-in-time recovery disabled."""

    identity: Identity
    descriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    windows: dict[str, PitrWindow] = field(default_factory=dict)

    def add(self, description: Mapping[str, Any], *, pitr: bool = True) -> None:
        name = description["TableName"]
        self.descriptions[name] = dict(description)
        if pitr:
            self.windows[name] = PitrWindow(True, NOW - timedelta(days=7), NOW)

    def names(self) -> Iterator[str]:
        yield from self.descriptions

    def arn(self, name: str) -> str:
        identity = self.identity
        return str(Arn.of_table(name, partition="aws", region=identity.region, account=identity.account))

    def describe(self, name: str) -> TableFacts:
        if name not in self.descriptions:
            raise TableMissing(f"table {name} does not exist", hint="check the name")
        found = self.descriptions[name]
        types = {each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]}
        keys = tuple(
            KeyAttribute(each["AttributeName"], each["KeyType"], types[each["AttributeName"]])
            for each in found["KeySchema"]
        )
        arn, size = self.arn(name), found["TableSizeBytes"]
        return TableFacts(
            name, arn, found["TableId"], found["TableStatus"], keys, found["ItemCount"], size, found
        )

    def pitr(self, name: str) -> PitrWindow:
        self.describe(name)
        return self.windows.get(name, PitrWindow(enabled=False))

    def holds_items(self, name: str) -> bool:
        return self.describe(name).item_count > 0


@dataclass
class MemoryBuckets:
    """One bucket that belongs to the account; what is not set here cannot be read."""

    versioning: bool = True
    names: set[str] = field(default_factory=lambda: {BUCKET})

    def region(self, bucket: str, *, owner: str | None = None) -> str:
        if bucket not in self.names:
            raise ObjectMissing(f"bucket {bucket} does not exist", hint="create it")
        return "eu-west-1"

    def versioned(self, bucket: str, *, owner: str | None = None) -> bool:
        return self.versioning

    def __getattr__(self, name: str) -> Any:
        return _not_supported


@dataclass
class MemoryExports:
    described: dict[str, Export] = field(default_factory=dict)

    def describe(self, export_arn: str) -> Export:
        return self.described[export_arn]

    def start(self, request: ExportRequest) -> Export:
        raise NotSupported("exports cannot be started in memory", hint="-")


@dataclass
class MemoryImports:
    listed: list[Import] = field(default_factory=list)

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ImportPage:
        listed = [each for each in self.listed if table_arn in (None, each.table_arn)]
        return ImportPage(
            tuple(ImportSummary(each.arn, each.status, BUCKET, "no/such/prefix/") for each in listed), None
        )

    def describe(self, import_arn: str) -> Import:
        return next(each for each in self.listed if each.arn == import_arn)


@dataclass
class MemoryBulkPuts:
    available: bool = True


class MemorySnapshots:
    """On-demand backups. ``answers`` are taken one by one by ``create``: an error, or "lost" after a creation."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables
        self.kept: list[Snapshot] = []
        self.answers: list[DdbBackupError | Literal["lost"]] = []
        self.listed = 0
        self.now: Callable[[], datetime] = lambda: NOW

    def create(self, table: str, name: str) -> Snapshot:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, DdbBackupError):
            raise answer
        facts = self._tables.describe(table)
        arn = f"{facts.arn}/backup/01795400000000-{len(self.kept):08x}"
        made = Snapshot(arn, name, "AVAILABLE", self.now(), facts.size_bytes, facts.arn, facts.table_id, 2)
        self.kept.append(made)
        if answer == "lost":
            raise Unreachable("the connection broke", hint="-")
        return replace(made, status="CREATING", table_arn=None, table_id=None, item_count=None)

    def describe(self, arn: str) -> Snapshot:
        for each in self.kept:
            if each.arn == arn:
                return each
        raise SnapshotMissing(f"there is no on-demand backup {arn}", hint="-")

    def of_table(self, table: str, *, since: datetime | None = None) -> Iterator[Snapshot]:
        self.listed += 1
        arn = self._tables.arn(table)
        yield from (
            each
            for each in self.kept
            if each.table_arn == arn and (since is None or each.created_at >= since)
        )


class _Settings:
    """Point-in-time recovery can be enabled; no setting can be read."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    def enable_pitr(self, name: str, period_days: int | None) -> None:
        self._tables.windows[name] = PitrWindow(True, NOW, NOW)

    def __getattr__(self, name: str) -> Any:
        return _not_supported


class _Nothing:
    def __getattr__(self, name: str) -> Any:
        return _not_supported


def _not_supported(*_: Any, **__: Any) -> Any:
    raise NotSupported("this cannot be read in memory", hint="-")


class MemoryCloud:
    """Implements what assessments call of ``ports.Cloud``. ``elsewhere`` is the cloud of targets in another place."""

    def __init__(self, identity: Identity = IDENTITY) -> None:
        self.identity = identity
        self.tables = MemoryTables(identity)
        self.buckets = MemoryBuckets()
        self.objects = MemoryObjects()
        self.exports = MemoryExports()
        self.imports = MemoryImports()
        self.bulk_puts = MemoryBulkPuts()
        self.snapshots = MemorySnapshots(self.tables)
        self.settings = _Settings(self.tables)
        self.scaling = _Nothing()

    def kms_keys(self, region: str) -> Any:
        return _not_supported()

    def at(self, place: Place) -> MemoryCloud:
        if (place.region, place.account) == (None, None):
            return self
        return MemoryCloud(
            replace(
                self.identity,
                region=place.region or self.identity.region,
                account=place.account or self.identity.account,
            )
        )

    # ---- what a test lays out

    def put_export(
        self,
        root: str,
        items: Sequence[Mapping[str, Any]] = ITEMS,
        *,
        table: str = "orders",
        export_type: str = "FULL_EXPORT",
        **members: Any,
    ) -> str:
        """Writes an export with one data file per item. Returns the key of its manifest.

        ``members`` are added to ``manifest-summary.json``.
        """
        entries = []
        for number, item in enumerate(items):
            body = gzip.compress(json.dumps({"Item": item}, separators=(",", ":")).encode() + b"\n", mtime=0)
            key = f"{root}data/{number:026d}.json.gz"
            self.objects.bodies[key] = body
            entries.append({"itemCount": 1, "md5Checksum": md5_base64(body), "dataFileS3Key": key})
        summary = {
            "version": "2020-06-30",
            "exportArn": f"{self.tables.arn(table)}/export/{EXPORT_ID}",
            "tableArn": self.tables.arn(table),
            "tableId": TABLE_ID,
            "exportTime": "2026-11-24T10:00:00Z",
            "s3Bucket": BUCKET,
            "manifestFilesS3Key": f"{root}manifest-files.json",
            "billedSizeBytes": 100,
            "itemCount": len(items),
            "outputFormat": "DYNAMODB_JSON",
            "exportType": export_type,
            **members,
        }
        files = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
        for name, body in (("files", files), ("summary", json.dumps(summary).encode())):
            self.objects.bodies[f"{root}manifest-{name}.json"] = body
            self.objects.bodies[f"{root}manifest-{name}.md5"] = md5_base64(body).encode()
        return f"{root}manifest-summary.json"

    def put_window(self, base: Record) -> Record:
        """A complete window of an hour without changes, which follows this full backup."""
        location, table = self._location(base.table.name), base.table.name
        start = base.time or BACKED_UP
        end = start + timedelta(hours=1)
        export_id = EXPORT_ID.replace("1795", "1796")
        arn = f"{self.tables.arn(table)}/export/{export_id}"
        manifest_key = self.put_export(
            f"{location.prefix}AWSDynamoDB/{export_id}/",
            (),
            table=table,
            export_type="INCREMENTAL_EXPORT",
            exportArn=arn,
            exportFromTime=to_iso(start),
            exportToTime=to_iso(end),
            outputView="NEW_IMAGE",
        )
        stored = record(
            table=table,
            run="later",
            at=end,
            state="complete",
            completed_at=end,
            covers=RecordedCoverage(kind="window", start=start, end=end),
            export={"arn": arn},
            destination={"bucket": BUCKET, "prefix": location.prefix},
            data=RecordedData(
                manifest_key=location.relative(manifest_key),
                item_count=0,
                file_count=0,
                size_bytes=0,
                view="NEW_IMAGE",
            ),
            origin=self.identity,
        )
        chain = RecordedChain(base=base.id, previous=base.id, needs=(base.id, stored.id))
        stored = replace(stored, table=base.table, chain=chain)
        self.put_record(stored)
        return stored

    def put_record(self, stored: Record) -> None:
        location = self._location(stored.table.name)
        self.objects.bodies[location.record_key(stored.id)] = stored.to_json()

    def put_document(self, table: str, document: TableDocument) -> str:
        """Puts a description or settings of a table into the bucket. Returns the SHA-256 for its record."""
        self.objects.bodies[self._location(table).document_key(document.sha256)] = document.body
        return document.sha256

    def _location(self, table: str) -> Location:
        return locate(VAULT, self.identity, table=table, plan="prod")

    def put_backup(self, table: str = "orders", *, at: datetime = BACKED_UP, **members: Any) -> Record:
        """A complete backup with its data. ``members`` replace those of the recorded description."""
        location = self._location(table)
        manifest_key = self.put_export(f"{location.prefix}AWSDynamoDB/{EXPORT_ID}/", table=table)
        arn = f"{self.tables.arn(table)}/export/{EXPORT_ID}"
        description = describe(table, TableArn=self.tables.arn(table), **members)
        stored = record(
            table=table,
            run="earlier",
            at=at,
            state="complete",
            completed_at=at,
            covers=instant(at),
            export={"arn": arn},
            destination={"bucket": BUCKET, "prefix": location.prefix},
            data=RecordedData(
                manifest_key=location.relative(manifest_key), item_count=2, file_count=2, size_bytes=100
            ),
            table_members={
                "description": self.put_document(table, description_document(description)),
                "item_count": description["ItemCount"],
                "size_bytes": description["TableSizeBytes"],
            },
            origin=self.identity,
        )
        self.put_record(stored)
        return stored
