"""How fast ``backup`` and ``verify`` prove data files, against what this machine reads and hashes at best."""

from __future__ import annotations

import hashlib
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ddbbackup.archive.lines import inflate
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.bulk.verify_data import VerifyJob, verify_data
from ddbbackup.bulk.verify_listing import verify_listing
from ddbbackup.ports import KeyAttribute, ObjectFacts
from tests.benchmarks.data import BUCKET, Export
from tests.benchmarks.sink import ACCESS_KEY, REGION, SECRET_KEY, Tools, running
from tests.support.simulated_store import SimulatedStore

_CHUNK_BYTES = 1 << 20
LISTED_FILES = 1_000_000
PAGE_SECONDS = 0.1


@dataclass(frozen=True)
class Rates:
    """Compressed bytes a second: ours, and threads (one a core) that only read from disk, hash and inflate.

    ``items_per_second`` is of one process that checks every line, ``listing_seconds`` of ``LISTED_FILES`` objects in
    a simulated store.
    """

    verify: float
    bare: float
    inflated: float  # ours, in bytes of lines
    items_per_second: float
    listing_seconds: float
    listing_requests: int


def measure_verification(export: Export, tools: Tools, *, rounds: int) -> Rates:
    """Medians of interleaved rounds, through S3 for ours, from the page cache for the bare threads."""
    os.environ |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    ours, bare = [], []
    with running(tools, export.root) as sink:
        connection = Connection(region=REGION, endpoint_urls=(("s3", sink.url),))
        access = AwsBulkAccess(target=connection, source=connection)
        files = tuple(
            DataFile(BUCKET, key, file.md5, file.items, size_bytes=file.size_bytes)
            for key, file in zip(export.keys, export.files, strict=True)
        )
        for _ in range(rounds):
            begun = time.monotonic()
            verify_data(
                VerifyJob(files, "checksums"),
                access=access,
                on_progress=lambda progress: None,
                stop=threading.Event(),
            )
            ours.append(time.monotonic() - begun)
            begun = time.monotonic()
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(_bare, [file.path for file in export.files]))
            bare.append(time.monotonic() - begun)
        distinct = {file.path: of_export for file, of_export in zip(export.files, files, strict=True)}
        items_per_second = _check_items(access, tuple(distinct.values()), rounds)
    verify_seconds, bare_seconds = statistics.median(ours), statistics.median(bare)
    size_bytes = export.size_bytes
    listing_seconds, listing_requests = _list_many()
    return Rates(
        verify=size_bytes / verify_seconds,
        bare=size_bytes / bare_seconds,
        inflated=export.lines_bytes / verify_seconds,
        items_per_second=items_per_second,
        listing_seconds=listing_seconds,
        listing_requests=listing_requests,
    )


def _check_items(access: AwsBulkAccess, files: tuple[DataFile, ...], rounds: int) -> float:
    """Items a second of one process, the median of the rounds. No key may be in ``files`` twice."""
    job = VerifyJob(files, "items", keys=(KeyAttribute("id", "HASH", "S"),))
    seconds = []
    for _ in range(rounds):
        begun = time.monotonic()
        verify_data(
            job,
            access=access,
            on_progress=lambda progress: None,
            stop=threading.Event(),
            engine=Engine(processes=0, threads=1),
        )
        seconds.append(time.monotonic() - begun)
    return sum(file.item_count for file in files) / statistics.median(seconds)


def _list_many() -> tuple[float, int]:
    """Seconds and requests of a listing of ``LISTED_FILES`` data files, each page after ``PAGE_SECONDS``."""
    etag = "0" * 32 + "-1"
    files = [
        DataFile(BUCKET, f"bench/data/{number:026d}.json.gz", "FjvgqIxwymKf1RbbqtrZag==", 1, etag=etag)
        for number in range(LISTED_FILES)
    ]
    store = SimulatedStore(
        [ObjectFacts(file.key, 1, f'"{etag}"') for file in files], page_seconds=PAGE_SECONDS
    )
    begun = time.monotonic()
    verify_listing(files, store, on_progress=lambda progress: None, stop=threading.Event())
    return time.monotonic() - begun, store.requests


def _bare(path: str) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with Path(path).open("rb") as file:

        def chunks() -> object:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                yield chunk

        for _ in inflate(chunks()):  # type: ignore[arg-type]
            pass
