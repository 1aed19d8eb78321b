"""A file with items of tables: only its owner may read it, and it appears when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ddbbackup.errors import Refused
from ddbbackup.os_errors import os_reason


@contextmanager
def written_whole(name: str) -> Iterator[Callable[[bytes], None]]:
    """Writes to a new file beside ``name`` (mode 0600), which replaces it at the end, and is deleted on an error.

    Raises ``Refused`` if it cannot be written.
    """
    path = Path(name)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise _unwritable(name, error) from error

    def write(content: bytes) -> None:
        try:
            file.write(content)
        except OSError as error:
            raise _unwritable(name, error) from error

    try:
        yield write
        try:
            file.flush()
            os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise _unwritable(name, error) from error
    finally:
        _close(file.close)
        draft.unlink(missing_ok=True)


def _close(close: Callable[[], None]) -> None:
    try:
        close()
    except OSError:
        return  # of a full disk: said already


def _unwritable(name: str, error: OSError) -> Refused:
    return Refused(
        f"cannot write {name}: {os_reason(error)}", hint="name a file that can be written after --out"
    )
