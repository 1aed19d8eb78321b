"""The directory for local state: of restores, and of what sorts more than memory holds. Others do not need it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ddbbackup.errors import Refused, StepFailed
from ddbbackup.os_errors import state_failed
from ddbbackup.restore.state import make_private_directory

VARIABLE: Final = "DDBBACKUP_STATE_DIR"
_HINT: Final = f"set {VARIABLE} to a directory on a local disk that this process can write to"
_PROBE_BYTES: Final = 4096
_RESTORES: Final = "restores"


def prepare_state_dir(environ: Mapping[str, str]) -> Path:
    """Creates the directory and tries it: a restore must not find out after its first write to AWS.

    Every directory that it creates is private (mode 0700), also the parents. Raises ``Refused``.
    """
    path = find_state_dir(environ)
    try:
        make_private_directory(path / _RESTORES)
        _try(path / _RESTORES)
    except OSError as error:
        raise _failed(path, error) from None
    return path


def inspect_state_dir(environ: Mapping[str, str]) -> Path:
    """As ``prepare_state_dir``, but changes nothing, so it cannot find everything. Raises ``Refused``."""
    path = find_state_dir(environ)
    existing = path
    try:
        while not existing.exists():
            existing = existing.parent
        if not existing.is_dir():
            raise _unusable(path, f"{existing} is no directory")
    except OSError as error:
        raise _failed(path, error) from None
    if not os.access(existing, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(path, f"{existing} is not writable")
    return path


def find_state_dir(environ: Mapping[str, str]) -> Path:
    """``$DDBBACKUP_STATE_DIR``, else XDG's directory for state. Raises ``Refused`` if there is no home directory."""
    if own := environ.get(VARIABLE):
        return Path(own)
    if base := environ.get("XDG_STATE_HOME"):
        return Path(base) / "ddbbackup"
    try:
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    except RuntimeError:  # no HOME, and no entry in the user database
        raise Refused(
            "there is no directory for the state of restores: HOME is not set, and the user has no home directory",
            hint=_HINT,
        ) from None
    return home / ".local" / "state" / "ddbbackup"


def _try(directory: Path) -> None:
    """Writes, flushes and locks a file."""
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".try-") as file:
        file.write(bytes(_PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unusable(path: Path, reason: str) -> Refused:
    return Refused(f"cannot use the state directory {path}: {reason}", hint=_HINT)


def _failed(path: Path, error: OSError) -> StepFailed:
    return state_failed(f"cannot use the state directory {path}", path, error, kind=Refused)
