"""How fast ``find`` searches a full export: by a key against a verification, and by conditions."""

from __future__ import annotations

import os
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection
from ddbbackup.bulk.item_filter import ItemFilter, item_filter
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.bulk.read_items import ReadJob, read_items
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.bulk.verify_data import VerifyJob, verify_data
from ddbbackup.plan.model import Only
from ddbbackup.ports import KeyAttribute
from tests.benchmarks.data import BUCKET, Export
from tests.benchmarks.sink import ACCESS_KEY, REGION, SECRET_KEY, Tools, running

KEYS = (KeyAttribute("id", "HASH", "S"),)
# One in a hundred items has a price in this range; every item has to be parsed for it.
PARSED = Only(
    where="price BETWEEN :low AND :high AND paid = :yes",
    values={":low": {"N": "500000"}, ":high": {"N": "510000"}, ":yes": {"BOOL": True}},
)
# One in 28 items was created on this day; the others are left out by their bytes.
SELECTED = Only(
    where="begins_with(created, :day) AND price > :low",
    values={":day": {"S": "2026-11-07"}, ":low": {"N": "500000"}},
)


@dataclass(frozen=True)
class SearchRates:
    """Compressed bytes a second of a key and of a verification by checksums; items a second of one process."""

    key: float
    verify: float
    parsed: float
    selected: float


def measure_searching(export: Export, tools: Tools, work: Path, *, rounds: int) -> SearchRates:
    """Medians of interleaved rounds, through S3."""
    os.environ |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    by_key = item_filter(Only(keys=({"id": "000000001017"},)), KEYS)
    one = Engine(processes=0, threads=2)
    keys, verifications, parsed, selected = [], [], [], []
    with running(tools, export.root) as sink:
        connection = Connection(region=REGION, endpoint_urls=(("s3", sink.url),))
        access = AwsBulkAccess(target=connection, source=connection)
        files = tuple(
            DataFile(BUCKET, key, file.md5, file.items, size_bytes=file.size_bytes)
            for key, file in zip(export.keys, export.files, strict=True)
        )
        for _ in range(rounds):
            verifications.append(_verify(files, access))
            keys.append(_read(files, by_key, access, work, None))
            parsed.append(_read(files, item_filter(PARSED, KEYS), access, work, one))
            selected.append(_read(files, item_filter(SELECTED, KEYS), access, work, one))
    return SearchRates(
        key=export.size_bytes / statistics.median(keys),
        verify=export.size_bytes / statistics.median(verifications),
        parsed=export.items / statistics.median(parsed),
        selected=export.items / statistics.median(selected),
    )


def _verify(files: tuple[DataFile, ...], access: Any) -> float:
    begun = time.monotonic()
    verify_data(
        VerifyJob(files, "checksums"),
        access=access,
        on_progress=lambda progress: None,
        stop=threading.Event(),
    )
    return time.monotonic() - begun


def _read(
    files: tuple[DataFile, ...], only: ItemFilter, access: Any, work: Path, engine: Engine | None
) -> float:
    begun = time.monotonic()
    found = read_items(
        ReadJob(PointData(files, KEYS, "bench"), work, only),
        lambda content: None,
        access=access,
        on_progress=lambda progress: None,
        stop=threading.Event(),
        engine=engine,
    )
    seconds = time.monotonic() - begun
    assert 0 < found.items < found.counts.lines
    return seconds
