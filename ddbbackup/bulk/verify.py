"""Proving that data files are what their manifest says: size, hash and number of items, in parallel."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ddbbackup.archive.lines import count_items
from ddbbackup.bulk.model import DataFile, Stopped, VerifiedFile
from ddbbackup.bulk.verified_stream import Content, check_count, opened
from ddbbackup.errors import DataNotWhole
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import Objects

# Hashing and inflating let go of the interpreter's lock; a few threads also hide the network's latency.
_WORKERS: Final = 6
_SHOWN: Final = 3


def verify_files(
    files: Sequence[DataFile],
    objects: Objects,
    *,
    on_progress: OnProgress,
    stop: threading.Event,
    table: str = "",
    workers: int = _WORKERS,
) -> tuple[VerifiedFile, ...]:
    """Reads every file once, each as a stream, and returns what it found, in order.

    Raises ``DataNotWhole`` naming the broken files (the first few, and how many there are), ``Stopped``, and
    whatever the objects raise otherwise. Progress is in compressed bytes.
    """
    meter = _Meter(table, sum(file.size_bytes or 0 for file in files) or None, on_progress, stop)

    def read(file: DataFile) -> VerifiedFile | DataNotWhole:
        try:
            return _verify_one(file, objects, meter)
        except DataNotWhole as error:
            return error

    with ThreadPoolExecutor(workers, thread_name_prefix="verify") as pool:
        try:
            found = list(pool.map(read, files))
        except Exception:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    broken = [each for each in found if isinstance(each, DataNotWhole)]
    if broken:
        raise _summed_up(broken, len(files))
    return tuple(each for each in found if isinstance(each, VerifiedFile))


class _Meter:
    """Adds up what all threads have read, and says so."""

    def __init__(self, table: str, total: int | None, on_progress: OnProgress, stop: threading.Event) -> None:
        self._table, self._total, self._on_progress, self._stop = table, total, on_progress, stop
        self._done = 0
        self._lock = threading.Lock()

    def watch(self, content: Content) -> Iterator[bytes]:
        seen = 0
        for piece in content.pieces():
            if self._stop.is_set():
                raise Stopped
            if content.size_bytes != seen:
                self._add(content.size_bytes - seen)
                seen = content.size_bytes
            yield piece

    def _add(self, size_bytes: int) -> None:
        with self._lock:
            self._done += size_bytes
            done = self._done
        self._on_progress(Progress(self._table, "verify", done, self._total, "bytes"))


def _verify_one(file: DataFile, objects: Objects, meter: _Meter) -> VerifiedFile:
    with opened(objects, file) as content:
        count = count_items(meter.watch(content))
        check_count(file, count)
        if file.size_bytes is not None and file.size_bytes != content.size_bytes:
            raise DataNotWhole(
                f"it has {content.size_bytes} bytes now, and had {file.size_bytes} a moment ago",
                hint="somebody changes the backup while it is read: find out who",
            )
        return VerifiedFile(file.key, content.size_bytes, content.md5, count, content.version_id)


def _summed_up(broken: Sequence[DataNotWhole], files: int) -> DataNotWhole:
    said = "; ".join(error.message for error in broken[:_SHOWN])
    more = f"; and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
    lead = f"{len(broken)} of {files} data files are not what the manifest says: " if files > 1 else ""
    return DataNotWhole(f"{lead}{said}{more}", hint=broken[0].hint)
