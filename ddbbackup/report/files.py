"""Writes files as a whole: a reader never sees a part of one."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from ddbbackup.os_errors import unwritable_output


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replaces the file in one step. ``mode`` None: as the umask says.

    A symbolic link, a pipe and a device (``/dev/stdout``) are written, not replaced. Raises ``Refused``.
    """
    require_writable(path)
    try:
        if _is_written_in_place(path):
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path, text, mode)
    except OSError as error:
        raise unwritable_output(path, error) from None


def require_writable(path: Path) -> None:
    """Creates missing directories. Raises ``Refused`` if the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_directory, in_place = path.is_dir(), _is_written_in_place(path)
    except OSError as error:
        raise unwritable_output(path, error) from None
    if is_directory:
        raise unwritable_output(path, _error(errno.EISDIR))
    if in_place and path.exists():
        if not os.access(path, os.W_OK):
            raise unwritable_output(path, _error(errno.EACCES))
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        raise unwritable_output(path, OSError(errno.EACCES, "its directory is not writable"))


def _is_written_in_place(path: Path) -> bool:
    return path.is_symlink() or (path.exists() and not path.is_file())


def _replace(path: Path, text: str, mode: int | None) -> None:
    number, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o666 & ~_umask() if mode is None else mode)  # mkstemp gives 0600
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _umask() -> int:
    """The umask can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
