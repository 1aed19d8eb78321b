"""Writes the items of a backup into a table, in constant memory, and accounts for every one of them."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from ddbbackup.bulk.chain_lines import ChainConfig
from ddbbackup.bulk.changed_keys import changed_keys_folder
from ddbbackup.bulk.index_windows import index_windows
from ddbbackup.bulk.ledger import Ledger
from ddbbackup.bulk.model import DataFile, FinishedFile, SampledItem, Unit, UnitResult, WriteJob, WriteResult
from ddbbackup.bulk.rejects import merge_rejects
from ddbbackup.bulk.sample import MAX_ITEMS
from ddbbackup.bulk.units import split_into_units, worker_count
from ddbbackup.bulk.worker_messages import ProgressDelta, WorkerConfig
from ddbbackup.bulk.worker_pool import WorkerPool, WorkerProcess, WorkerThread
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.os_errors import state_failed
from ddbbackup.ports import BulkAccess

REJECTS: Final = "rejects.jsonl"


def write_items(
    job: WriteJob, *, access: BulkAccess, ledger: Ledger, on_progress: OnProgress, stop: threading.Event
) -> WriteResult:
    """Writes every item of the job, except of those files that ``ledger`` calls finished. Blocks.

    With windows, each item is written once, in its final state (``chain_lines``); the index of changed keys takes 32
    bytes of ``job.state_dir`` for each change meanwhile.

    Raises ``DataIncomplete`` if a file does not match its manifest, ``Stopped`` soon after ``stop`` is set,
    ``Refused`` if ``job.state_dir`` cannot be written, and ``AccessDenied``, ``TableMissing``, ``Throttled`` or
    ``Unreachable`` if DynamoDB does not accept the items.
    """
    finished = _finished_of(_all_files(job), ledger.finished_files())
    files = [file for file in _all_files(job) if file.uri not in finished]
    workers = worker_count(files, job.workers, os.cpu_count() or 1)
    rejects_dir = _empty_rejects_dir(job.state_dir)
    progress = _WriteProgress(job, finished.values(), on_progress)
    with ExitStack() as stack:
        chain = None
        if files and any(job.windows):
            folder = stack.enter_context(changed_keys_folder(job.state_dir))
            chain = ChainConfig(folder, deletes=job.deletes)
        worker = WorkerProcess if workers > 1 else WorkerThread
        spawn = partial(worker, access, _worker_config(job, rejects_dir, chain))
        pool = stack.enter_context(
            WorkerPool(spawn, workers=workers, units_per_second=job.write_units_per_second)
        )
        first_changes: Mapping[str, int] = {}
        if chain is not None:
            pool.start(len(files))
            first_changes = index_windows(
                job.windows,
                access.objects(),
                chain.index,
                keys=job.keys,
                table=job.table,
                on_progress=on_progress,
                stop=stop,
            )
        units = split_into_units(files, workers, first_changes)
        results = _Results(units, ledger)
        for report in pool.run(units, stop):
            if isinstance(report, ProgressDelta):
                progress.add(report)
            else:
                results.add(report)
    rejects_file = merge_rejects(rejects_dir, job.state_dir / REJECTS)
    return _total(job, finished, results, progress, rejects_file)


def _all_files(job: WriteJob) -> tuple[DataFile, ...]:
    return (*job.files, *itertools.chain.from_iterable(job.windows))


def _finished_of(files: Sequence[DataFile], finished: Iterable[FinishedFile]) -> dict[str, FinishedFile]:
    """The finished ones of ``files``, by URI. A file that was replaced under the same key is another file."""
    known = {(each.key, each.md5, each.item_count): each for each in finished}
    found = {file.uri: known.get((file.key, file.md5, file.item_count)) for file in files}
    return {uri: each for uri, each in found.items() if each is not None}


class _Results:
    """The results of all units. Records a file once all of its units are finished and no item of it is left."""

    def __init__(self, units: Sequence[Unit], ledger: Ledger) -> None:
        self.all: list[UnitResult] = []
        self.suspect_files: set[str] = set()
        self._ledger = ledger
        self._units = {unit.number: unit for unit in units}
        self._of_file: dict[str, list[UnitResult]] = {}

    def add(self, result: UnitResult) -> None:
        """Raises ``DataIncomplete`` for a file in parts that has another number of items than its manifest says."""
        self.all.append(result)
        unit = self._units[result.number]
        if result.suspect:
            self.suspect_files.add(unit.file.uri)
        parts = self._of_file.setdefault(unit.file.uri, [])
        parts.append(result)
        if len(parts) == unit.parts:
            self._finish(unit.file, parts)

    def _finish(self, file: DataFile, parts: Sequence[UnitResult]) -> None:
        done = FinishedFile(
            file.key,
            file.md5,
            file.item_count,
            written=sum(each.written for each in parts),
            kept=sum(each.kept for each in parts),
            equal=sum(each.equal for each in parts),
            size_bytes=sum(each.size_bytes for each in parts),
            superseded=sum(each.superseded for each in parts),
            deleted=sum(each.deleted for each in parts),
            changed=sum(each.changed for each in parts),
            left_out=sum(each.left_out for each in parts),
            suspect=file.uri in self.suspect_files,
        )
        left = sum(each.rejected + each.different for each in parts)
        sent = done.written + done.kept + done.equal + left
        count = sent + done.superseded + done.deleted + done.left_out
        if count != file.item_count:  # of a file in one part, the reader has compared it
            raise DataIncomplete(
                f"the data file {file.uri} holds {counted(count, 'item')}, but the manifest says "
                f"{grouped(file.item_count)}",
                hint="verify the backup, then restore from another one",
            )
        if not left:
            self._ledger.record(done)


class _WriteProgress:
    """Adds up the workers' reports. They may count items twice after a worker died, but never past the total."""

    def __init__(self, job: WriteJob, finished: Collection[FinishedFile], on_progress: OnProgress) -> None:
        self._table = job.table
        self._total = sum(file.item_count for file in _all_files(job))
        self._done = sum(file.item_count for file in finished)
        self._on_progress = on_progress
        self.throttled = 0
        self.consumed = 0.0

    def add(self, delta: ProgressDelta) -> None:
        self._done = min(self._total, self._done + delta.items)
        self.throttled += delta.throttled
        self.consumed += delta.consumed_write_units
        detail = {"throttled": self.throttled}
        self._on_progress(Progress(self._table, "write", self._done, self._total, "items", detail))


def _worker_config(job: WriteJob, rejects_dir: Path, chain: ChainConfig | None) -> WorkerConfig:
    return WorkerConfig(
        table=job.table,
        keys=job.keys,
        existing=job.existing,
        rejects_dir=rejects_dir,
        rate_limited=job.write_units_per_second is not None,
        stall_timeout_seconds=job.stall_timeout_seconds,
        chain=chain,
        edits=job.edits,
        only=job.only,
    )


def _empty_rejects_dir(state_dir: Path) -> Path:
    """Discards the rejects of an earlier run: files with rejected items are never finished, so they are repeated."""
    rejects_dir = state_dir / "rejects"
    shutil.rmtree(rejects_dir, ignore_errors=True)
    try:
        rejects_dir.mkdir(parents=True, mode=0o700)
    except OSError as error:
        what = f"could not use the state directory {state_dir}"
        raise state_failed(what, state_dir, error, kind=Refused) from error
    return rejects_dir


def _total(
    job: WriteJob,
    finished: Mapping[str, FinishedFile],
    results: _Results,
    progress: _WriteProgress,
    rejects_file: Path | None,
) -> WriteResult:
    reasons: Counter[str] = Counter()
    for result in results.all:
        reasons.update(dict(result.reasons))
    earlier = finished.values()
    suspect = results.suspect_files | {uri for uri, file in finished.items() if file.suspect}
    return WriteResult(
        written=_sum("written", earlier, results.all),
        kept=_sum("kept", earlier, results.all),
        equal=_sum("equal", earlier, results.all),
        different=_sum("different", results.all),
        rejected=_sum("rejected", results.all),
        superseded=_sum("superseded", earlier, results.all),
        deleted=_sum("deleted", earlier, results.all),
        changed=_sum("changed", earlier, results.all),
        left_out=_sum("left_out", earlier, results.all),
        files=len(_all_files(job)),
        resumed_files=len(finished),
        size_bytes=_sum("size_bytes", earlier, results.all),
        consumed_write_units=progress.consumed,
        throttled=progress.throttled,
        rejects_file=rejects_file,
        reasons=tuple(reasons.most_common()),
        suspect_files=tuple(sorted(suspect)),
        sample=_at_most([item for result in results.all for item in result.sample], MAX_ITEMS),
    )


def _at_most(sample: list[SampledItem], count: int) -> tuple[SampledItem, ...]:
    if len(sample) <= count:
        return tuple(sample)
    return tuple(random.Random(len(sample)).sample(sample, count))  # noqa: S311  # spreads it, keeps no secret


def _sum(member: str, *results: Iterable[object]) -> int:
    return sum(getattr(each, member) for group in results for each in group)
