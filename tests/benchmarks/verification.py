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
from ddbbackup.bulk.verify_data import VerifyJob, verify_data
from tests.benchmarks.data import BUCKET, Export
from tests.benchmarks.sink import ACCESS_KEY, REGION, SECRET_KEY, Tools, running

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Rates:
    """Compressed bytes a second: ours, and threads (one a core) that only read from disk, hash and inflate."""

    verify: float
    bare: float
    inflated: float  # ours, in bytes of lines


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
    verify_seconds, bare_seconds = statistics.median(ours), statistics.median(bare)
    size_bytes = export.size_bytes
    return Rates(size_bytes / verify_seconds, size_bytes / bare_seconds, export.lines_bytes / verify_seconds)


def _bare(path: str) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with Path(path).open("rb") as file:

        def chunks() -> object:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                yield chunk

        for _ in inflate(chunks()):  # type: ignore[arg-type]
            pass
