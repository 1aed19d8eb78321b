"""The findings of an interrupted verification, so that another run on this machine need not read everything again."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import time
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec

from ddbbackup.bulk.verify_units import UnitFindings
from ddbbackup.errors import Refused
from ddbbackup.os_errors import state_failed

LEDGER: Final = "ledger.jsonl"
MAX_AGE_SECONDS: Final = 24 * 3600.0
_LIMIT_BYTES: Final = 256 << 20  # what is longer was not written by us
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class _Header(msgspec.Struct, frozen=True):
    fingerprint: str
    began: float


class _Entry(msgspec.Struct, frozen=True):
    number: _Count
    item_count: _Count
    size_bytes: _Count
    defects: tuple[tuple[str, str, _Count], ...] = ()


_T = TypeVar("_T")
_HEADERS: Final = msgspec.json.Decoder(_Header)
_ENTRIES: Final = msgspec.json.Decoder(_Entry)


class VerifyLedger:
    """A context manager that holds the lock of ``directory``, and makes it empty if it is of another verification.

    ``fingerprint`` is of everything that the findings depend on. Findings count for a day: the result that they lead
    to says that the data is whole today.

    If the ledger is not ``required``, a verification goes on without it where the directory cannot be written, where
    another run holds the lock, and where there is no directory: a backup must not fail because the disk of this
    machine is full. Otherwise raises ``Refused``.
    """

    def __init__(self, directory: Path | None, fingerprint: str, *, required: bool) -> None:
        self._directory, self._fingerprint, self._required = directory, fingerprint, required
        self._known: list[UnitFindings] = []
        self._file: io.FileIO | None = None

    def __enter__(self) -> VerifyLedger:
        try:
            self._open()
        except Refused:
            if self._required:
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _open(self) -> None:
        if self._directory is None:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._directory / LEDGER, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = io.FileIO(descriptor, "r+")
            self._lock(descriptor, self._directory)
            self._known = self._read(self._file)
        except OSError as error:
            self._close()
            what = f"could not use the state directory {self._directory}"
            raise state_failed(what, self._directory, error, kind=Refused) from error
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def findings(self) -> tuple[UnitFindings, ...]:
        """Those of earlier runs."""
        return tuple(self._known)

    def record(self, found: UnitFindings) -> None:
        entry = _Entry(found.number, found.item_count, found.size_bytes, found.defects)
        try:
            self._write(msgspec.json.encode(entry))
        except OSError as error:
            if self._required and self._directory is not None:
                what = f"could not write the ledger of the verification in {self._directory}"
                raise state_failed(what, self._directory, error) from error
            self._close()

    def remove(self) -> None:
        """The verification is finished; nothing is left of it."""
        if self._file is None or self._directory is None:
            return
        with contextlib.suppress(OSError):
            for path in self._directory.iterdir():
                path.unlink()
            self._directory.rmdir()

    def _write(self, line: bytes) -> None:
        if self._file is not None:
            self._file.write(
                b"\n" + line + b"\n"
            )  # the first newline ends a line that a killed run left incomplete

    def _lock(self, descriptor: int, directory: Path) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise Refused(
                    "another run on this machine is verifying the same backup",
                    hint="wait until the other run ends, then run the same command again",
                ) from None
            what = f"could not lock the state directory {directory}"
            raise state_failed(what, directory, error, kind=Refused) from error

    def _read(self, file: io.FileIO) -> list[UnitFindings]:
        file.seek(0)
        lines = [line for line in _read_at_most(file, _LIMIT_BYTES).split(b"\n") if line]
        header = _decoded(_HEADERS, lines[0]) if lines else None
        age_seconds = time.time() - header.began if header is not None else -1.0
        if (
            header is None
            or header.fingerprint != self._fingerprint
            or not 0 <= age_seconds <= MAX_AGE_SECONDS
        ):
            self._begin_anew(file)
            return []
        entries = [entry for line in lines[1:] if (entry := _decoded(_ENTRIES, line)) is not None]
        return [
            UnitFindings(each.number, each.item_count, each.size_bytes, (), each.defects) for each in entries
        ]

    def _begin_anew(self, file: io.FileIO) -> None:
        for path in self._directory.iterdir() if self._directory is not None else ():
            if path.name != LEDGER:
                path.unlink()
        file.truncate(0)
        self._write(msgspec.json.encode(_Header(self._fingerprint, time.time())))


def _read_at_most(file: io.FileIO, limit_bytes: int) -> bytes:
    chunks: list[bytes] = []
    while limit_bytes > 0 and (chunk := file.read(min(limit_bytes, 1 << 20))):
        chunks.append(chunk)
        limit_bytes -= len(chunk)
    return b"".join(chunks)


def _decoded(decoder: msgspec.json.Decoder[_T], line: bytes) -> _T | None:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
