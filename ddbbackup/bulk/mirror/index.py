"""The differences of a comparison by key, on disk, behind a bitmap that answers most lookups of other keys."""

from __future__ import annotations

import errno
import mmap
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddbbackup.bulk.compare import PointComparison
from ddbbackup.bulk.compare.model import Difference
from ddbbackup.bulk.compare.spill import partition_of
from ddbbackup.model.checksums import crc32
from ddbbackup.os_errors import state_failed

_BITS_A_KEY: Final = 16
_MAX_BITS: Final = 1 << 28
_ROWS_AT_ONCE: Final = 10_000
_KEYS_AT_ONCE: Final = 200  # SQLite allows 999 parameters, two for each


@dataclass(frozen=True, slots=True)
class DifferenceIndex:
    """Files in the folder of the comparison. Picklable; each process opens them."""

    directory: Path
    partitions: int

    @property
    def _rows(self) -> Path:
        return self.directory / "differences.sqlite"

    @property
    def _filter(self) -> Path:
        return self.directory / "differences.filter"

    def build(self, comparison: PointComparison) -> None:
        """One partition after the other, so that rows are appended. Raises ``StepFailed`` if the disk is full."""
        counts = comparison.counts
        keys = counts.missing + counts.changed
        bits = min(_MAX_BITS, 1 << max(10, (keys * _BITS_A_KEY).bit_length()))
        bitmap, mask = bytearray(bits // 8), bits - 1
        with _disk_errors(self.directory):
            for path in (self._rows, self._filter):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            with closing(sqlite3.connect(self._rows, isolation_level=None)) as database:
                database.execute("PRAGMA journal_mode = OFF")
                database.execute("PRAGMA synchronous = OFF")
                database.execute(
                    "CREATE TABLE differences (partition INTEGER, key BLOB, kind TEXT, point BLOB, live BLOB, "
                    "PRIMARY KEY (partition, key)) WITHOUT ROWID"
                )
                database.execute("BEGIN")
                for rows in _batches(comparison.differences()):
                    for each in rows:
                        if each.kind != "extra":
                            bit = crc32(each.key, 0) & mask
                            bitmap[bit >> 3] |= 1 << (bit & 7)
                    database.executemany(
                        "INSERT INTO differences VALUES (?, ?, ?, ?, ?)",
                        sorted(
                            (
                                partition_of(each.key, self.partitions),
                                each.key,
                                each.kind,
                                each.point,
                                each.live,
                            )
                            for each in rows
                        ),
                    )
                database.execute("COMMIT")
            self._filter.write_bytes(bitmap)

    def open_filter(self) -> KeyFilter:
        with self._filter.open("rb") as file:
            return KeyFilter(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    @contextmanager
    def open(self) -> Iterator[OpenIndex]:
        """For one thread."""
        with closing(
            sqlite3.connect(f"{self._rows.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as database:
            yield OpenIndex(database, self.partitions)


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """``bitmap`` has a bit for the hash of each key of a missing or changed item. Thread-safe."""

    bitmap: mmap.mmap

    def candidates(self, keys: Sequence[bytes | None], lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """The keys that may be among them, with their lines."""
        bitmap, mask = self.bitmap, len(self.bitmap) * 8 - 1
        return [
            (key, line)
            for key, line in zip(keys, lines, strict=True)
            if key is not None and bitmap[(bit := crc32(key, 0) & mask) >> 3] & (1 << (bit & 7))
        ]


class OpenIndex:
    def __init__(self, database: sqlite3.Connection, partitions: int) -> None:
        self._database, self._partitions = database, partitions

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Difference]:
        """Those of the keys that differ. In few queries: each of them lets other threads go first."""
        found: dict[bytes, Difference] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            wanted = ",".join(["(?,?)"] * len(some))
            # A join, because SQLite reads the whole table for a row value in a list.
            rows = self._database.execute(
                f"WITH wanted (p, k) AS (VALUES {wanted}) "  # noqa: S608  # only question marks
                "SELECT kind, key, point, live FROM wanted JOIN differences ON partition = p AND key = k",
                [value for key in some for value in (partition_of(key, self._partitions), key)],
            )
            found |= {row[1]: Difference(*row) for row in rows}
        return found

    def only_live(self, partition: int) -> Iterator[Difference]:
        """The items of a partition that only the table has."""
        rows = self._database.execute(
            "SELECT kind, key, point, live FROM differences WHERE partition = ? AND kind = 'extra'",
            (partition,),
        )
        return (Difference(*row) for row in rows)


def _batches(differences: Iterator[Difference]) -> Iterator[list[Difference]]:
    batch: list[Difference] = []
    for each in differences:
        batch.append(each)
        if len(batch) >= _ROWS_AT_ONCE:
            yield batch
            batch = []
    yield batch


@contextmanager
def _disk_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise state_failed(f"could not keep the differences in {directory}", directory, error) from error
    except sqlite3.OperationalError as error:  # its text is a sentence of SQLite, without data
        told = OSError(errno.ENOSPC if "full" in str(error) else errno.EIO, str(error))
        raise state_failed(f"could not keep the differences in {directory}", directory, told) from error
