"""Writes a full export and windows with the bulk package alone: what a restore does besides is not measured.

python write_chain.py URL BUCKET JOB, where JOB is a file with the data files as ``tests.benchmarks.chain`` writes it.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection
from ddbbackup.bulk import open_ledger, write_items
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import DataFile, WriteJob
from ddbbackup.ports import KeyAttribute


def main() -> None:
    url, bucket, path = sys.argv[1:]
    document = json.loads(Path(path).read_text())
    connection = Connection(endpoint_urls=(("dynamodb", url), ("s3", url)))
    job = WriteJob(
        files=_files(bucket, document["base"]),
        table="bench",
        keys=(KeyAttribute("id", "HASH", "S"),),
        state_dir=Path(path).parent / "state",
        windows=tuple(_files(bucket, window) for window in document["windows"]),
        workers=document["workers"],
    )
    with open_ledger(job.state_dir, RestoreIdentity("bench", "bench")) as ledger:
        result = write_items(
            job,
            access=AwsBulkAccess(connection, connection),
            ledger=ledger,
            on_progress=lambda _: None,
            stop=threading.Event(),
        )
    print(json.dumps({"written": result.written, "superseded": result.superseded, "deleted": result.deleted}))


def _files(bucket: str, files: list[dict[str, Any]]) -> tuple[DataFile, ...]:
    return tuple(DataFile(bucket, **each) for each in files)


if __name__ == "__main__":
    main()
