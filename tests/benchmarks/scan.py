"""How fast a table is scanned into an export: ddbbackup, and boto3's paginator with json and gzip, in one run.

Both read the same pages of 1 MB from the null server, whose items have 400 bytes. ddbbackup uploads what it makes to
the null S3; the paginator writes to a file, which costs less. Rates are of item JSON per second of wall clock, and
per second of CPU, which other programs on the machine change less.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.data import BUCKET
from tests.benchmarks.rounds import fresh
from tests.benchmarks.sink import REGION, Sink, Tools, running
from tests.benchmarks.tree import Usage, measure

SEGMENTS = 8
ITEM_BYTES = 400
_PAGE_ITEMS = (1 << 20) // (ITEM_BYTES + 1)  # as the null server fills a page, with a comma between two items
_SEGMENT_BYTES = (
    32 << 20
)  # of a table: so many bytes make one segment, see ddbbackup.bulk.scan.run.segment_count

_OURS = """
import sys, threading
from datetime import UTC, datetime
from ddbbackup.archive.export_writing import make_export_id
from ddbbackup.archive.layout import ExportFolder
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection
from ddbbackup.bulk.scan import ScanJob, scan_table
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import KeyAttribute
url, bucket, region, size_bytes, concurrency = sys.argv[1:]
connection = Connection(region=region, endpoint_urls=(("dynamodb", url), ("s3", url)))
now = datetime.now(UTC)
export_id = make_export_id(now, "0badcafe")
job = ScanJob(
    table="bench", table_arn=f"arn:aws:dynamodb:{region}:000000000000:table/bench", table_id="bench",
    keys=(KeyAttribute("id", "HASH", "S"),), export_id=export_id, started_at=now, encryption=Encryption(),
    folder=ExportFolder(bucket, f"scan/AWSDynamoDB/{export_id}/"), size_bytes=int(size_bytes),
    concurrency=int(concurrency),
)
result = scan_table(
    job, access=AwsBulkAccess(target=connection, source=connection),
    on_progress=lambda progress: None, stop=threading.Event(),
)
print(result.item_count)
"""

_PAGINATOR = """
import gzip, json, sys
import boto3
url, region = sys.argv[1:]
client = boto3.Session().client("dynamodb", region_name=region, endpoint_url=url)
items = 0
with gzip.open("items.json.gz", "wt", encoding="utf-8") as file:
    for page in client.get_paginator("scan").paginate(TableName="bench", ConsistentRead=True):
        for item in page["Items"]:
            file.write(json.dumps({"Item": item}, separators=(",", ":")) + "\\n")
            items += 1
print(items)
"""


@dataclass(frozen=True)
class Rate:
    """Bytes of item JSON per second of wall clock and of CPU. Start-up is subtracted."""

    wall: float
    cpu: float
    peak_bytes: int


@dataclass(frozen=True)
class ScanRates:
    """``items`` and ``lines_bytes`` are those of ddbbackup's scans, all of them compared with what arrived."""

    ours: Rate
    paginator: Rate
    items: int
    lines_bytes: int

    @property
    def ratio(self) -> float:
        """By wall clock."""
        return self.ours.wall / self.paginator.wall

    @property
    def cpu_ratio(self) -> float:
        return self.ours.cpu / self.paginator.cpu


def measure_scans(
    tools: Tools, work: Path, *, pages: int, paginator_pages: int, rounds: int, concurrency: int = SEGMENTS
) -> ScanRates:
    """Medians of interleaved rounds. ``pages`` are those of each segment of ours, which has ``SEGMENTS``."""
    ours, theirs = _Usages(pages), _Usages(paginator_pages)
    for _ in range(rounds):
        for usages in (ours, theirs):
            for count, found in ((1, usages.starts), (usages.pages, usages.runs)):
                with running(tools, work, "--scan", str(count)) as sink:
                    mine = usages is ours
                    command = _our_command(sink, concurrency) if mine else _paginator_command(sink)
                    directory = fresh(work / "scan")
                    found.append(measure([command], sink.environment(), directory))
                    items = int((directory / "output-0").read_text().split()[-1])
                    expected = count * _PAGE_ITEMS * (SEGMENTS if mine else 1)
                    assert items == expected, f"{items} of {expected} items arrived"
    items = SEGMENTS * pages * _PAGE_ITEMS
    return ScanRates(
        ours=ours.rate(SEGMENTS), paginator=theirs.rate(1), items=items, lines_bytes=items * ITEM_BYTES
    )


class _Usages:
    """``starts`` are those of runs with one page, ``runs`` those with ``pages``, in each segment."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.starts: list[Usage] = []
        self.runs: list[Usage] = []

    def rate(self, segments: int) -> Rate:
        """The difference between much and next to nothing is what the items cost."""
        size_bytes = segments * (self.pages - 1) * _PAGE_ITEMS * ITEM_BYTES
        seconds = _median(each.seconds for each in self.runs) - _median(each.seconds for each in self.starts)
        cpu = _median(each.cpu_seconds for each in self.runs) - _median(
            each.cpu_seconds for each in self.starts
        )
        peak_bytes = max(each.process_peak_bytes for each in self.runs)
        return Rate(size_bytes / max(seconds, 1e-3), size_bytes / max(cpu, 1e-3), peak_bytes)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _our_command(sink: Sink, concurrency: int) -> list[str]:
    size_bytes = str(SEGMENTS * _SEGMENT_BYTES)
    return [sys.executable, "-c", _OURS, sink.url, BUCKET, REGION, size_bytes, str(concurrency)]


def _paginator_command(sink: Sink) -> list[str]:
    return [sys.executable, "-c", _PAGINATOR, sink.url, REGION]
