"""Which units of a restore are finished: one line of JSON each, on disk before anybody counts on it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from ddbbackup.bulk.model import Unit, UnitResult
from ddbbackup.errors import Refused

_NAME: Final = "ledger.jsonl"


class Ledger:
    """Append-only and private (0600); locked, so that two runs never write one restore at the same time.

    A unit with rejected items is never entered: the next run tries it again. A line that a killed run left
    half written is ignored, as its unit will be done again.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Ledger:
        """Raises ``Refused`` while another run holds it."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._directory / _NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise Refused(
                "another run on this machine is writing the same backup into the same table",
                hint="let it end; if it was killed, its processes end within seconds",
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def finished(self, units: Iterable[Unit]) -> dict[int, UnitResult]:
        """The results of those of ``units`` that an earlier run finished, by their number today."""
        assert self._file is not None, "the ledger is open"
        self._file.seek(0)
        known: dict[str, dict[str, int]] = {}
        for line in self._file.read().splitlines():
            try:
                entry = json.loads(line)
                known[entry["unit"]] = entry
            except (ValueError, LookupError, TypeError):
                continue
        return {
            unit.number: UnitResult(unit.number, entry["written"], entry["kept"], 0, entry["size_bytes"])
            for unit in units
            if (entry := known.get(_name(unit))) is not None
        }

    def enter(self, unit: Unit, result: UnitResult) -> None:
        """Returns once the disk has it."""
        assert self._file is not None, "the ledger is open"
        facts = asdict(result)
        entry = {"unit": _name(unit)} | {name: facts[name] for name in ("written", "kept", "size_bytes")}
        self._file.write(b"\n" + json.dumps(entry).encode() + b"\n")  # first ends what a killed run left
        self._file.flush()
        os.fsync(self._file.fileno())


def _name(unit: Unit) -> str:
    """By content as well: a file that was replaced under the same key is another unit."""
    return f"{unit.file.bucket}/{unit.file.key} {unit.file.md5} {unit.part}/{unit.parts}"
