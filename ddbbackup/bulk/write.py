"""Writes the items of a backup into a table, in constant memory, and accounts for every one of them."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from ddbbackup.bulk.ledger import open_ledger
from ddbbackup.bulk.model import Unit, UnitResult, WriteJob, WriteResult
from ddbbackup.bulk.rejects import merge_rejects
from ddbbackup.bulk.units import split_into_units, worker_count
from ddbbackup.bulk.worker_messages import ProgressDelta, WorkerConfig
from ddbbackup.bulk.worker_pool import WorkerPool, WorkerProcess, WorkerThread
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import BulkAccess

REJECTS: Final = "rejects.jsonl"


def write_items(
    job: WriteJob, *, access: BulkAccess, on_progress: OnProgress, stop: threading.Event
) -> WriteResult:
    """Writes every item of the job's files, or what an interrupted run of the same job has left. Blocks.

    Raises ``DataIncomplete`` if a file does not match its manifest, ``Stopped`` soon after ``stop`` is set,
    ``Refused`` while another run writes the same restore, and ``AccessDenied``, ``TableMissing``, ``Throttled``
    or ``Unreachable`` if DynamoDB does not accept the items.
    """
    workers = worker_count(job.files, job.workers, os.cpu_count() or 1)
    units = split_into_units(job.files, workers)
    with open_ledger(job.state_dir) as ledger:
        rejects_dir = _empty_rejects_dir(job.state_dir)
        results = ledger.finished_results(units)
        resumed = len(results)
        by_number = {unit.number: unit for unit in units}
        unfinished = [unit for unit in units if unit.number not in results]
        progress = _WriteProgress(job, results.values(), on_progress)
        worker = WorkerProcess if workers > 1 else WorkerThread
        spawn = partial(worker, access, _worker_config(job, rejects_dir))
        with WorkerPool(spawn, workers=workers, units_per_second=job.write_units_per_second) as pool:
            for report in pool.run(unfinished, stop):
                if isinstance(report, ProgressDelta):
                    progress.add(report)
                    continue
                results[report.number] = report
                if not report.rejected:
                    ledger.record(by_number[report.number], report)
        _check_split_files(units, results)
        rejects_file = merge_rejects(rejects_dir, job.state_dir / REJECTS)
    return _total(results.values(), progress, rejects_file, files=len(job.files), resumed=resumed)


class _WriteProgress:
    """Adds up the workers' reports. They may count items twice after a worker died, but never past the total."""

    def __init__(self, job: WriteJob, resumed: Iterable[UnitResult], on_progress: OnProgress) -> None:
        self._table = job.table
        self._total = sum(file.item_count for file in job.files)
        self._done = sum(result.written + result.kept for result in resumed)
        self._on_progress = on_progress
        self.throttled = 0
        self.consumed = 0.0

    def add(self, delta: ProgressDelta) -> None:
        self._done = min(self._total, self._done + delta.items)
        self.throttled += delta.throttled
        self.consumed += delta.consumed_write_units
        detail = {"throttled": self.throttled}
        self._on_progress(Progress(self._table, "write", self._done, self._total, "items", detail))


def _worker_config(job: WriteJob, rejects_dir: Path) -> WorkerConfig:
    return WorkerConfig(
        table=job.table,
        keys=job.keys,
        existing=job.existing,
        rejects_dir=rejects_dir,
        rate_limited=job.write_units_per_second is not None,
        stall_timeout_seconds=job.stall_timeout_seconds,
    )


def _empty_rejects_dir(state_dir: Path) -> Path:
    """Discards the rejects of an earlier run: units with rejected items are never finished, so they are repeated."""
    rejects_dir = state_dir / "rejects"
    shutil.rmtree(rejects_dir, ignore_errors=True)
    rejects_dir.mkdir(parents=True, mode=0o700)
    return rejects_dir


def _check_split_files(units: Sequence[Unit], results: Mapping[int, UnitResult]) -> None:
    """Compares the item counts of files in several parts; the reader compares those of the others."""
    counts: Counter[str] = Counter()
    for unit in units:
        result = results[unit.number]
        counts[unit.file.uri] += result.written + result.kept + result.rejected
    for unit in units:
        if unit.parts > 1 and counts[unit.file.uri] != unit.file.item_count:
            raise DataIncomplete(
                f"the data file {unit.file.uri} holds {counts[unit.file.uri]} items, "
                f"but the manifest says {unit.file.item_count}",
                hint="verify the backup, then restore from another one",
            )


def _total(
    results: Iterable[UnitResult],
    progress: _WriteProgress,
    rejects_file: Path | None,
    *,
    files: int,
    resumed: int,
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
        consumed_write_units=progress.consumed,
        throttled=progress.throttled,
        rejects_file=rejects_file,
        reasons=tuple(reasons.most_common()),
    )
