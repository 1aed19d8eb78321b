"""The keys that the windows of a chain change, and the last change of each: on disk, in little memory.

Every change is a record of fixed size, in one of 256 partitions by the first byte of the digest of its key. One
partition at a time is then reduced to the last change of each key. The result are three files (docs/decisions/0021):

- ``keys``: the digests, sorted, so that a lookup reads the few that begin with the same bits;
- ``filter``: a bitmap by the CRC of keys, which answers most lookups of keys that are not there;
- ``finals``: one bit for each change, set for those that no later one supersedes.

Digests have 128 bits, so two keys with one digest are not to be expected. The files hold no item data.
"""

from __future__ import annotations

import itertools
import mmap
import os
import shutil
import threading
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from io import FileIO
from pathlib import Path
from struct import Struct
from typing import Final

from ddbbackup.archive.lines import crc32
from ddbbackup.errors import DataIncomplete, StepFailed

_DIGEST_BYTES: Final = 16
_RECORD: Final = Struct(f">{_DIGEST_BYTES}sIQQ")  # digest, window, microseconds, number of the change
_PARTITIONS: Final = 256
_BUFFER_BYTES: Final = 32 << 10  # of each partition
_KEYS_A_BUCKET: Final = 32
_FILTER_BITS_A_CHANGE: Final = 16
_MAX_FILTER_BITS: Final = 1 << 28
_FOLDER: Final = "changed-keys"
_HINT: Final = "free space there, or set DDBBACKUP_STATE_DIR, then run the same command again"


@dataclass(frozen=True, slots=True)
class ChangedKeys:
    """Where the files are. Picklable; a worker opens them with ``KeyLookup``."""

    directory: Path
    key_count: int
    bucket_bits: int
    filter_bits: int


@contextmanager
def changed_keys_folder(state_dir: Path) -> Iterator[Path]:
    """A new private folder (mode 0700) that is deleted at the end. Raises ``StepFailed`` if it cannot be made."""
    directory = state_dir / _FOLDER
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise _disk_error(directory, error) from error
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class ChangedKeysBuilder:
    """Collects changes in any order. Thread-safe. ``expected`` is the number of changes, as manifests say."""

    def __init__(self, directory: Path, expected: int) -> None:
        self._directory = directory
        self._filter_bits = _filter_bits(expected)
        self._filter = bytearray(self._filter_bits // 8)
        self._buffers = [bytearray() for _ in range(_PARTITIONS)]
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(_PARTITIONS)]
        self._discarded: list[range] = []
        self._numbers = 0
        self._spilled_bytes = 0
        self._lock = threading.Lock()
        self._spill = _create(directory / "spill")

    def reserve(self, count: int) -> int:
        """The number of the first of ``count`` changes."""
        with self._lock:
            first = self._numbers
            self._numbers += count
            return first

    def discard(self, first: int, count: int) -> None:
        """Forgets the changes with these numbers: the reading of their file failed."""
        with self._lock:
            self._discarded.append(range(first, first + count))

    def add(self, window: int, first: int, changes: Iterable[tuple[bytes, int]]) -> None:
        """Keys in canonical form with the microseconds of their changes, whose numbers begin with ``first``."""
        records = []
        mask, bits = self._filter_bits - 1, self._filter
        crcs = []
        for number, (key, micros) in enumerate(changes, start=first):
            digest = blake2b(key, digest_size=_DIGEST_BYTES).digest()
            records.append(_RECORD.pack(digest, window, micros, number))
            crcs.append(crc32(key, 0) & mask)
        with self._lock:
            for crc in crcs:
                bits[crc >> 3] |= 1 << (crc & 7)
            for record in records:
                self._buffers[record[0]] += record
            self._write_full_buffers()

    def finish(self) -> ChangedKeys:
        """Raises ``DataIncomplete`` if two changes of one window have the same key and time."""
        with self._lock:
            for partition in range(_PARTITIONS):
                self._write_buffer(partition)
            finals = bytearray((self._numbers + 7) // 8)
            bucket_bits = max(8, min(24, (self._numbers // _KEYS_A_BUCKET).bit_length()))
            shift = 32 - bucket_bits
            counts = array("Q", bytes(8 * ((1 << bucket_bits) + 1)))
            try:
                with _create(self._directory / "keys") as keys:
                    for partition in range(_PARTITIONS):
                        last = self._last_changes(partition)
                        for _, _, number in last.values():
                            finals[number >> 3] |= 1 << (number & 7)
                        digests = sorted(last)
                        for digest in digests:
                            counts[(int.from_bytes(digest[:4], "big") >> shift) + 1] += 1
                        _write(keys, b"".join(digests))
                starts = array("Q", itertools.accumulate(counts))
                for name, content in (
                    ("starts", starts.tobytes()),
                    ("filter", self._filter),
                    ("finals", finals),
                ):
                    with _create(self._directory / name) as file:
                        _write(file, content)
                (self._directory / "spill").unlink()
            except OSError as error:
                raise _disk_error(self._directory, error) from error
            finally:
                self._spill.close()
            return ChangedKeys(self._directory, starts[-1], bucket_bits, self._filter_bits)

    def _last_changes(self, partition: int) -> dict[bytes, tuple[int, int, int]]:
        """Window, microseconds and number of the last change of each key."""
        last: dict[bytes, tuple[int, int, int]] = {}
        for offset, size_bytes in self._chunks[partition]:
            for digest, *change in _RECORD.iter_unpack(os.pread(self._spill.fileno(), size_bytes, offset)):
                window, micros, number = change
                if self._discarded and any(number in numbers for numbers in self._discarded):
                    continue
                earlier = last.get(digest)
                if earlier is not None:
                    if (window, micros) == earlier[:2]:
                        raise DataIncomplete(
                            "a window holds two changes of one item that were written at the same time",
                            hint="use another restore point of the table",
                        )
                    if (window, micros) < earlier[:2]:
                        continue
                last[digest] = (window, micros, number)
        return last

    def _write_full_buffers(self) -> None:
        for partition, buffer in enumerate(self._buffers):
            if len(buffer) >= _BUFFER_BYTES:
                self._write_buffer(partition)

    def _write_buffer(self, partition: int) -> None:
        buffer = self._buffers[partition]
        if not buffer:
            return
        try:
            _write(self._spill, buffer)
        except OSError as error:
            raise _disk_error(self._directory, error) from error
        self._chunks[partition].append((self._spilled_bytes, len(buffer)))
        self._spilled_bytes += len(buffer)
        buffer.clear()


class KeyLookup:
    """The index in a worker. Not thread-safe."""

    def __init__(self, index: ChangedKeys) -> None:
        self._keys = (index.directory / "keys").open("rb", buffering=0)
        self._finals = (index.directory / "finals").open("rb", buffering=0)
        self._starts = array("Q", (index.directory / "starts").read_bytes())
        self._shift = 32 - index.bucket_bits
        self._mask = index.filter_bits - 1
        with (index.directory / "filter").open("rb") as file:
            self._filter = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __contains__(self, key: bytes) -> bool:
        """Whether a window changes the item with this key, in canonical form."""
        crc = crc32(key, 0) & self._mask
        if not self._filter[crc >> 3] & (1 << (crc & 7)):
            return False
        digest = blake2b(key, digest_size=_DIGEST_BYTES).digest()
        bucket = int.from_bytes(digest[:4], "big") >> self._shift
        start, end = self._starts[bucket], self._starts[bucket + 1]
        digests = os.pread(self._keys.fileno(), (end - start) * _DIGEST_BYTES, start * _DIGEST_BYTES)
        return digests.find(digest) % _DIGEST_BYTES == 0

    def finals(self, first: int, count: int) -> list[bool]:
        """For each of ``count`` changes whether it is the last one of its item."""
        start = first >> 3
        bits = os.pread(self._finals.fileno(), ((first + count + 7) >> 3) - start, start)
        return [bool(bits[(n >> 3) - start] & (1 << (n & 7))) for n in range(first, first + count)]

    def close(self) -> None:
        self._keys.close()
        self._finals.close()
        self._filter.close()


def _filter_bits(changes: int) -> int:
    wanted = max(1 << 15, changes * _FILTER_BITS_A_CHANGE)
    return min(_MAX_FILTER_BITS, 1 << (wanted - 1).bit_length())


def _create(path: Path) -> FileIO:
    """A new private file, unbuffered. Raises ``StepFailed``."""
    try:
        return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+")
    except OSError as error:
        raise _disk_error(path, error) from error


def _write(file: FileIO, content: bytes | bytearray) -> None:
    """All of it: a single write of the system may end early."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) or 0 :]


def _disk_error(path: Path, error: OSError) -> StepFailed:
    return StepFailed(f"could not keep the changed keys in {path}: {error.strerror}", hint=_HINT)
