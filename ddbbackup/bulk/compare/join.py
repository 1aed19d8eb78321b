"""Compares one partition of both sides, and keeps what differs."""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddbbackup.bulk.compare.model import DIGEST_BYTES, Counts, Difference
from ddbbackup.bulk.compare.spill import SpilledFile
from ddbbackup.bulk.unit_engine import Track
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.checksums import crc32
from ddbbackup.ports import Objects

# On disk; in memory it takes about three times as much. More is compared in several passes.
_BYTES_AT_ONCE: Final = 24 << 20


@dataclass(frozen=True, slots=True)
class JoinTask:
    """``unit_engine.Task``: a unit is the number of a partition."""

    point: tuple[SpilledFile, ...]
    live: tuple[SpilledFile, ...]
    partitions: int
    directory: Path

    def __call__(self, unit: int, objects: Objects, track: Track) -> Counts:
        size_bytes = sum(file.size_bytes(unit) for file in (*self.point, *self.live))
        passes = size_bytes // _BYTES_AT_ONCE + 1
        differences_path(self.directory, unit).unlink(missing_ok=True)  # of a process that died over it
        return sum((self._compare(unit, number, passes) for number in range(passes)), Counts())

    def _compare(self, partition: int, number: int, passes: int) -> Counts:
        point = set[bytes]()
        lines = 0
        for records in self._records(self.point, partition, number, passes):
            point.update(records)
            lines += len(records)
        if len({record[DIGEST_BYTES:] for record in point}) < lines:
            raise DataIncomplete(
                "the restore point holds a key more than once",
                hint="run `ddbbackup verify --level items`, and use another restore point",
            )
        only_live = set[bytes]()
        equal = 0
        for records in self._records(self.live, partition, number, passes):
            seen = set(records)
            both = seen & point
            equal += len(both)
            point -= both
            only_live |= seen - both
        return self._keep(partition, point, only_live, equal)

    def _records(
        self, files: Sequence[SpilledFile], partition: int, number: int, passes: int
    ) -> Iterator[list[bytes]]:
        for file in files:
            for records in file.records(partition, self.partitions):
                if passes == 1:
                    yield records
                else:
                    yield [
                        each
                        for each in records
                        if crc32(each[DIGEST_BYTES:], 0) // self.partitions % passes == number
                    ]

    def _keep(self, partition: int, only_point: set[bytes], only_live: set[bytes], equal: int) -> Counts:
        if not only_point and not only_live:
            return Counts(equal)
        live = {record[DIGEST_BYTES:]: record[:DIGEST_BYTES] for record in only_live}
        found: list[Difference] = []
        changed = 0
        for record in only_point:
            digest, key = record[:DIGEST_BYTES], record[DIGEST_BYTES:]
            seen = live.pop(key, None)
            changed += seen is not None
            found.append(Difference("missing" if seen is None else "changed", key, digest, seen or b""))
        found += [Difference("extra", key, b"", seen) for key, seen in live.items()]
        _append(differences_path(self.directory, partition), found)
        return Counts(equal, len(only_point) - changed, changed, len(live))


def differences_path(directory: Path, partition: int) -> Path:
    return directory / f"differences-{partition}"


def read_differences(directory: Path, partition: int) -> Iterator[list[Difference]]:
    """What ``JoinTask`` kept of one partition, in lists of bounded size."""
    try:
        with differences_path(directory, partition).open("rb") as file:
            while True:
                try:
                    content: list[tuple[str, bytes, bytes, bytes]] = marshal.load(file)  # noqa: S302  # our own file
                except EOFError:
                    return
                yield [Difference(*each) for each in content]  # type: ignore[arg-type]  # marshal knows no Literal
    except FileNotFoundError:
        return


def _append(path: Path, found: Sequence[Difference]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(marshal.dumps([tuple(each) for each in found]))
