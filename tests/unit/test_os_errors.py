"""What the operating system refuses is explained, and is no bug; everything else is none of its errors."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from pathlib import Path

import pytest

import ddbbackup
from ddbbackup.cli.private_file import written_whole
from ddbbackup.errors import Refused, StepFailed, Unreachable
from ddbbackup.os_errors import explain_os_error, state_failed, unreadable_hint, unwritable_output


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "a file operation: no space left",
            "free space on the disks of DDBBACKUP_STATE_DIR and of the files that are written",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/var/x/file"),
            "cannot access /var/x/file: no space left",
            "free space on the disk of /var/x,",
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


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def test_the_hint_about_an_output_says_where_to_go_on() -> None:
    """The disk that is full, or what to name in place of a directory."""
    full = unwritable_output("/var/out/page.html", _error(errno.ENOSPC))
    assert full.message == "cannot write /var/out/page.html: no space left on device"
    assert full.hint.startswith("free space on the disk of /var/out,")
    directory = unwritable_output("/tmp", _error(errno.EISDIR))
    assert (directory.message, directory.hint) == (
        "cannot write /tmp: is a directory",
        "name a file in that directory, such as /tmp/FILE",
    )
    assert unreadable_hint("/etc", _error(errno.EISDIR)) == "name a file in that directory, such as /etc/FILE"


def test_the_hint_about_the_state_directory_names_it() -> None:
    state = Path("/var/state")
    full = state_failed("could not keep items in /var/state/x", state, _error(errno.EDQUOT))
    assert type(full) is StepFailed
    assert full.hint.startswith("free space on the disk of /var/state, or set DDBBACKUP_STATE_DIR")
    denied = state_failed("cannot use the state directory", state, _error(errno.EACCES), kind=Refused)
    assert type(denied) is Refused
    assert denied.hint.startswith("make /var/state writable, or set DDBBACKUP_STATE_DIR")


def test_no_other_module_makes_sentences_of_os_errors() -> None:
    """``str(error)`` begins with ``[Errno 28]``, and not every error has a ``strerror``."""
    package = Path(ddbbackup.__file__).parent
    users = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"error\.strerror\b", path.read_text()) and path.name != "os_errors.py"
    }
    assert users == {"aws/credential_errors.py"}, "whose errors may quote what a program printed"


def test_a_file_that_is_taken_for_a_directory_is_named(tmp_path: Path) -> None:
    """The system says that a file exists, or that something is no directory, and not which."""
    plan = tmp_path / "ddbbackup.yaml"
    plan.write_text("", encoding="utf-8")
    for number in (errno.EEXIST, errno.ENOTDIR):
        error = unwritable_output(plan / "a" / "x.json", OSError(number, os.strerror(number)))
        assert error.message == f"cannot write {plan / 'a' / 'x.json'}: {plan} is not a directory"


def test_a_name_that_is_too_long_is_no_matter_of_the_state_directory(tmp_path: Path) -> None:
    name = str(tmp_path / ("x" * 300))
    with pytest.raises(Refused, match=r"cannot write .*: file name too long") as raised, written_whole(name):
        pass
    assert "DDBBACKUP_STATE_DIR" not in raised.value.hint
