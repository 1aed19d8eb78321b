"""A file with items of tables: only its owner may read it, and it appears when it is whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ddbbackup.os_errors import unwritable_output


@contextmanager
def written_whole(name: str) -> Iterator[Callable[[bytes], None]]:
    """Writes to a new file beside ``name`` (mode 0600), which replaces it at the end, and is deleted on an error.

    A pipe and a device (``/dev/stdout``) are written, not replaced; of a symbolic link, the file that it leads to is
    replaced. Raises ``Refused`` if it cannot be written.
    """
    named = Path(name)
    if os.path.isdir(named):  # noqa: PTH112 - `is_dir` raises for a name that is too long
        raise unwritable_output(name, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    in_place = os.path.exists(named) and not named.is_file()  # noqa: PTH110 - as above
    path = Path(os.path.realpath(name))
    draft = named if in_place else path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY if in_place else os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        file = os.fdopen(os.open(draft, flags, 0o600), "wb")
    except OSError as error:
        raise unwritable_output(name, error) from error

    def write(content: bytes) -> None:
        try:
            file.write(content)
        except OSError as error:
            raise unwritable_output(name, error) from error

    try:
        yield write
        try:
            file.flush()
            if not in_place:
                os.fsync(file.fileno())
                draft.replace(path)
        except OSError as error:
            raise unwritable_output(name, error) from error
    finally:
        _close(file.close)
        if not in_place:
            draft.unlink(missing_ok=True)


def _close(close: Callable[[], None]) -> None:
    try:
        close()
    except OSError:
        return  # of a full disk: said already
