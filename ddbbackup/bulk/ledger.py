"""The finished data files of a restore, so that another run, on this machine or another, need not write them again.

A ledger is a claim. It counts only for the restore that wrote it: every entry carries a digest of itself, of the
restore's ID and of the table's ID. What is torn, changed, of another restore, or of a table that was made anew is
ignored, and its file is written again. Whether the table still holds the items is another question, which
``read_back`` answers.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from ddbbackup.bulk.model import FinishedFile
from ddbbackup.errors import Refused
from ddbbackup.os_errors import state_failed

LEDGER: Final = "ledger.jsonl"
_READ_BYTES: Final = 64 << 20  # a million entries; what is longer was not written by us


class Ledger(Protocol):
    """What the writer of a restore asks of its ledger."""

    def finished_files(self) -> frozenset[FinishedFile]: ...

    def record(self, file: FinishedFile) -> None:
        """Returns once the entry is safe."""


@dataclass(frozen=True, slots=True)
class RestoreIdentity:
    """``restore_id`` is a random text that was chosen when the restore began; ``table_id`` is ``TableId``."""

    restore_id: str
    table_id: str


def ledger_entry(file: FinishedFile, identity: RestoreIdentity) -> dict[str, Any]:
    """The JSON object of a finished file, for a ledger or for a document that holds several of them."""
    entry = asdict(file)
    return entry | {"proof": _proof(entry, identity)}


def finished_file(entry: object, identity: RestoreIdentity) -> FinishedFile | None:
    """The finished file of a ``ledger_entry``; None for anything that is not one of this restore."""
    if not isinstance(entry, dict) or not isinstance(entry.get("proof"), str):
        return None
    values = {name: value for name, value in entry.items() if name != "proof"}
    if values.keys() != {each.name for each in fields(FinishedFile)}:
        return None
    try:
        if entry["proof"] != _proof(values, identity):
            return None
    except (ValueError, RecursionError):
        return None
    file = FinishedFile(**values)
    results = (file.written, file.kept, file.equal, file.superseded, file.deleted, file.left_out)
    numbers = (file.item_count, *results, file.size_bytes, file.changed)
    if not all(type(number) is int and number >= 0 for number in numbers):
        return None
    return file if sum(results) == file.item_count else None


def _proof(values: Mapping[str, Any], identity: RestoreIdentity) -> str:
    text = json.dumps([values, identity.restore_id, identity.table_id], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def open_ledger(directory: Path, identity: RestoreIdentity) -> Iterator[LocalLedger]:
    """Opens the ledger in the state directory of a restore, and locks it, so that no two runs write to it at a time.

    Raises ``Refused`` if another run holds the lock, or if the directory cannot be used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory / LEDGER, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        what = f"could not open the state directory {directory}"
        raise state_failed(what, directory, error, kind=Refused) from error
    with os.fdopen(descriptor, "r+b") as file:
        _lock(descriptor, directory)
        yield LocalLedger(file, identity, directory)


def _lock(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise Refused(
                "another run on this machine is writing the same backup into the same table",
                hint="wait until the other run ends, then run the same command again",
            ) from None
        what = f"could not lock the state directory {directory}"
        raise state_failed(what, directory, error, kind=Refused) from error


class LocalLedger:
    """Implements ``Ledger`` with one JSON object a line in a private file (mode 0600). Thread-safe."""

    def __init__(self, file: BinaryIO, identity: RestoreIdentity, directory: Path) -> None:
        self._file, self._identity, self._directory = file, identity, directory
        self._lock = threading.Lock()
        self._finished = {each.key: each for each in self._read()}

    def finished_files(self) -> frozenset[FinishedFile]:
        with self._lock:
            return frozenset(self._finished.values())

    def entries(self) -> list[dict[str, Any]]:
        """All finished files as entries, to keep them elsewhere too."""
        return [
            ledger_entry(file, self._identity) for file in sorted(self.finished_files(), key=lambda f: f.key)
        ]

    def seed(self, entries: Iterable[object]) -> None:
        """Adds the finished files of ``entries`` from elsewhere; ignores those that are not of this restore."""
        known = self.finished_files()
        for entry in entries:
            file = finished_file(entry, self._identity)
            if file is not None and file not in known:
                self.record(file)

    def record(self, file: FinishedFile) -> None:
        """Returns once the entry is on disk. Raises ``StepFailed`` if it cannot be written."""
        line = json.dumps(ledger_entry(file, self._identity)).encode()
        with self._lock:
            try:
                # The first newline ends a line that a killed run left incomplete.
                self._file.write(b"\n" + line + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                what = f"could not write the ledger of the restore in {self._directory}"
                raise state_failed(what, self._directory, error) from error
            self._finished[file.key] = file

    def _read(self) -> Iterator[FinishedFile]:
        self._file.seek(0)
        for line in self._file.read(_READ_BYTES).splitlines():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            file = finished_file(entry, self._identity)
            if file is not None:
                yield file
