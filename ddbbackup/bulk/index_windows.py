"""Reads the windows of a chain once, before anything else: which keys they change, and which changes are last.

Every file is compared with its manifest, so damage is found before a table has changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ddbbackup.archive.changes import ChangeCutter, Heads
from ddbbackup.archive.lines import split_lines, whole_lines
from ddbbackup.bulk.changed_keys import ChangedKeysBuilder, index_keys
from ddbbackup.bulk.model import DataFile, Stopped
from ddbbackup.bulk.verified_stream import check_item_count, open_data_file, read_until_whole
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import KeyAttribute, Objects

# Hashing and inflating release the interpreter's lock, and a few more threads hide the latency of S3.
_THREADS: Final = 6


def index_windows(
    windows: Sequence[Sequence[DataFile]],
    objects: Objects,
    folder: Path,
    *,
    keys: Sequence[KeyAttribute],
    table: str,
    on_progress: OnProgress,
    stop: threading.Event,
) -> Mapping[str, int]:
    """Writes the index into ``folder``. Returns the number of the first change of each file, by URI. Blocks.

    ``windows`` are in the order of time; ``table`` is the name that progress shows.

    Raises ``DataIncomplete`` if a file does not match its manifest or has a line that is not a change, ``Stopped``,
    and ``StepFailed`` if the disk is full.
    """
    files = [(number, file) for number, window in enumerate(windows) for file in window]
    _check_each_listed_once([file for _, file in files])
    builder = ChangedKeysBuilder(folder, sum(file.item_count for _, file in files))
    reading = _Reading(builder, ChangeCutter(keys), objects, table, files, on_progress, stop)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="index") as pool:
        try:
            firsts = list(pool.map(reading.index, files))
        except BaseException:
            reading.failed.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    builder.finish()
    return {file.uri: first for (_, file), first in zip(files, firsts, strict=True)}


def _check_each_listed_once(files: Sequence[DataFile]) -> None:
    if len({file.uri for file in files}) != len(files):
        raise DataIncomplete(
            "two windows of the chain list the same data file",
            hint="verify the backups of the table, then restore from another restore point",
        )


class _Reading:
    def __init__(
        self,
        builder: ChangedKeysBuilder,
        cutter: ChangeCutter,
        objects: Objects,
        table: str,
        files: Sequence[tuple[int, DataFile]],
        on_progress: OnProgress,
        stop: threading.Event,
    ) -> None:
        self.failed = threading.Event()
        self._builder, self._cutter, self._objects, self._stop = builder, cutter, objects, stop
        self._table, self._on_progress = table, on_progress
        self._total = sum(file.item_count for _, file in files)
        self._done = 0
        self._lock = threading.Lock()

    def index(self, numbered: tuple[int, DataFile]) -> int:
        """The number of the first change of a file. A file without items needs no reading for the index."""
        window, file = numbered
        if not file.item_count:
            return self._builder.reserve(0)
        return read_until_whole(lambda: self._read(window, file), self._stop.wait)

    def _read(self, window: int, file: DataFile) -> int:
        first = self._builder.reserve(file.item_count)
        count = 0
        try:
            for heads in read_heads(file, self._objects, self._cutter, self._stop):
                if self.failed.is_set():
                    raise Stopped
                self._builder.add(window, first + count, index_keys(heads.keys), heads.micros)
                count += len(heads.keys)
                self._add_progress(len(heads.keys))
        except BaseException:
            self._builder.discard(first, file.item_count)
            self._add_progress(-count)
            raise
        return first

    def _add_progress(self, changes: int) -> None:
        with self._lock:
            self._done += changes
            done = self._done
        self._on_progress(Progress(self._table, "changes", done, self._total, "changes"))


def read_heads(
    file: DataFile, objects: Objects, cutter: ChangeCutter, stop: threading.Event
) -> Iterator[Heads]:
    """The keys and times of all changes of a file, in blocks. Raises ``DataIncomplete`` and ``Stopped``."""
    count = 0
    with open_data_file(objects, file) as stream:
        for block in whole_lines(stream.pieces()):
            if stop.is_set():
                raise Stopped
            heads = cutter.read_heads([line for line in split_lines(block) if not line.isspace()])
            count += len(heads.keys)
            if count > file.item_count:
                check_item_count(file, count)
            yield heads
        check_item_count(file, count)
