"""The keys that the windows of a chain change, and the last change of each: in little memory, however many they are.

Changes are collected in partitions by the CRC of their keys, on disk, and one partition at a time is reduced to the
last change of each key. The result are files (docs/decisions/0021): ``finals`` has one bit for each change, set for
those that no later one supersedes; ``keys`` holds the keys. Few keys become a set in the memory of each worker. Many
are looked up in buckets on disk, behind a bitmap that answers most lookups of keys that are not there.

Keys are compared as they are. Only one that is longer than ``MAX_KEY_BYTES`` is kept as a hash of 64 bytes.
"""

from __future__ import annotations

import itertools
import marshal
import mmap
import os
import shutil
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from hashlib import blake2b
from io import FileIO
from operator import itemgetter
from pathlib import Path
from typing import Final, Protocol

from ddbbackup.errors import DataIncomplete, StepFailed
from ddbbackup.model.checksums import crc32
from ddbbackup.os_errors import state_failed

MAX_KEY_BYTES: Final = 64
MAX_KEYS_IN_MEMORY: Final = 400_000  # some 40 MB in each worker
_KEYS_A_PARTITION: Final = 150_000  # some 30 MB while it is reduced
_BUFFERED_CHANGES: Final = 1 << 16  # of all partitions
_KEYS_A_BUCKET: Final = 16
_FILTER_BITS_A_CHANGE: Final = 16
_MAX_FILTER_BITS: Final = 1 << 28
_FOLDER: Final = "changed-keys"
KEYS: Final = "keys"
STARTS: Final = "starts"
FILTER: Final = "filter"
FINALS: Final = "finals"
LAYOUT: Final = "layout"  # the number of partitions, and of the buckets of each; 0 if the keys become a set
_SPILL: Final = "spill"


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
        self._partitions = max(1, -(-expected // _KEYS_A_PARTITION))
        self._expected = expected
        self._buffered = _Changes(self._partitions)
        self._chunks: list[list[tuple[int, int, int]]] = [[] for _ in range(self._partitions)]
        self._discarded: list[range] = []
        self._numbers = 0
        self._spilled_bytes = 0
        self._lock = threading.Lock()
        self._spill = _create(directory / _SPILL)

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

    def add(self, window: int, first: int, keys: Sequence[bytes], micros: Sequence[int]) -> None:
        """Changes of a window with the numbers from ``first`` on; ``keys`` as ``index_keys`` makes them."""
        with self._lock:
            self._buffered.add(window, first, keys, micros)
            if self._buffered.count >= _BUFFERED_CHANGES:
                self._write_buffered()

    def finish(self) -> None:
        """Raises ``DataIncomplete`` if two changes of one window have the same key and time."""
        with self._lock, self._spill:
            self._write_buffered()
            buckets = None
            if self._expected > MAX_KEYS_IN_MEMORY:
                buckets = _Buckets(self._partitions, self._expected)
            finals = bytearray((self._numbers + 7) // 8)
            with _create(self._directory / KEYS) as file:
                for partition in range(self._partitions):
                    last = self._last_changes(partition)
                    for number in last.values():
                        finals[number >> 3] |= 1 << (number & 7)
                    content = buckets.content(list(last)) if buckets else marshal.dumps(list(last))
                    _write(file, content, self._directory)
            self._write_file(FINALS, finals)
            if buckets:
                self._write_file(STARTS, buckets.starts.tobytes())
                self._write_file(FILTER, buckets.filter)
            (self._directory / _SPILL).unlink()
            layout = (self._partitions, buckets.of_partition if buckets else 0)
            self._write_file(LAYOUT, marshal.dumps(layout))

    def _last_changes(self, partition: int) -> dict[bytes, int]:
        """The keys of a partition with the numbers of their last changes."""
        last: dict[bytes, int] = {}
        by_window = itertools.groupby(sorted(self._chunks[partition]), key=itemgetter(0))
        for _, chunks in by_window:
            keys: list[bytes] = []
            micros, numbers = array("Q"), array("Q")
            for _, offset, size_bytes in chunks:
                some = marshal.loads(os.pread(self._spill.fileno(), size_bytes, offset))  # noqa: S302  # our own
                keys += some[0]
                micros.frombytes(some[1])
                numbers.frombytes(some[2])
            last.update(_last_of_window(keys, micros, numbers, self._discarded))
        return last

    def _write_buffered(self) -> None:
        for (window, partition), columns in self._buffered.take():
            keys, micros, numbers = columns
            content = marshal.dumps((keys, micros.tobytes(), numbers.tobytes()))
            _write(self._spill, content, self._directory)
            self._chunks[partition].append((window, self._spilled_bytes, len(content)))
            self._spilled_bytes += len(content)

    def _write_file(self, name: str, content: bytes | bytearray) -> None:
        with _create(self._directory / name) as file:
            _write(file, content, self._directory)


Columns = tuple[list[bytes], "array[int]", "array[int]"]
"""Keys, microseconds and numbers of some changes."""


class _Changes:
    """Changes that wait to be written, by window and partition."""

    def __init__(self, partitions: int) -> None:
        self.count = 0
        self._partitions = partitions
        self._columns: dict[tuple[int, int], Columns] = {}

    def add(self, window: int, first: int, keys: Sequence[bytes], micros: Sequence[int]) -> None:
        self.count += len(keys)
        numbers = range(first, first + len(keys))
        if self._partitions == 1:
            all_keys, all_micros, all_numbers = self._of(window, 0)
            all_keys.extend(keys)
            all_micros.extend(micros)
            all_numbers.extend(numbers)
            return
        columns = [self._of(window, partition) for partition in range(self._partitions)]
        for key, written_at, number in zip(keys, micros, numbers, strict=True):
            of_key, of_time, of_number = columns[crc32(key, 0) % self._partitions]
            of_key.append(key)
            of_time.append(written_at)
            of_number.append(number)

    def take(self) -> list[tuple[tuple[int, int], Columns]]:
        taken = [(place, columns) for place, columns in self._columns.items() if columns[0]]
        self._columns, self.count = {}, 0
        return taken

    def _of(self, window: int, partition: int) -> Columns:
        return self._columns.setdefault((window, partition), ([], array("Q"), array("Q")))


def _last_of_window(
    keys: Sequence[bytes], micros: Sequence[int], numbers: Sequence[int], discarded: Sequence[range]
) -> dict[bytes, int]:
    """AWS writes one change of a key into a window (aws-facts). If there are more, the time of the write decides."""
    changes: Iterable[tuple[bytes, int, int]] = zip(keys, micros, numbers, strict=True)
    if discarded:
        changes = [each for each in changes if not any(each[2] in numbers for numbers in discarded)]
        keys, numbers = [each[0] for each in changes], [each[2] for each in changes]
    last = dict(zip(keys, numbers, strict=True))
    if len(last) == len(keys):
        return last
    latest: dict[bytes, tuple[int, int]] = {}
    for key, written_at, number in changes:
        earlier = latest.get(key)
        if earlier is not None and earlier[0] == written_at:
            raise DataIncomplete(
                "a window holds two changes of one item that were written at the same time",
                hint="use another restore point of the table",
            )
        if earlier is None or earlier[0] < written_at:
            latest[key] = (written_at, number)
    return {key: number for key, (_, number) in latest.items()}


class _Buckets:
    """Many keys, so that a lookup reads a few of them."""

    def __init__(self, partitions: int, expected: int) -> None:
        self.of_partition = max(1, expected // partitions // _KEYS_A_BUCKET)
        self.starts = array("Q", [0])
        bits = min(_MAX_FILTER_BITS, 1 << (expected * _FILTER_BITS_A_CHANGE - 1).bit_length())
        self.filter = bytearray(bits // 8)
        self._partitions, self._mask = partitions, bits - 1

    def content(self, keys: list[bytes]) -> bytes:
        """What to write for the keys of the next partition."""
        buckets: list[list[bytes]] = [[] for _ in range(self.of_partition)]
        for key in keys:
            crc = crc32(key, 0)
            buckets[crc // self._partitions % self.of_partition].append(key)
            bit = crc & self._mask
            self.filter[bit >> 3] |= 1 << (bit & 7)
        contents = [marshal.dumps(bucket) for bucket in buckets]
        for content in contents:
            self.starts.append(self.starts[-1] + len(content))
        return b"".join(contents)


class ChangedKeys(Protocol):
    """Keys as ``index_keys`` makes them."""

    def intersection(self, keys: Sequence[bytes], /) -> Set[bytes]:
        """Those of ``keys`` that are among them."""


def open_keys(folder: Path) -> ChangedKeys:
    partitions, buckets = marshal.loads((folder / LAYOUT).read_bytes())  # noqa: S302  # our own file
    if buckets:
        return _KeysOnDisk(folder, partitions, buckets)
    with (folder / KEYS).open("rb") as file:
        keys = [marshal.load(file) for _ in range(partitions)]  # noqa: S302  # our own file
    return frozenset(itertools.chain.from_iterable(keys))


class _KeysOnDisk:
    """Thread-safe: only reads, at positions of its own."""

    def __init__(self, folder: Path, partitions: int, buckets: int) -> None:
        self._partitions, self._buckets = partitions, buckets
        self._keys = (folder / KEYS).open("rb", buffering=0)
        self._filter = _map(folder / FILTER)
        self._mask = len(self._filter) * 8 - 1
        self._starts = memoryview(_map(folder / STARTS)).cast("Q")

    def intersection(self, keys: Sequence[bytes], /) -> Set[bytes]:
        return {key for key in keys if self._holds(key)}

    def _holds(self, key: bytes) -> bool:
        crc = crc32(key, 0)
        bit = crc & self._mask
        if not self._filter[bit >> 3] & (1 << (bit & 7)):
            return False
        bucket = crc % self._partitions * self._buckets + crc // self._partitions % self._buckets
        start, end = self._starts[bucket], self._starts[bucket + 1]
        keys: list[bytes] = marshal.loads(os.pread(self._keys.fileno(), end - start, start))  # noqa: S302  # our own
        return key in keys


class FinalChanges:
    """Which changes no later one supersedes. Thread-safe: only reads, at positions of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / FINALS).open("rb", buffering=0)

    def among(self, first: int, count: int) -> list[int]:
        """For each of ``count`` changes with the numbers from ``first`` on: not 0 if it is final."""
        start = first >> 3
        bits = os.pread(self._file.fileno(), ((first + count + 7) >> 3) - start, start)
        return [bits[(n >> 3) - start] & (1 << (n & 7)) for n in range(first, first + count)]


def index_keys(keys: Sequence[bytes]) -> Sequence[bytes]:
    """Canonical keys (``archive.item_keys``) as they are in the index: of bounded size."""
    if max(map(len, keys), default=0) <= MAX_KEY_BYTES:
        return keys
    return [key if len(key) <= MAX_KEY_BYTES else b"#" + blake2b(key).digest() for key in keys]


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _create(path: Path) -> FileIO:
    """A new private file, unbuffered. Raises ``StepFailed``."""
    try:
        return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+")
    except OSError as error:
        raise _disk_error(path.parent, error) from error


def _write(file: FileIO, content: bytes | bytearray, directory: Path) -> None:
    """All of it: a single write of the system may end early. Raises ``StepFailed``."""
    left = memoryview(content)
    try:
        while left:
            left = left[file.write(left) or 0 :]
    except OSError as error:
        raise _disk_error(directory, error) from error


def _disk_error(directory: Path, error: OSError) -> StepFailed:
    return state_failed(f"could not keep the changed keys in {directory}", directory, error)
