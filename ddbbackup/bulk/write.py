"""Puts a backup's items into a table, in constant memory, and accounts for every one of them."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ddbbackup.bulk.ledger import Ledger
from ddbbackup.bulk.model import Orders, Tally, Unit, UnitResult, WriteJob, WriteResult
from ddbbackup.bulk.rejects import gather
from ddbbackup.bulk.units import cut, sensible_workers
from ddbbackup.bulk.worker_pool import WorkerPool
from ddbbackup.errors import DataNotWhole
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import BulkAccess

REJECTS: Final = "rejects.jsonl"


def write_items(
    job: WriteJob, *, access: BulkAccess, on_progress: OnProgress, stop: threading.Event
) -> WriteResult:
    """Writes every item of the job's files, or goes on where an interrupted run of the same job stopped.

    Raises ``DataNotWhole`` if a file is not what its manifest says, ``Stopped`` soon after ``stop`` is set,
    ``Refused`` while another run writes the same, and ``AccessDenied``, ``TableMissing``, ``Throttled`` or
    ``Unreachable`` when DynamoDB does not let it go on.
    """
    workers = sensible_workers(job.files, job.workers, os.cpu_count() or 1)
    units = cut(job.files, workers)
    rejects_dir = _fresh_private(job.state_dir)
    with Ledger(job.state_dir) as ledger:
        results = ledger.finished(units)
        resumed = len(results)
        pending = [unit for unit in units if unit.number not in results]
        meter = _Meter(job, results.values(), on_progress)
        orders = _orders(job, rejects_dir)
        with WorkerPool(access, orders, workers=workers, units_per_second=job.write_units_per_second) as crew:
            by_number = {unit.number: unit for unit in units}
            for said in crew.do(pending, stop):
                if isinstance(said, Tally):
                    meter.add(said)
                    continue
                results[said.number] = said
                if not said.rejected:
                    ledger.enter(by_number[said.number], said)
        _check_parts(units, results)
        rejects_file = gather(rejects_dir, job.state_dir / REJECTS)
    return _summed_up(results.values(), meter, rejects_file, files=len(job.files), resumed=resumed)


class _Meter:
    """Adds up what the workers tell; after a worker's death it may run ahead, but never past the total."""

    def __init__(self, job: WriteJob, before: Iterable[UnitResult], on_progress: OnProgress) -> None:
        self._table = job.table
        self._total = sum(file.item_count for file in job.files)
        self._done = sum(result.written + result.kept for result in before)
        self._on_progress = on_progress
        self.throttled = 0
        self.consumed = 0.0

    def add(self, tally: Tally) -> None:
        self._done = min(self._total, self._done + tally.items)
        self.throttled += tally.throttled
        self.consumed += tally.consumed_write_units
        detail = {"throttled": self.throttled}
        self._on_progress(Progress(self._table, "write", self._done, self._total, "items", detail))


def _orders(job: WriteJob, rejects_dir: Path) -> Orders:
    return Orders(
        table=job.table,
        keys=job.keys,
        existing=job.existing,
        rejects_dir=rejects_dir,
        limited=job.write_units_per_second is not None,
        patience_seconds=job.patience_seconds,
    )


def _fresh_private(state_dir: Path) -> Path:
    """Rejects of an earlier run go: their units are done again, as units with rejects are never finished."""
    rejects_dir = state_dir / "rejects"
    shutil.rmtree(rejects_dir, ignore_errors=True)
    rejects_dir.mkdir(parents=True, mode=0o700)
    return rejects_dir


def _check_parts(units: Sequence[Unit], results: Mapping[int, UnitResult]) -> None:
    """A file in parts is counted here; a whole one was by its reader."""
    found: Counter[str] = Counter()
    for unit in units:
        result = results[unit.number]
        found[unit.file.uri] += result.written + result.kept + result.rejected
    for unit in units:
        if unit.parts > 1 and found[unit.file.uri] != unit.file.item_count:
            raise DataNotWhole(
                f"the data file {unit.file.uri} holds {found[unit.file.uri]} items, "
                f"but the manifest says {unit.file.item_count}",
                hint="verify the backup, and restore from another one",
            )


def _summed_up(
    results: Iterable[UnitResult], meter: _Meter, rejects_file: Path | None, *, files: int, resumed: int
) -> WriteResult:
    written = kept = rejected = size_bytes = 0
    reasons: Counter[str] = Counter()
    for result in results:
        written += result.written
        kept += result.kept
        rejected += result.rejected
        size_bytes += result.size_bytes
        reasons.update(dict(result.reasons))
    return WriteResult(
        written=written,
        kept=kept,
        rejected=rejected,
        files=files,
        resumed_files=resumed,
        size_bytes=size_bytes,
        consumed_write_units=meter.consumed,
        throttled=meter.throttled,
        rejects_file=rejects_file,
        reasons=tuple(reasons.most_common()),
    )
