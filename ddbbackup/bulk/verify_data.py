"""Reads the data files of a backup, in as many processes as are worth it, and proves them or says what is wrong.

A verification that was interrupted is continued: the findings of each unit are kept in a local directory, for a day.
They count only for the same files with the same sizes.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from ddbbackup.archive.line_check import View
from ddbbackup.bulk.key_digests import MAX_REPEATED, Repeated, count_digests, repeated_digests
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.unit_engine import Engine, Task, engine_for, run_units
from ddbbackup.bulk.verify_ledger import VerifyLedger
from ddbbackup.bulk.verify_units import (
    DamagedFile,
    FindKeys,
    UnitFindings,
    VerifyChecksums,
    VerifyItems,
    VerifyUnit,
    cut_into_units,
    digests_path,
)
from ddbbackup.errors import Bug, DataIncomplete
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import BulkAccess, KeyAttribute

ReadLevel = Literal["checksums", "items"]

# Compressed. For less, starting processes takes longer than they gain.
_MIN_BYTES_PER_PROCESS: Final = {"checksums": 256 << 20, "items": 32 << 20}
# Hashing and inflating release the interpreter's lock, checking items does not. A second thread hides latency.
_THREADS: Final = {"checksums": 3, "items": 2}
_THREADS_ALONE: Final = 6  # if there are no further processes
_MAX_SHOWN: Final = 3
_HINT: Final = "use another backup of the table: this one was damaged or changed after AWS wrote it"


@dataclass(frozen=True, slots=True)
class VerifyJob:
    """``files`` have sizes. ``keys`` are the key attributes of the table, ``view`` the images of a window's lines.

    ``directory`` is private to this backup and level; what an earlier run left there is continued. None: nothing is
    kept for a later run. ``collects_damage``: damaged files are part of the result instead of an error.
    """

    files: tuple[DataFile, ...]
    level: ReadLevel
    directory: Path | None = None
    keys: tuple[KeyAttribute, ...] = ()
    view: View | None = None
    table: str = ""
    collects_damage: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedData:
    """``continued_bytes``, compressed, were read by an earlier run. The counts are those of files without damage."""

    item_count: int
    size_bytes: int
    continued_bytes: int
    damaged: tuple[DamagedFile, ...] = ()


def verify_data(
    job: VerifyJob,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
    engine: Engine | None = None,
) -> VerifiedData:
    """Reads every file of the job, by default in as many processes as are worth it. Blocks.

    Raises ``DataIncomplete`` that says which files do not match the manifest, which lines are no valid items of the
    table, and whether keys are there more than once; ``Stopped``, and whatever else ``access`` raises. No message
    holds anything of an item. Progress is in compressed bytes.
    """
    if job.directory is None and job.level == "items":
        with TemporaryDirectory(prefix="ddbbackup-verify-") as directory:
            return _verify(job, Path(directory) / "state", access, on_progress, stop, engine)
    return _verify(job, job.directory, access, on_progress, stop, engine)


def _verify(
    job: VerifyJob,
    directory: Path | None,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
    chosen: Engine | None,
) -> VerifiedData:
    units = cut_into_units(job.files)
    total = sum(unit.size_bytes for unit in units)
    with VerifyLedger(directory, _fingerprint(job), required=job.level == "items") as ledger:
        known = {
            found.number: found
            for found in ledger.findings()
            if found.number < len(units) and _is_usable(job, directory, units[found.number], found)
        }
        left = [unit for unit in units if unit.number not in known]
        continued = sum(units[number].size_bytes for number in known)
        progress = _Progress(job.table, continued, total, on_progress)
        findings = list(known.values())
        engine = chosen or _engine(job.level, total - continued)
        for found in run_units(_task(job, directory), left, access, engine, on_bytes=progress.add, stop=stop):
            findings.append(found)
            if not found.damaged:
                ledger.record(found)
        if not job.collects_damage:
            _raise_damage(findings, len(job.files))
        if job.level == "items" and directory is not None:
            repeated = repeated_digests([digests_path(directory, unit) for unit in units])
            if repeated.count:
                _confirm_repeated(job, units, repeated, access, engine, stop)
        ledger.remove()
    return VerifiedData(
        sum(found.item_count for found in findings),
        sum(found.size_bytes for found in findings),
        continued,
        tuple(each for found in findings for each in found.damaged),
    )


def _engine(level: ReadLevel, size_bytes: int) -> Engine:
    engine = engine_for(
        size_bytes, min_bytes_per_process=_MIN_BYTES_PER_PROCESS[level], threads=_THREADS[level]
    )
    return engine if engine.processes else replace(engine, threads=_THREADS_ALONE)


def _task(job: VerifyJob, directory: Path | None) -> Task[VerifyUnit, UnitFindings]:
    if job.level == "checksums":
        return VerifyChecksums()
    if directory is None:
        raise Bug("the items of a backup are checked without a directory for their keys")
    return VerifyItems(job.keys, job.view, directory)


def _is_usable(job: VerifyJob, directory: Path | None, unit: VerifyUnit, found: UnitFindings) -> bool:
    """Whether the digests of the keys of an earlier run are still there."""
    if job.level != "items" or directory is None:
        return True
    valid = found.item_count - sum(count for _, _, count in found.defects)
    return count_digests(digests_path(directory, unit)) == valid


def _fingerprint(job: VerifyJob) -> str:
    """Of everything that the findings of a unit depend on."""
    digest = hashlib.sha256(repr((job.level, job.keys, job.view)).encode())
    for file in job.files:
        digest.update(repr((file.uri, file.md5, file.item_count, file.size_bytes)).encode())
    return digest.hexdigest()


class _Progress:
    def __init__(self, table: str, done: int, total: int, on_progress: OnProgress) -> None:
        self._table, self._done, self._total, self._on_progress = table, done, total, on_progress

    def add(self, size_bytes: int) -> None:
        self._done += size_bytes
        done = max(0, min(self._done, self._total))
        self._on_progress(Progress(self._table, "verify", done, self._total, "bytes"))


def _raise_damage(findings: Sequence[UnitFindings], files: int) -> None:
    damaged = [each.reason for found in findings for each in found.damaged]
    if damaged:
        details = "; ".join(damaged[:_MAX_SHOWN])
        more = f"; and {len(damaged) - _MAX_SHOWN} more" if len(damaged) > _MAX_SHOWN else ""
        match = agreeing(len(damaged), "does not match", "do not match")
        summary = (
            f"{grouped(len(damaged))} of {counted(files, 'data file')} {match} the manifest: "
            if files > 1
            else ""
        )
        raise DataIncomplete(f"{summary}{details}{more}", hint=_HINT)
    defects = [defect for found in findings for defect in found.defects]
    if defects:
        reasons = Counter[str]()
        for _, reason, count in defects:
            reasons[reason] += count
        most = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common(_MAX_SHOWN))
        uris = sorted({uri for uri, _, _ in defects})
        raise DataIncomplete(
            f"{counted(reasons.total(), 'line')} in {grouped(len(uris))} of {counted(files, 'data file')} "
            f"{agreeing(reasons.total(), 'is not a valid item', 'are not valid items')} of the table: {most}; "
            f"first in {uris[0]}",
            hint=_HINT,
        )


def _confirm_repeated(
    job: VerifyJob,
    units: Sequence[VerifyUnit],
    repeated: Repeated,
    access: BulkAccess,
    engine: Engine,
    stop: threading.Event,
) -> None:
    """Raises ``DataIncomplete`` unless only digests repeat, and no key."""
    task = FindKeys(job.keys, job.view, repeated.digests)
    counts = Counter[bytes]()
    uris: dict[bytes, set[str]] = defaultdict(set)
    for found in run_units(task, units, access, engine, on_bytes=lambda size_bytes: None, stop=stop):
        for key, count, where in found:
            counts[key] += count
            uris[key] |= set(where[: _MAX_SHOWN - len(uris[key])])
    again = [key for key, count in counts.items() if count > 1]
    if again:
        at_least = "at least " if len(repeated.digests) >= MAX_REPEATED else ""
        names = ", ".join(sorted(uris[again[0]]))
        number = len(again)
        raise DataIncomplete(
            f"{at_least}{counted(number, 'key')} {agreeing(number, 'is', 'are')} in the backup more than once, the "
            f"first of them in {names}",
            hint=_HINT,
        )
