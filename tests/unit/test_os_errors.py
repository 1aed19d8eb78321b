"""What the operating system refuses is explained, and is no bug; everything else is none of its errors."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from ddbbackup.errors import StepFailed, Unreachable
from ddbbackup.os_errors import explain_os_error


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "a file operation: no space left",
            "free disk space",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/x"),
            "cannot access /x: read-only",
            "DDBBACKUP_STATE_DIR",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/x"),
            "cannot access /x: perm",
            "give the process",
        ),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files", "raise the limits"),
        (
            BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
            "temporarily",
            "raise the limits",
        ),
        (MemoryError(), "not enough memory", "raise the limits"),
        (RuntimeError("can't start new thread"), "no more threads", "raise the limits"),
    ],
)
def test_a_refusal_of_the_local_machine_is_a_failed_step(error: Exception, message: str, hint: str) -> None:
    """With one thing to do."""
    explained = explain_os_error(error)
    assert type(explained) is StepFailed
    assert message in explained.message
    assert hint in explained.hint


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        TimeoutError("timed out"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        ssl.SSLError(1, "certificate verify failed"),
        OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH)),
    ],
)
def test_a_failure_of_the_network_is_unreachable(error: Exception) -> None:
    """Whoever should have translated it."""
    assert type(explain_os_error(error)) is Unreachable


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_other_errors_are_not_explained(error: Exception) -> None:
    """They are bugs."""
    assert explain_os_error(error) is None
