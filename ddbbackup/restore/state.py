"""How far a restore has come, so that an interrupted one can be continued, and the lock of its target.

State and lock belong to the target table: whatever restores run, only one works on a table at a time. There is one
private directory for each target: ``restore.json`` holds the progress; the bulk writer keeps its ledger of finished
files and the rejected items beside it. ``shared_state`` keeps a copy of the progress in the vault.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ddbbackup.errors import Refused, StepFailed
from ddbbackup.model.documents import InvalidDocument, encode_document
from ddbbackup.os_errors import state_failed
from ddbbackup.restore.restore_progress import PROGRESS, RESUMABLE, RestoreProgress
from ddbbackup.restore.shared_state import SharedState


class RestoreState:
    """``restore.json``, and its copy in the vault. Writes are atomic and private. All methods block."""

    def __init__(self, state_dir: Path, *, target_arn: str, shared: SharedState | None) -> None:
        self._state_dir, self._target_arn, self._shared = state_dir, target_arn, shared
        name = hashlib.sha256(target_arn.encode()).hexdigest()[:24]
        self.directory = state_dir / "restores" / name
        self._file = self.directory / "restore.json"
        self._lock: BinaryIO | None = None

    def acquire(self) -> None:
        """Locks the target for this run, here and in the vault, before anything is read or changed.

        Raises ``Refused`` if another run works on the target, or if the state directory cannot be used.
        """
        try:
            make_private_directory(self.directory)
            lock = (self.directory / "lock").open("ab")
        except OSError as error:
            raise _unusable(self.directory, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise Refused(
                    f"another run on this machine is restoring into {self._target_arn}",
                    hint="wait until the other run ends, then run the same command again",
                ) from None
            raise _unusable(self.directory, error) from error
        self._lock = lock
        if self._shared is not None:
            try:
                self._shared.acquire(machine=machine_id(self._state_dir))
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """Lets other runs work on the target."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        if self._shared is not None:
            self._shared.release()
        lock.close()

    def renew(self) -> None:
        """Shows other machines that this run is alive. Raises ``Conflict`` if another machine has taken over."""
        if self._shared is not None:
            self._shared.renew()

    def read(self) -> RestoreProgress | None:
        """The progress of an earlier run, on this machine or another; None if there is none that can be read."""
        local = self._read_local()
        elsewhere = self._shared.progress() if self._shared is not None else None
        if elsewhere is not None and elsewhere.target_arn != self._target_arn:
            elsewhere = None
        known = [each for each in (local, elsewhere) if each is not None]
        return max(known, key=lambda each: each.updated_at, default=None)

    def write(self, progress: RestoreProgress) -> None:
        """Raises ``StepFailed`` if the directory or the file cannot be written, ``Conflict`` if the lock was lost."""
        draft = self.directory / f"restore.json.{os.getpid()}"
        try:
            make_private_directory(self.directory)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode_document(progress))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._file)
        except OSError as error:
            what = f"could not write the state of the restore to {self._file}"
            raise state_failed(what, self.directory, error) from error
        if self._shared is not None:
            self._shared.save(progress)

    def delete(self) -> None:
        """Deletes what an earlier restore left on this machine, the ledger included; keeps the lock."""
        for entry in self.directory.glob("*"):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != "lock":
                entry.unlink(missing_ok=True)

    def _read_local(self) -> RestoreProgress | None:
        try:
            progress = PROGRESS.decode(self._file.read_bytes())
        except (OSError, InvalidDocument):
            return None
        return progress if progress.target_arn == self._target_arn else None


def make_private_directory(path: Path) -> None:
    """Creates a directory and its parents; only the owner can use those that did not exist. Raises ``OSError``."""
    for parent in (*reversed(path.parents), path):
        if not parent.exists():
            parent.mkdir(mode=0o700, exist_ok=True)


def machine_id(state_dir: Path) -> str:
    """A random text that identifies this state directory, and with it this machine. Raises ``OSError``."""
    path = state_dir / "machine-id"
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(16))
    return path.read_text(encoding="ascii", errors="replace")[:64]


def _unusable(directory: Path, error: OSError) -> StepFailed:
    what = f"nothing has been changed, because the state directory {directory} cannot be used"
    return state_failed(what, directory, error, kind=Refused)


def resumable(
    earlier: RestoreProgress, *, source: str, existing: str, method: str, table_id: str, now: datetime
) -> bool:
    """Whether this restore may continue the one of an earlier run: the same work, interrupted less than a day ago.

    Later, the items may have been changed by others, and the restore begins anew under the rules of ``existing``.
    """
    if earlier.stage not in ("writing", "loaded"):
        return False
    same = (source, existing, method, table_id)
    if (earlier.source, earlier.existing, earlier.method, earlier.table_id) != same:
        return False
    return abs(now - earlier.updated_at) <= RESUMABLE


def created_by(earlier: RestoreProgress | None, table_id: str) -> bool:
    """Whether an earlier run of this restore created the table, as far as it recorded its ID."""
    return (
        earlier is not None
        and earlier.created
        and earlier.stage in ("creating", "writing")
        and earlier.table_id in (None, table_id)
    )
