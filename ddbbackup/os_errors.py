"""Failures of the local machine: disks, permissions, limits. They are no bugs of ddbbackup.

The one place that makes sentences of ``OSError``: nobody sees ``[Errno 28]``, and the hint says on which disk.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from ddbbackup.errors import DdbBackupError, Refused, StepFailed, Unreachable

_RERUN: Final = "then run the same command again"
_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_LIMITS: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN))
_NETWORK: Final = frozenset(
    (
        errno.EADDRNOTAVAIL,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ENOBUFS,
        errno.ENOTCONN,
    )
)
_NO_THREAD: Final = "can't start new thread"  # CPython raises a RuntimeError


def explain_os_error(error: BaseException) -> DdbBackupError | None:
    """What the operating system refused, with a hint; None for an exception of another kind."""
    if isinstance(error, MemoryError):
        return _limit("there is not enough memory")
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return _limit("the operating system starts no more threads for this process")
    if not isinstance(error, OSError):
        return None
    if _is_network(error):
        return Unreachable(
            f"the network failed: {os_reason(error)}", hint=f"check network, proxy and endpoint, {_RERUN}"
        )
    what = _description(error)
    if is_full(error):
        return StepFailed(what, hint=f"free space {_on_the_disk(error)}, {_RERUN}")
    if error.errno in _LIMITS:
        return _limit(what)
    return StepFailed(
        what, hint=f"give the process access to its files, or set DDBBACKUP_STATE_DIR, {_RERUN}"
    )


def _limit(what: str) -> StepFailed:
    return StepFailed(what, hint=f"raise the limits of the process for memory, files and threads, {_RERUN}")


def _is_network(error: OSError) -> bool:
    import socket  # noqa: PLC0415 - only an error needs it, and verbs that do not call AWS start faster without it
    import ssl  # noqa: PLC0415 - as above

    kinds = (ConnectionError, TimeoutError, socket.gaierror, socket.herror, ssl.SSLError)
    return isinstance(error, kinds) or error.errno in _NETWORK


def _description(error: OSError) -> str:
    if error.filename is None:
        return f"the operating system refused a file operation: {os_reason(error)}"
    return f"cannot access {error.filename}: {os_reason(error)}"


def _on_the_disk(error: OSError) -> str:
    if isinstance(error.filename, str):
        return f"on the disk of {Path(error.filename).parent}"
    return "on the disks of DDBBACKUP_STATE_DIR and of the files that are written"


def unwritable_output(path: Path | str, error: OSError) -> Refused:
    """A file that the user named cannot be written."""
    path = Path(path)
    if file := next((each for each in path.parents if os.path.isfile(each)), None):  # noqa: PTH113 - raises nothing
        return Refused(f"cannot write {path}: {file} is not a directory", hint="correct the path")
    if is_full(error):
        hint = f"free space on the disk of {path.parent}, {_RERUN}"
    elif error.errno == errno.EISDIR:
        hint = f"name a file in that directory, such as {path / 'FILE'}"
    else:
        hint = "choose a file in a directory that you can write to"
    return Refused(f"cannot write {path}: {os_reason(error)}", hint=hint)


def unreadable_hint(path: Path | str, error: OSError) -> str:
    """What to do about a file that the user named and that cannot be read."""
    if error.errno == errno.EISDIR:
        return f"name a file in that directory, such as {Path(path) / 'FILE'}"
    return "name a file that exists" if error.errno == errno.ENOENT else "check the path and its permissions"


def state_failed(
    what: str, directory: Path, error: OSError, *, kind: type[StepFailed] = StepFailed
) -> StepFailed:
    """Something below ``DDBBACKUP_STATE_DIR`` failed. ``what`` is the sentence, up to the reason."""
    place = "set DDBBACKUP_STATE_DIR to a directory on a local disk that this process can write to"
    if is_full(error):
        place = f"free space on the disk of {directory}, or {place}"
    elif error.errno in (errno.EACCES, errno.EPERM):
        place = f"make {directory} writable, or {place}"
    return kind(f"{what}: {os_reason(error)}", hint=f"{place}, {_RERUN}")


def is_full(error: OSError) -> bool:
    """Whether a disk, a quota or a file has no room left."""
    return error.errno in _FULL


def os_reason(error: OSError) -> str:
    """``no space left on device``."""
    reason = error.strerror or str(error) or type(error).__name__
    return reason[0].lower() + reason[1:]
