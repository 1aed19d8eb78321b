"""What is read of a catalog of ten million records, on a store that answers after 30 ms.

The store makes its listings and records as they are asked for; threads wait as they wait for S3. Its own work counts.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ddbbackup.archive.layout import SUMMARY_FILE
from ddbbackup.catalog import (
    Catalog,
    Location,
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedDestination,
    RecordedExport,
    RecordedTable,
    RecordedVerification,
    StoredRecord,
    derive_client_token,
    locate,
    new_backup_id,
)
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.summary import SummarizedRecord, write_summary
from ddbbackup.plan.model import Destination, Retention
from ddbbackup.ports import Identity, ObjectFacts
from ddbbackup.retention.decision import Decision
from ddbbackup.retention.planning import decide_tables
from tests.benchmarks.targets import Target
from tests.support.virtual_time import VirtualClock

TABLES: Final = 10_000
RECORDS: Final = 1_000
LATENCY_SECONDS: Final = 0.03
AT_ONCE: Final = 64
PLAN_SECONDS: Final = 60
NEWEST_REQUESTS: Final = 25_000
NEWEST_SECONDS: Final = 20
_PAGE: Final = 1000
_DIGEST: Final = "-01234567"
_IDENTITY: Final = Identity("123456789012", "arn:aws:iam::123456789012:user/sim", "aws", "eu-west-1")
_NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
POLICY: Final = Retention(keep_last=3, keep_daily=14, keep_weekly=8, keep_monthly=3)


@dataclass(frozen=True, slots=True)
class Shape:
    """A history: a backup ``every`` so often, and every so many of them a full one."""

    name: str
    every: timedelta
    full_every: int


SHAPES: Final = (
    Shape("hourly windows, a full backup every 30 days", timedelta(hours=1), 720),
    Shape("daily windows, a full backup every 30 days", timedelta(days=1), 30),
    Shape("nightly full backups", timedelta(days=1), 1),
    Shape("hourly full backups", timedelta(hours=1), 1),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """``requests`` by kind; ``removed`` restore points."""

    shape: Shape
    tables: int
    seconds: float
    requests: Counter[str]
    removed: int


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest restore points of all tables."""

    shape: Shape
    tables: int
    seconds: float
    requests: Counter[str]


class GeneratedStore:
    """``ports.Objects``, as far as a catalog reads it. All records of a table are of one run, which saves hashes."""

    def __init__(self, shape: Shape, records: int, *, now: datetime = _NOW) -> None:
        self._shape = shape
        first = now - shape.every * records
        self._times = [first + shape.every * number for number in range(records)]
        self._stamps = [f"{time:%Y%m%dT%H%M%SZ}" for time in self._times]
        rows = [self._row(number) for number in range(records)]
        self._summary = write_summary({row.id: row for row in rows}).decode()
        self._at_once = threading.BoundedSemaphore(AT_ONCE)
        self.requests: Counter[str] = Counter()

    def keys(
        self,
        bucket: str,
        prefix: str,
        *,
        owner: str | None = None,
        start_after: str | None = None,
        recursive: bool = True,
    ) -> Iterator[ObjectFacts]:
        tail = f"-{self._digest(prefix)}.json"
        first = 0 if start_after is None else bisect.bisect_left(self._stamps, start_after[len(prefix) :])
        for start in range(first, max(len(self._stamps), first + 1), _PAGE):
            self._request("list")
            for stamp in self._stamps[start : start + _PAGE]:
                yield ObjectFacts(f"{prefix}{stamp}{tail}", 1500, '"e"')

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        prefix, _, name = key.rpartition("/")
        if name == SUMMARY_FILE:
            self._request("summary")
            body = self._summary.replace(_DIGEST, f"-{self._digest(f'{prefix}/')}").encode()
            return body, ObjectFacts(key, len(body), '"e"')
        self._request("read")
        number = self._stamps.index(name[:16])
        body = self._record(f"{prefix}/", number).to_json()
        return body, ObjectFacts(key, len(body), '"e"')

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)

    def _request(self, kind: str) -> None:
        with self._at_once:
            time.sleep(LATENCY_SECONDS)
        self.requests[kind] += 1

    def _digest(self, prefix: str) -> str:
        table = prefix.rstrip("/").rpartition("/")[2]
        made = new_backup_id(_NOW, plan="prod", table_arn=_arn(table), run="nightly", attempt=1)
        return made.rpartition("-")[2]

    def _row(self, number: int) -> SummarizedRecord:
        """The same for every table but for the digest. All are verified, as in the records."""
        previous = None if number % self._shape.full_every == 0 else f"{self._stamps[number - 1]}{_DIGEST}"
        reaches = int(self._times[number].timestamp())
        return SummarizedRecord(
            f"{self._stamps[number]}{_DIGEST}",
            '"e"',
            previous,
            f"{number:08x}",
            reaches,
            reaches,
            1,
            "ok",
            "full" if previous is None else "window",
            1,
        )

    def _record(self, prefix: str, number: int) -> Record:
        table = prefix.rstrip("/").rpartition("/")[2]
        digest, at = self._digest(prefix), self._times[number]
        base = number - number % self._shape.full_every
        needs = tuple(f"{stamp}-{digest}" for stamp in self._stamps[base : number + 1])
        is_full = number == base
        covers = RecordedCoverage(kind="instant", start=at, end=at)
        if not is_full:
            covers = RecordedCoverage(kind="window", start=self._times[number - 1], end=at)
        export_id = f"0{round(at.timestamp() * 1000):013d}-0badcafe"
        token = derive_client_token(
            plan="prod", table_arn=_arn(table), table_id="id", run="nightly", attempt=1
        )
        return Record(
            record_version=1,
            id=needs[-1],
            plan="prod",
            run="nightly",
            attempt=1,
            state="complete",
            started_at=at,
            completed_at=at,
            made_by="export",
            covers=covers,
            table=RecordedTable(
                name=table, arn=_arn(table), id="id", account="123456789012", region="eu-west-1"
            ),
            destination=RecordedDestination(bucket="vault", prefix=f"{table}/"),
            export=RecordedExport(arn=f"{_arn(table)}/export/{export_id}", client_token=token),
            chain=RecordedChain(base=needs[0], previous=None if is_full else needs[-2], needs=needs),
            data=RecordedData(
                manifest_key=f"{table}/AWSDynamoDB/{export_id}/manifest-summary.json",
                item_count=1,
                file_count=1,
                size_bytes=1,
            ),
            verified=RecordedVerification(level="checksums", at=at, result="ok"),
        )


def find_newest(shape: Shape, *, tables: int = TABLES, records: int = RECORDS) -> Newest:
    """Finds the newest complete backup of every table, as ``status`` does."""
    store = GeneratedStore(shape, records)
    catalog = Catalog(store, plan="prod", clock=VirtualClock())
    locations = _locations(tables)
    started = time.perf_counter()
    found = read_concurrently(lambda location: next(catalog.of_table(location)), locations)
    seconds = time.perf_counter() - started
    newest = [each.record for each in found if isinstance(each, StoredRecord)]
    if len(newest) != tables or any(each.time != _NOW - shape.every for each in newest):
        raise AssertionError("a table lacks its newest backup")
    return Newest(shape, tables, seconds, store.requests)


def _locations(tables: int) -> list[Location]:
    destination = Destination("vault", "vault", "{table}/")
    return [
        locate(destination, _IDENTITY, table=f"table-{number:05d}", plan="prod") for number in range(tables)
    ]


def plan_all(shape: Shape, *, tables: int = TABLES, records: int = RECORDS) -> Plan:
    """Decides for every table what its policy keeps."""
    store = GeneratedStore(shape, records)
    clock = VirtualClock()
    catalog = Catalog(store, plan="prod", clock=clock)
    locations = _locations(tables)
    started = time.perf_counter()
    decided = decide_tables(catalog, dict.fromkeys(locations, POLICY), now=clock.now(), reads_at_once=AT_ONCE)
    seconds = time.perf_counter() - started
    decisions = [each for each in decided.values() if isinstance(each, Decision)]
    if len(decisions) != tables:
        raise AssertionError("a table could not be decided")
    return Plan(shape, tables, seconds, store.requests, sum(len(each.removed) for each in decisions))


def _arn(table: str) -> str:
    return f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}"


def targets(plans: list[Plan], newest: list[Newest]) -> list[Target]:
    slowest, first = max(plans, key=lambda each: each.seconds), newest[0]
    requests = sum(first.requests.values())
    return [
        Target(
            f"newest restore points of {first.tables:,} tables with {RECORDS:,} records each, simulated",
            f"≤ {NEWEST_REQUESTS:,} requests, ≤ {NEWEST_SECONDS} s",
            f"{requests:,} requests, {first.seconds:.0f} s",
            requests <= NEWEST_REQUESTS and first.seconds <= NEWEST_SECONDS,
        ),
        Target(
            f"plan of prune for {slowest.tables:,} tables with {RECORDS:,} records, slowest history, simulated",
            f"≤ {PLAN_SECONDS} s",
            f"{slowest.seconds:.0f} s",
            slowest.seconds <= PLAN_SECONDS,
        ),
    ]


def chapter(plans: list[Plan], newest: list[Newest]) -> str:
    """Markdown."""
    text = f"""
## A large catalog

{TABLES:,} tables with {RECORDS:,} records each, {AT_ONCE} requests at a time, on a store that answers each after
{LATENCY_SECONDS * 1000:.0f} ms and makes its answers in the same process. `prune` lists the records of a table and
reads the summary beside them; of a record that changed since it was summarized, it would read the record.

| history of each table | tables | requests | time | restore points to remove |
| --- | ---: | ---: | ---: | ---: |
"""
    for each in plans:
        requests = sum(each.requests.values())
        text += f"| {each.shape.name} | {each.tables:,} | {requests:,} | {each.seconds:.0f} s | {each.removed:,} |\n"
    text += """
The newest restore point of a table costs a listing of the last days and one record, however many there are.

| history of each table | tables | requests | time |
| --- | ---: | ---: | ---: |
"""
    for found in newest:
        requests = sum(found.requests.values())
        text += f"| {found.shape.name} | {found.tables:,} | {requests:,} | {found.seconds:.0f} s |\n"
    return text
