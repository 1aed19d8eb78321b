"""Scans a table into an export: a thread for each segment that is read, a lock and a document for all of them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Final

from ddbbackup.archive.export_writing import WrittenExport, WrittenFile, manifests
from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.scan.data_file import PART_BYTES, DataFileWriter
from ddbbackup.bulk.scan.model import ScanJob, ScanResult
from ddbbackup.bulk.scan.page import Key, Page
from ddbbackup.bulk.scan.progress import ScanProgress, SegmentStart
from ddbbackup.bulk.scan.progress_document import RecordedFile
from ddbbackup.bulk.scan.read_limit import ReadLimit
from ddbbackup.bulk.scan.reader import SegmentReader
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import BulkAccess, BulkTransport, Objects

# Each holds two pages and a part of a file: some 12 MB. DynamoDB reads 3,000 units (12 MB) of a partition a second.
MAX_CONCURRENCY: Final = 8
_SMALL_SEGMENT_BYTES: Final = 32 << 20  # for less, the requests to S3 take longer than the scan
_FEW_SEGMENTS: Final = 16
_LARGE_SEGMENT_BYTES: Final = 256 << 20
_MAX_SEGMENTS: Final = 512
_SEGMENTS_OF_UNKNOWN_SIZE: Final = 4
_MAX_FILES: Final = (
    20_000  # for tables beyond that many parts, files have several; an import takes 50,000 objects
)
_COMPRESSION: Final = 4  # how many bytes of a table become one of a data file, about
_STOP_CHECK_SECONDS: Final = 0.2
_REPORT_SECONDS: Final = 0.5


def scan_table(
    job: ScanJob,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> ScanResult:
    """Reads the table and writes an export, or takes up what an earlier process has left of it. Blocks.

    Raises ``Stopped`` soon after ``stop`` is set, ``Refused`` or ``Conflict`` if another process works on the same
    scan, ``AccessDenied``, ``TableMissing``, ``Throttled`` or ``Unreachable`` if DynamoDB sends no page, whatever
    ``ports.Objects`` raises, and ``DataIncomplete`` if the bucket does not hold what was written.
    """
    objects = access.objects()
    progress = ScanProgress(objects, job, segments=segment_count(job.size_bytes), sleep=sleep)
    progress.open()
    scan = _Scan(job, access, objects, progress, on_progress, now)
    with progress.renewing(scan.halt):
        scan.run(stop)
        progress.save()
        progress.check()
        files = progress.files()
        _write_manifests(job, objects, files)
    return ScanResult(
        started_at=job.started_at,
        ended_at=_ended_at(job, files),
        manifest_key=job.folder.summary_key,
        item_count=sum(file.item_count for _, file in files),
        file_count=len(files),
        size_bytes=sum(file.size_bytes for _, file in files),
        segments=progress.segments,
        resumed_files=progress.resumed_files,
        consumed_read_units=scan.limit.consumed,
        throttled=scan.limit.throttled,
    )


def segment_count(size_bytes: int) -> int:
    """How many segments for a table of this size; DynamoDB updates the size every six hours, so it may be 0."""
    if size_bytes <= 0:
        return _SEGMENTS_OF_UNKNOWN_SIZE
    few = min(_FEW_SEGMENTS, -(-size_bytes // _SMALL_SEGMENT_BYTES))
    many = min(_MAX_SEGMENTS, -(-size_bytes // _LARGE_SEGMENT_BYTES))
    return max(few, many)


def full_file_bytes(size_bytes: int) -> int:
    """The compressed size at which a file ends: a file of one part has the ETag that files of AWS have."""
    return max(PART_BYTES, size_bytes // _COMPRESSION // _MAX_FILES)


class _Scan:
    """The threads. ``halt`` stops all of them."""

    def __init__(
        self,
        job: ScanJob,
        access: BulkAccess,
        objects: Objects,
        progress: ScanProgress,
        on_progress: OnProgress,
        now: Callable[[], datetime],
    ) -> None:
        self.halt = threading.Event()
        self.limit = ReadLimit(job.read_units_per_second, self.halt)
        self._job, self._access, self._objects, self._progress = job, access, objects, progress
        self._on_progress, self._now = on_progress, now
        self._full_bytes = full_file_bytes(job.size_bytes)
        self._items = sum(file.item_count for _, file in progress.files())
        self._lock = threading.Lock()
        self._next_report = 0.0

    def run(self, stop: threading.Event) -> None:
        """Returns once all segments are finished."""
        starts = self._progress.starts()
        # Neighbouring segments may be in one partition.
        random.Random(len(starts)).shuffle(starts)  # noqa: S311  # spreads load, keeps no secret
        concurrency = min(self._job.concurrency or MAX_CONCURRENCY, len(starts))
        with ThreadPoolExecutor(max(1, concurrency), thread_name_prefix="scan") as pool:
            running = {pool.submit(self._scan_segment, start) for start in starts}
            try:
                while running:
                    done, running = wait(running, _STOP_CHECK_SECONDS, FIRST_COMPLETED)
                    _raise_first(done)
                    if stop.is_set():
                        raise Stopped
            except BaseException:
                self.halt.set()
                pool.shutdown(cancel_futures=True)
                raise
        self._report(0, at_once=True)

    def _scan_segment(self, start: SegmentStart) -> None:
        transport: BulkTransport[None] = self._access.transport(self._job.table)
        reader = SegmentReader(
            self._job, start.segment, self._progress.segments, transport, self.limit, self.halt
        )
        files = _SegmentFiles(self._job, self._objects, self._progress, start, self._full_bytes)
        try:
            for page in reader.pages(start.key):
                files.add(page, read_until=self._now())
                self._report(page.item_count)
        except Stopped:
            files.end()  # what was read was paid for
            raise
        finally:
            files.abort()
            transport.close()

    def _report(self, items: int, *, at_once: bool = False) -> None:
        with self._lock:
            self._items += items
            moment = time.monotonic()
            if moment < self._next_report and not at_once:
                return
            self._next_report = moment + _REPORT_SECONDS
            detail = {"throttled": self.limit.throttled, "read_units": round(self.limit.consumed)}
            self._on_progress(Progress(self._job.table, "scan", self._items, None, "items", detail))


class _SegmentFiles:
    """The data files of one segment, one after the other."""

    def __init__(
        self, job: ScanJob, objects: Objects, progress: ScanProgress, start: SegmentStart, full_bytes: int
    ) -> None:
        self._job, self._objects, self._progress = job, objects, progress
        self._segment, self._ordinal, self._full_bytes = start.segment, start.ordinal, full_bytes
        self._writer: DataFileWriter | None = None
        self._next_key: Key | None = None
        self._read_until = job.started_at

    def add(self, page: Page, *, read_until: datetime) -> None:
        if self._writer is None:
            key = self._progress.key_of(self._segment, self._ordinal)
            self._writer = DataFileWriter(self._objects, self._job, key, full_bytes=self._full_bytes)
        self._writer.add(page)
        self._next_key, self._read_until = page.last_key, read_until
        if page.last_key is None or self._writer.is_full:
            self.end()

    def end(self) -> None:
        """Ends the file that is open, after whole pages."""
        if self._writer is not None:
            file = self._writer.finish()
            self._progress.add(self._segment, file, next_key=self._next_key, read_until=self._read_until)
            self._writer, self._ordinal = None, self._ordinal + 1

    def abort(self) -> None:
        """Drops the file that is open."""
        if self._writer is not None:
            self._writer.abort()


def _raise_first(done: set[Future[None]]) -> None:
    """What one of them raised; ``Stopped`` only if none of them raised anything else."""
    errors = [error for future in done if (error := future.exception()) is not None]
    for error in sorted(errors, key=lambda each: isinstance(each, Stopped)):
        raise error


def _write_manifests(job: ScanJob, objects: Objects, files: list[tuple[str, RecordedFile]]) -> None:
    ended_at = _ended_at(job, files)
    export = WrittenExport(
        export_id=job.export_id,
        folder=job.folder,
        table_arn=job.table_arn,
        table_id=job.table_id,
        start_time=job.started_at,
        end_time=ended_at,
        # The export holds every change up to its beginning, so that windows of changes can follow from there.
        export_time=job.started_at,
        encryption=job.encryption,
        origin={"madeBy": "scan", "readFrom": job.started_at.isoformat(), "readTo": ended_at.isoformat()},
    )
    written = [WrittenFile(key, file.item_count, file.md5, file.etag) for key, file in files]
    for key, body in manifests(export, written):
        objects.put(
            job.folder.bucket,
            key,
            body,
            content_type="application/json" if key.endswith(".json") else "text/plain",
            encryption=job.encryption,
            owner=job.bucket_owner,
        )


def _ended_at(job: ScanJob, files: list[tuple[str, RecordedFile]]) -> datetime:
    """Not before the start, whatever the clock says: it may be set back, or that of another machine be slow."""
    return max(job.started_at, *(file.read_until for _, file in files))
