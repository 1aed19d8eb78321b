"""Exports of a simulated AWS in virtual time, with quotas and throttling.

The limits are those of AWS as far as they are known: 300 exports in progress (DynamoDB guide: Quotas); about twenty
starts in a row, then "Rate exceeded", where rejected calls count too; bursts of 13 to 18 DescribeExport and of about
twenty ListExports are throttled (all observed on AWS). ListExports is sorted by ExportArn, the last first, 25 a page
at most (DynamoDB API). How fast the limits recover is assumed, and that S3 holds the manifests of an export some
seconds before DescribeExport says COMPLETED.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ddbbackup.errors import Throttled
from ddbbackup.ports import Export, ExportPage, ExportRequest, ExportStatus, ExportSummary
from tests.support.simulated_tables import TableSize
from tests.support.virtual_time import VirtualClock

IN_FLIGHT = 300
_START = (20.0, 1 / 1.5)  # burst, and how many a second afterwards
DESCRIPTIONS = (13.0, 1.0)
LISTS = (20.0, 1.0)
_PAGE = 25
EXPORTED = gzip.compress(b'{"Item":{"id":{"S":"a"}}}\n', mtime=0)
_ONE_ITEM = TableSize(1, 0, len(EXPORTED), 1)


class TokenBucket:
    """A token bucket. Rejected calls count as well, up to one burst."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._level, self._then = burst, 0.0

    def take(self, now: float) -> bool:
        self._level = min(self._burst, self._level + (now - self._then) * self._rate)
        self._then = now
        self._level = max(-self._burst, self._level - 1)
        return self._level >= 0


class SimulatedAws:
    """Implements ``ports.Exports``.

    ``calls`` and ``throttled`` count by operation, ``started_at`` and ``ended_at`` are by table ARN.
    ``minutes`` is the range of the duration of exports, ``reads`` the burst and the rate per second of each read.
    ``settling`` is the range of seconds from the last manifest to COMPLETED. ``history`` are the tables that were
    exported every hour of the last 90 days, and the exports of ``failing`` tables fail. ``size_of`` is by the name of
    the table; the content of each data file is one item, whatever the manifest and ``object_sizes`` say.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        seed: int,
        minutes: tuple[float, float] = (2.0, 60.0),
        reads: tuple[float, float] | None = None,
        settling: tuple[float, float] = (0.0, 10.0),
        history: Sequence[str] = (),
        failing: Sequence[str] = (),
        size_of: Callable[[str], TableSize] = lambda name: _ONE_ITEM,
    ) -> None:
        self.clock = clock
        self.size_of = size_of
        self.object_sizes: dict[str, int] = {}
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self.started_at: dict[str, float] = {}
        self.ended_at: dict[str, float] = {}
        self.put_object: Callable[[str, bytes], None] = lambda key, body: None
        self.most_in_flight = 0
        self._random = random.Random(seed)
        self._minutes = minutes
        self._exports: dict[str, Export] = {}
        self._by_table: dict[str, list[str]] = {}  # the ARNs of exports, oldest first
        self._history = frozenset(history)
        self._failing = frozenset(failing)
        self._begun = clock.now()
        self._settling = settling
        self._in_flight = 0
        self._buckets = {
            "ExportTableToPointInTime": TokenBucket(*_START),
            "DescribeExport": TokenBucket(*(reads or DESCRIPTIONS)),
            "ListExports": TokenBucket(*(reads or LISTS)),
        }

    def called(self, operation: str) -> None:
        """Counts a call; raises ``Throttled`` when there were too many."""
        self.calls[operation] += 1
        bucket = self._buckets.get(operation)
        if bucket is not None and not bucket.take(self.clock.monotonic()):
            self._refuse(operation, "Rate exceeded")

    def start(self, request: ExportRequest) -> Export:
        self.called("ExportTableToPointInTime")
        if self._in_flight >= IN_FLIGHT:
            self._refuse("ExportTableToPointInTime", "too many exports in flight")
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        now = self.clock.now()
        export = Export(
            arn=_arn(request.table_arn, now, len(self._exports)),
            status="IN_PROGRESS",
            table_arn=request.table_arn,
            table_id=request.table_arn,
            bucket=request.bucket,
            prefix=request.prefix,
            start_time=now,
            export_time=now,
            client_token=request.client_token,
        )
        self._exports[export.arn] = export
        self._by_table.setdefault(request.table_arn, []).append(export.arn)
        self.started_at[request.table_arn] = self.clock.monotonic()
        seconds = 60 * self._random.uniform(*self._minutes)
        ends = self.clock.monotonic() + seconds
        settled = max(self.clock.monotonic(), ends - self._random.uniform(*self._settling))
        if request.table_arn not in self._failing:
            self.clock.at(settled, lambda: self._lay_down(self._exports[export.arn]))
        self.clock.at(ends, lambda: self._end(export.arn))
        return export

    def describe(self, export_arn: str) -> Export:
        self.called("DescribeExport")
        return self._exports[export_arn]

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage:
        """``next_token`` is the last ARN of the page before."""
        self.called("ListExports")
        tables = [table_arn] if table_arn else sorted({*self._history, *self._by_table}, reverse=True)
        below = next_token or "~"
        last_table = below.rpartition("/export/")[0] or below
        arns = (
            arn for table in tables if table <= last_table for arn in self._newest_first(table) if arn < below
        )
        shown = tuple(itertools.islice(arns, _PAGE))
        summaries = tuple(ExportSummary(arn, self._status(arn), "FULL_EXPORT") for arn in shown)
        return ExportPage(summaries, shown[-1] if next(arns, None) else None)

    def _newest_first(self, table: str) -> Iterator[str]:
        yield from reversed(self._by_table.get(table, ()))
        if table in self._history:
            yield from (_arn(table, self._begun - timedelta(hours=hours)) for hours in range(1, 90 * 24))

    def _status(self, arn: str) -> ExportStatus:
        return self._exports[arn].status if arn in self._exports else "COMPLETED"

    def _refuse(self, operation: str, why: str) -> None:
        self.throttled[operation] += 1
        raise Throttled(why, hint="-")

    def _end(self, arn: str) -> None:
        self._in_flight -= 1
        export = replace(self._exports[arn], end_time=self.clock.now())
        if export.table_arn in self._failing:
            self._exports[arn] = replace(export, status="FAILED", failure_code="S3AccessDenied")
        else:
            key, items = f"{_root(export)}manifest-summary.json", self._size(export).items
            self._exports[arn] = replace(export, status="COMPLETED", manifest_key=key, item_count=items)
        self.ended_at[export.table_arn] = self.clock.monotonic()

    def _lay_down(self, export: Export) -> None:
        root, size = _root(export), self._size(export)
        files = b""
        for number in range(size.data_files):
            key = f"{root}data/{number}.json.gz"
            items = size.items // size.data_files + (number < size.items % size.data_files)
            entry = {"itemCount": items, "md5Checksum": _md5(EXPORTED), "dataFileS3Key": key}
            files += json.dumps(entry).encode() + b"\n"
            self.object_sizes[key] = size.exported_bytes // size.data_files
            self.put_object(key, EXPORTED)
        summary: dict[str, Any] = {
            "version": "2020-06-30",
            "exportArn": export.arn,
            "tableArn": export.table_arn,
            "tableId": export.table_id,
            "s3Bucket": export.bucket,
            "s3Prefix": export.prefix,
            "manifestFilesS3Key": f"{root}manifest-files.json",
            "itemCount": size.items,
            "outputFormat": "DYNAMODB_JSON",
        }
        for which, content in (("files", files), ("summary", json.dumps(summary).encode())):
            self.put_object(f"{root}manifest-{which}.json", content)
            self.put_object(f"{root}manifest-{which}.md5", _md5(content).encode())

    def _size(self, export: Export) -> TableSize:
        return self.size_of(export.table_arn.rpartition("/")[2])


def _arn(table: str, started: datetime, number: int = 0) -> str:
    return f"{table}/export/0{int(started.timestamp() * 1000)}-{number:08x}"


def _root(export: Export) -> str:
    return f"{export.prefix or ''}/AWSDynamoDB/{export.arn.rpartition('/')[2]}/".lstrip("/")


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()
