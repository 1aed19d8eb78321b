"""Files that others read while they are replaced."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ddbbackup.errors import Refused


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """All of it or nothing: a reader never sees half a file. ``mode`` None: what the umask gives.

    Raises as ``require_writable`` does.
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
    """Makes missing directories. Raises ``Refused`` if no file can be put there."""
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
        f"{path} cannot be written: {reason}", hint="name a file in a directory that you may write"
    )


def _umask() -> int:
    """There is no other way to read it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
