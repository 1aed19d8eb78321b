"""Verifies that data files match their manifest: size, MD5 and number of items, several files at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ddbbackup.archive.lines import count_items
from ddbbackup.bulk.model import DataFile, Stopped, VerifiedFile
from ddbbackup.bulk.verified_stream import (
    READ_AGAIN,
    VerifiedStream,
    check_item_count,
    open_data_file,
    read_until_whole,
)
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import Objects

# Hashing and inflating release the interpreter's lock, and a few more threads hide the latency of S3.
_WORKERS: Final = 6
_MAX_SHOWN: Final = 3


def verify_files(
    files: Sequence[DataFile],
    objects: Objects,
    *,
    on_progress: OnProgress,
    stop: threading.Event,
    table: str = "",
    workers: int = _WORKERS,
) -> tuple[VerifiedFile, ...]:
    """Streams every file once and returns what it measured, in the order of ``files``. Blocks.

    A file that looks damaged is read again, up to three times, before it is called damaged.

    Raises ``DataIncomplete`` that names the first damaged files and says how many there are, ``Stopped``, and
    whatever else ``objects`` raises. Progress is in compressed bytes.
    """
    progress = _VerifyProgress(table, sum(file.size_bytes or 0 for file in files) or None, on_progress, stop)

    def verify(file: DataFile) -> VerifiedFile | DataIncomplete:
        try:
            return read_until_whole(lambda: _verify_file(file, objects, progress), stop.wait)
        except DataIncomplete as error:
            return error

    with ThreadPoolExecutor(workers, thread_name_prefix="verify") as pool:
        try:
            results = list(pool.map(verify, files))
        except Exception:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    damaged = [result for result in results if isinstance(result, DataIncomplete)]
    if damaged:
        raise _combined_error(damaged, len(files))
    return tuple(result for result in results if isinstance(result, VerifiedFile))


class _VerifyProgress:
    """Adds up and reports what all threads have read."""

    def __init__(self, table: str, total: int | None, on_progress: OnProgress, stop: threading.Event) -> None:
        self._table, self._total, self._on_progress, self._stop = table, total, on_progress, stop
        self._done = 0
        self._lock = threading.Lock()

    def track(self, stream: VerifiedStream) -> Iterator[bytes]:
        """The pieces of the stream. Takes its bytes back if it cannot be read to its end. Raises ``Stopped``."""
        reported = 0
        try:
            for piece in stream.pieces():
                if self._stop.is_set():
                    raise Stopped
                if stream.size_bytes != reported:
                    self._add(stream.size_bytes - reported)
                    reported = stream.size_bytes
                yield piece
        except READ_AGAIN:
            self._add(-reported)
            raise

    def _add(self, size_bytes: int) -> None:
        with self._lock:
            self._done += size_bytes
            done = self._done if self._total is None else min(self._done, self._total)
        self._on_progress(Progress(self._table, "verify", done, self._total, "bytes"))


def _verify_file(file: DataFile, objects: Objects, progress: _VerifyProgress) -> VerifiedFile:
    with open_data_file(objects, file) as stream:
        count = count_items(progress.track(stream))
        check_item_count(file, count)
        if file.size_bytes is not None and file.size_bytes != stream.size_bytes:
            raise DataIncomplete(
                f"its size changed from {file.size_bytes} to {stream.size_bytes} bytes during the verification",
                hint="check what writes to the bucket, then verify the backup again",
            )
        return VerifiedFile(file.key, stream.size_bytes, stream.md5, count, stream.version_id)


def _combined_error(damaged: Sequence[DataIncomplete], files: int) -> DataIncomplete:
    details = "; ".join(error.message for error in damaged[:_MAX_SHOWN])
    more = f"; and {len(damaged) - _MAX_SHOWN} more" if len(damaged) > _MAX_SHOWN else ""
    summary = f"{len(damaged)} of {files} data files do not match the manifest: " if files > 1 else ""
    return DataIncomplete(f"{summary}{details}{more}", hint=damaged[0].hint)
