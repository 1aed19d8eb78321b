"""Files that others read while they are replaced."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ddbbackup.errors import Refused


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """All of it or nothing: a reader never sees half a file. ``mode`` None: what the umask gives.

    Makes missing directories. Raises ``Refused``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        raise Refused(
            f"{path} cannot be written: {(error.strerror or str(error)).lower()}",
            hint="name a file in a directory that you may write",
        ) from None


def _umask() -> int:
    """There is no other way to read it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
