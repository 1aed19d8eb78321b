"""The finished units of a restore, one line of JSON each, on disk before anything relies on them."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final

from ddbbackup.bulk.model import Unit, UnitResult
from ddbbackup.errors import Refused

_NAME: Final = "ledger.jsonl"


@contextmanager
def open_ledger(directory: Path) -> Iterator[Ledger]:
    """Opens the ledger of a restore, and locks it, so that no two runs write the same restore at a time.

    Raises ``Refused`` if another run holds the lock.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(directory / _NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(
                "another run on this machine is writing the same backup into the same table",
                hint="wait until the other run ends, then run the same command again",
            ) from None
        yield Ledger(file)


class Ledger:
    """Append-only and private (mode 0600).

    A unit with rejected items is never recorded, so that the next run repeats it. A line that a killed run left
    incomplete is ignored; its unit is repeated too.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def finished_results(self, units: Iterable[Unit]) -> dict[int, UnitResult]:
        """The results of those ``units`` that an earlier run finished, by their present number."""
        self._file.seek(0)
        entries: dict[str, dict[str, int]] = {}
        for line in self._file.read().splitlines():
            try:
                entry = json.loads(line)
                entries[entry["unit"]] = entry
            except (ValueError, LookupError, TypeError):
                continue
        return {
            unit.number: UnitResult(unit.number, entry["written"], entry["kept"], 0, entry["size_bytes"])
            for unit in units
            if (entry := entries.get(_identity(unit))) is not None
        }

    def record(self, unit: Unit, result: UnitResult) -> None:
        """Returns once the entry is on disk."""
        values = asdict(result)
        entry = {"unit": _identity(unit)} | {name: values[name] for name in ("written", "kept", "size_bytes")}
        # The first newline ends a line that a killed run left incomplete.
        self._file.write(b"\n" + json.dumps(entry).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _identity(unit: Unit) -> str:
    """Includes the MD5: a file that was replaced under the same key is another unit."""
    return f"{unit.file.bucket}/{unit.file.key} {unit.file.md5} {unit.part}/{unit.parts}"
