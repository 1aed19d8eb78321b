"""Many small records on disk, in partitions by their keys, so that each partition fits into memory.

A file is written by one unit of work, in segments: the offsets of all partitions, then what each of them holds. Files
are private (mode 0600), because records hold keys of items, and lie in a folder that is deleted in the end.
"""

from __future__ import annotations

import marshal
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddbbackup.model.checksums import crc32
from ddbbackup.os_errors import state_failed

_HELD_RECORDS: Final = 100_000  # in memory, before a segment is written: some 15 MB


def partition_of(key: bytes, partitions: int) -> int:
    return crc32(key, 0) % partitions


@dataclass(frozen=True, slots=True)
class SpilledFile:
    """``segments`` are the offsets at which they begin."""

    path: Path
    segments: tuple[int, ...]

    def records(self, partition: int, partitions: int) -> Iterator[list[bytes]]:
        """Those of one partition, in the order in which they were added. Raises ``StepFailed``."""
        with _disk_errors(self.path), self.path.open("rb", buffering=0) as file:
            for start in self.segments:
                offsets = array("Q")
                offsets.frombytes(os.pread(file.fileno(), 16, start + 8 * partition))
                begin, end = offsets
                if begin == end:
                    continue
                content = os.pread(file.fileno(), end - begin, start + 8 * (partitions + 1) + begin)
                yield marshal.loads(content)  # noqa: S302  # our own file

    def size_bytes(self, partition: int) -> int:
        """Of the records of one partition."""
        with _disk_errors(self.path), self.path.open("rb", buffering=0) as file:
            total = 0
            for start in self.segments:
                offsets = array("Q")
                offsets.frombytes(os.pread(file.fileno(), 16, start + 8 * partition))
                total += offsets[1] - offsets[0]
            return total


class SpillWriter:
    """Writes one file. ``buckets`` are the records that are held, by partition: add to them, then call ``added``.

    ``mark`` and ``undo``: a data file that is read again gives its records again.
    """

    def __init__(self, path: Path, partitions: int) -> None:
        self.buckets: list[list[bytes]] = [[] for _ in range(partitions)]
        self._path = path
        with _disk_errors(path):
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")
        self._held = 0
        self._segments: list[int] = []
        # What stays whatever is undone: these segments, and the beginning of each bucket.
        self._kept_segments = 0
        self._kept_bytes = 0
        self._kept = [0] * partitions

    def __enter__(self) -> SpillWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def added(self, count: int) -> None:
        """Says how many records were added to the buckets since the last call."""
        self._held += count
        if self._held >= _HELD_RECORDS:
            self._spill()

    def mark(self) -> None:
        """Everything so far stays."""
        self._kept_segments, self._kept_bytes = len(self._segments), self._file.tell()
        self._kept = list(map(len, self.buckets))

    def undo(self) -> None:
        """Forgets everything since the last ``mark``."""
        with _disk_errors(self._path):
            self._file.seek(self._kept_bytes)
            self._file.truncate()
        del self._segments[self._kept_segments :]
        for bucket, kept in zip(self.buckets, self._kept, strict=True):
            del bucket[kept:]
        self._held = sum(self._kept)

    def finish(self) -> SpilledFile:
        self._write_segment(self.buckets)
        with _disk_errors(self._path):
            self._file.flush()
        return SpilledFile(self._path, tuple(self._segments))

    def _spill(self) -> None:
        """Writes what stays apart from the rest, so that the rest can be undone."""
        if any(self._kept):
            self._write_segment(
                [bucket[:kept] for bucket, kept in zip(self.buckets, self._kept, strict=True)]
            )
            for bucket, kept in zip(self.buckets, self._kept, strict=True):
                del bucket[:kept]
            self._kept_segments, self._kept_bytes = len(self._segments), self._file.tell()
            self._kept = [0] * len(self.buckets)
        self._write_segment(self.buckets)
        for bucket in self.buckets:
            bucket.clear()
        self._held = 0

    def _write_segment(self, buckets: Sequence[list[bytes]]) -> None:
        contents = [marshal.dumps(bucket) if bucket else b"" for bucket in buckets]
        offsets = array("Q", [0])
        for content in contents:
            offsets.append(offsets[-1] + len(content))
        if not offsets[-1]:
            return
        with _disk_errors(self._path):
            self._segments.append(self._file.tell())
            self._file.write(offsets.tobytes())
            self._file.writelines(contents)


class _disk_errors:  # noqa: N801  # reads as the function that it is
    """A context manager: what the disk refuses becomes ``StepFailed``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            folder = self._path.parent
            raise state_failed(f"could not keep what is compared in {folder}", folder, error) from error
