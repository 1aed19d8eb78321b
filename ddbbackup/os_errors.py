"""Failures of the local machine: disks, permissions, limits. They are no bugs of ddbbackup."""

from __future__ import annotations

import errno
from typing import Final

from ddbbackup.errors import DdbBackupError, StepFailed, Unreachable

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
    if error.errno in _FULL:
        return StepFailed(what, hint=f"free disk space, {_RERUN}")
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


def os_reason(error: OSError) -> str:
    """``no space left on device``."""
    reason = error.strerror or str(error) or type(error).__name__
    return reason[0].lower() + reason[1:]
