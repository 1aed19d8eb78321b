"""Atomic replacement of files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ddbbackup.errors import Refused


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replaces the file in one step, so that a reader never sees a part of it. ``mode`` None: as the umask says.

    Raises ``Refused``.
    """
    require_writable(path)
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask() if mode is None else mode)  # mkstemp gives 0600
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, (error.strerror or str(error)).lower()) from None


def require_writable(path: Path) -> None:
    """Creates missing directories. Raises ``Refused`` if the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, (error.strerror or str(error)).lower()) from None
    if path.is_dir():
        raise _unwritable(path, "it is a directory")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise _unwritable(path, "its directory is not writable")


def _unwritable(path: Path, reason: str) -> Refused:
    return Refused(
        f"cannot write {path}: {reason}", hint="choose a file in a directory that you can write to"
    )


def _umask() -> int:
    """The umask can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
