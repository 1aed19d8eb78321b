"""Whether a key is there twice among very many, in bounded memory: digests of keys, spilled to files in buckets.

A digest has 8 bytes. Two of a hundred million keys share one with a probability of 0.03%, so a digest that repeats
is no proof: ``repeated_digests`` names it, and the keys behind it have to be compared.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from ddbbackup.errors import StepFailed

DIGEST_BYTES: Final = 8
MAX_REPEATED: Final = 1000  # digests whose keys are compared
_BUCKETS: Final = 256  # by the first byte
_HELD_DIGESTS: Final = 500_000  # in memory, before a segment is written
_DIGESTS_AT_ONCE: Final = 400_000  # in a set of numbers: some 40 MB
_COUNT_BYTES: Final = 8


def digest_of(key: bytes) -> bytes:
    """8 bytes that other keys hardly ever have."""
    return hashlib.blake2b(key, digest_size=DIGEST_BYTES).digest()


class DigestWriter:
    """Writes the digests of many keys into one file, in segments; a segment has its digests in buckets.

    ``mark`` and ``undo``: a data file that is read again gives its keys again.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._buckets = _empty_buckets()
        self._held = 0
        # What stays whatever is undone: the file up to here, and the beginning of each bucket.
        self._kept_bytes = 0
        self._kept = [0] * _BUCKETS

    def __enter__(self) -> DigestWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, keys: Sequence[bytes]) -> None:
        buckets = self._buckets
        digest = hashlib.blake2b
        for key in keys:
            each = digest(key, digest_size=DIGEST_BYTES).digest()
            buckets[each[0]] += each
        self._held += len(keys)
        if self._held >= _HELD_DIGESTS:
            self._spill()

    def mark(self) -> None:
        """Everything so far stays."""
        self._kept_bytes = self._file.tell()
        self._kept = [len(bucket) for bucket in self._buckets]

    def undo(self) -> None:
        """Forgets everything since the last ``mark``."""
        self._file.seek(self._kept_bytes)
        self._file.truncate()
        for bucket, kept in zip(self._buckets, self._kept, strict=True):
            del bucket[kept:]
        self._held = sum(self._kept) // DIGEST_BYTES

    def finish(self) -> None:
        """Afterwards, everything is in the file, also if this process is killed."""
        self._write_segment(self._buckets)
        self._file.flush()

    def _spill(self) -> None:
        """Writes what stays apart from the rest, so that the rest can be undone."""
        if any(self._kept):
            self._write_segment(
                [bucket[:kept] for bucket, kept in zip(self._buckets, self._kept, strict=True)]
            )
            self._kept_bytes = self._file.tell()
        self._write_segment([bucket[kept:] for bucket, kept in zip(self._buckets, self._kept, strict=True)])
        self._buckets, self._kept, self._held = _empty_buckets(), [0] * _BUCKETS, 0

    def _write_segment(self, buckets: Sequence[bytearray]) -> None:
        counts = array("Q", (len(bucket) // DIGEST_BYTES for bucket in buckets))
        self._file.write(counts.tobytes())
        self._file.writelines(buckets)


def _empty_buckets() -> list[bytearray]:
    return [bytearray() for _ in range(_BUCKETS)]


@dataclass(frozen=True, slots=True)
class Repeated:
    """``count`` digests are there again, after their first time. ``digests`` are some of them, at most 1,000."""

    count: int
    digests: frozenset[bytes]


def repeated_digests(paths: Sequence[Path]) -> Repeated:
    """Reads what ``DigestWriter`` wrote, one bucket at a time. Raises ``StepFailed`` for a file that was damaged."""
    segments = [(path, segment) for path in paths for segment in _segments(path)]
    count, found = 0, set[bytes]()
    for bucket in range(_BUCKETS):
        values = array("Q")
        for path, segment in segments:
            values.frombytes(_read(path, segment.starts[bucket], segment.counts[bucket] * DIGEST_BYTES))
        passes = len(values) // _DIGESTS_AT_ONCE + 1
        for number in range(passes):
            part = values if passes == 1 else array("Q", (each for each in values if each % passes == number))
            extra = len(part) - len(set(part))
            count += extra
            if extra and len(found) < MAX_REPEATED:
                again = (each for each, times in Counter(part).items() if times > 1)
                found.update(
                    array("Q", [each]).tobytes() for each in islice(again, MAX_REPEATED - len(found))
                )
    return Repeated(count, frozenset(found))


def count_digests(path: Path) -> int | None:
    """How many digests a file of ``DigestWriter`` holds; None if it is missing or damaged."""
    try:
        return sum(sum(segment.counts) for segment in _segments(path))
    except (FileNotFoundError, StepFailed):
        return None


@dataclass(frozen=True, slots=True)
class _Segment:
    counts: Sequence[int]
    starts: Sequence[int]


def _segments(path: Path) -> Iterator[_Segment]:
    size_bytes = path.stat().st_size
    position, header_bytes = 0, _BUCKETS * _COUNT_BYTES
    while position < size_bytes:
        counts = array("Q")
        counts.frombytes(_read(path, position, header_bytes))
        position += header_bytes
        starts = []
        for count in counts:
            starts.append(position)
            position += count * DIGEST_BYTES
        if position > size_bytes:
            raise StepFailed(
                f"the local file {path} was damaged during the verification",
                hint="run the same command again",
            )
        yield _Segment(counts, starts)


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(size_bytes)
    if len(content) != size_bytes:
        raise StepFailed(
            f"the local file {path} was damaged during the verification", hint="run the same command again"
        )
    return content
