"""Exports of a simulated AWS in virtual time, with quotas and throttling.

The limits are those of AWS as far as they are known: 300 exports in progress (DynamoDB guide: Quotas); about twenty
starts in a row, then "Rate exceeded", where rejected calls count too; bursts of 13 to 18 DescribeExport are throttled
(both observed on AWS). How fast these two recover, and that ListExports behaves like DescribeExport, is assumed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ddbbackup.errors import Throttled
from ddbbackup.ports import Export, ExportPage, ExportRequest, ExportSummary
from tests.support.virtual_time import VirtualClock

IN_FLIGHT = 300
_START = (20.0, 1 / 1.5)  # burst, and how many a second afterwards
READS = (15.0, 1.0)
_PAGE = 25
_LINE = b'{"Item":{"id":{"S":"a"}}}\n'


class _Bucket:
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
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        seed: int,
        minutes: tuple[float, float] = (2.0, 60.0),
        reads: tuple[float, float] = READS,
    ) -> None:
        self.clock = clock
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self.started_at: dict[str, float] = {}
        self.ended_at: dict[str, float] = {}
        self.put_object: Callable[[str, bytes], None] = lambda key, body: None
        self.most_in_flight = 0
        self._random = random.Random(seed)
        self._minutes = minutes
        self._exports: dict[str, Export] = {}
        self._order: list[str] = []  # ARNs, oldest first
        self._in_flight = 0
        self._buckets = {
            "ExportTableToPointInTime": _Bucket(*_START),
            "DescribeExport": _Bucket(*reads),
            "ListExports": _Bucket(*reads),
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
        number = f"0{int(now.timestamp() * 1000)}-{len(self._exports):08x}"
        export = Export(
            arn=f"{request.table_arn}/export/{number}",
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
        self._order.append(export.arn)
        self.started_at[request.table_arn] = self.clock.monotonic()
        seconds = 60 * self._random.uniform(*self._minutes)
        self.clock.at(self.clock.monotonic() + seconds, lambda: self._end(export.arn))
        return export

    def describe(self, export_arn: str) -> Export:
        self.called("DescribeExport")
        return self._exports[export_arn]

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage:
        self.called("ListExports")
        arns = (
            self._order
            if table_arn is None
            else [arn for arn in self._order if arn.startswith(table_arn + "/")]
        )
        older = (
            int(next_token) if next_token else len(arns)
        )  # a place from the oldest on, which no start shifts
        shown = arns[max(0, older - _PAGE) : older][::-1]
        summaries = tuple(ExportSummary(arn, self._exports[arn].status, "FULL_EXPORT") for arn in shown)
        return ExportPage(summaries, str(older - _PAGE) if older > _PAGE else None)

    def _refuse(self, operation: str, why: str) -> None:
        self.throttled[operation] += 1
        raise Throttled(why, hint="-")

    def _end(self, arn: str) -> None:
        self._in_flight -= 1
        export = self._exports[arn]
        root = f"{export.prefix or ''}/AWSDynamoDB/{arn.rpartition('/')[2]}/".lstrip("/")
        self._exports[arn] = replace(
            export,
            status="COMPLETED",
            end_time=self.clock.now(),
            manifest_key=f"{root}manifest-summary.json",
            item_count=1,
        )
        self.ended_at[export.table_arn] = self.clock.monotonic()
        self._lay_down(root, export)

    def _lay_down(self, root: str, export: Export) -> None:
        body = gzip.compress(_LINE, mtime=0)
        key = f"{root}data/0.json.gz"
        files = json.dumps({"itemCount": 1, "md5Checksum": _md5(body), "dataFileS3Key": key}).encode() + b"\n"
        summary: dict[str, Any] = {
            "version": "2020-06-30",
            "exportArn": export.arn,
            "tableArn": export.table_arn,
            "tableId": export.table_id,
            "s3Bucket": export.bucket,
            "s3Prefix": export.prefix,
            "manifestFilesS3Key": f"{root}manifest-files.json",
            "itemCount": 1,
            "outputFormat": "DYNAMODB_JSON",
        }
        self.put_object(key, body)
        for which, content in (("files", files), ("summary", json.dumps(summary).encode())):
            self.put_object(f"{root}manifest-{which}.json", content)
            self.put_object(f"{root}manifest-{which}.md5", _md5(content).encode())


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()
