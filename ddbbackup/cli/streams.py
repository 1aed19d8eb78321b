"""Writes to stdout and stderr. A stream that cannot be written never stops a run.

The only module that prints. Data on stdout that cannot be written is an error, because a program may rely on it. A
log or a message on stderr that cannot be written is lost, because the work matters more.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any, Final, TextIO, cast

from ddbbackup.cli.tracebacks import format_traceback
from ddbbackup.errors import Refused
from ddbbackup.os_errors import is_full, os_reason
from ddbbackup.report.renderers.view import LOG, View
from ddbbackup.report.renderers.wrapping import wrapped
from ddbbackup.safe_text import escape, escape_json, escape_json_to_ascii

_ESCAPE: Final = "ddbbackup.escape"
_STANDARD: Final = (0, 1, 2)
# Lists are shortened to the height of the terminal within these limits: what few tables need fits a small one, too.
_FEWEST_LINES, _MOST_LINES = 24, 60


class StdoutUnwritable(Refused):
    """stdout did not accept data. ``reader_left``: it is a pipe, and its reader has exited (``| head``)."""

    def __init__(self, reason: str, *, reader_left: bool = False, is_full: bool = False) -> None:
        super().__init__(
            f"cannot write to stdout: {reason}",
            hint="free space on the disk with the file that stdout is redirected to"
            if is_full
            else "redirect stdout to a file or a pipe that accepts data",
        )
        self.reader_left = reader_left


# ---- stdout


def write_stdout(text: str, *, is_json: bool = False) -> None:
    """Raises ``StdoutUnwritable``. Characters that the encoding of the stream lacks are written as ``\\u2013``."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise StdoutUnwritable("it is closed")
    try:
        stream.write(_encodable(text, stream, is_json=is_json))
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        raise StdoutUnwritable("its reader has exited", reader_left=True) from None
    except (OSError, ValueError) as error:
        _discard(stream)
        raise _unwritable(error) from None


class StdoutLines:
    """Writes lines of JSON as they are; on a terminal, with escapes for what could act on it."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, content: bytes) -> None:
        """Raises ``StdoutUnwritable``."""
        stream: TextIO | None = sys.stdout
        buffer = getattr(stream, "buffer", None)
        if stream is None or buffer is None or _is_terminal(stream):
            write_stdout(escape_json(self._decoder.decode(content)), is_json=True)
            return
        try:
            buffer.write(content)
            buffer.flush()
        except BrokenPipeError:
            _discard(stream)
            raise StdoutUnwritable("its reader has exited", reader_left=True) from None
        except (OSError, ValueError) as error:
            _discard(stream)
            raise _unwritable(error) from None


# ---- stderr


def say(*lines: str) -> None:
    """Prints a message. What a line contains cannot begin another line. Never raises."""
    write_stderr_lines("".join(f"{escape(line)}\n" for line in lines))


def write_stderr_lines(text: str) -> None:
    """As ``write_stderr``, for whole lines: a terminal would break them within words. Never raises."""
    write_stderr(wrapped(text, stderr_view()))


def write_stderr(text: str, *, is_json: bool = False) -> None:
    """Writes a text that is safe to print (``safe_text``). Never raises."""
    stream: TextIO | None = sys.stderr
    if stream is None:
        return
    try:
        stream.write(_encodable(text, stream, is_json=is_json))
        stream.flush()
    except (OSError, ValueError):
        return  # lost: there is no other place for it


def say_traceback(error: BaseException) -> None:
    """Prints the traceback. Never raises."""
    write_stderr(format_traceback(error))


class LossyStream:
    """A text stream that drops what the stream below it does not accept. For code that would fail or log instead."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(_encodable(text, self._stream))
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        try:
            return self._stream.isatty()
        except (OSError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def stderr_for_terminal() -> TextIO:
    """stderr for code that draws on a terminal. A terminal that fails is not an error."""
    return cast("TextIO", LossyStream(sys.stderr))


def stderr_is_terminal() -> bool:
    return _is_terminal(sys.stderr)


def stdout_is_terminal() -> bool:
    return _is_terminal(sys.stdout)


def stdin_is_terminal() -> bool:
    return _is_terminal(sys.stdin)


def stdout_view() -> View:
    return _view(sys.stdout)


def stderr_view() -> View:
    return _view(sys.stderr)


def _view(stream: TextIO | None) -> View:
    """``COLUMNS``, ``LINES`` and ``NO_COLOR`` (no-color.org) count; none does anything off a terminal."""
    if stream is None or not _is_terminal(stream):
        return LOG
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width, lines = _size(stream)
    return View(width=width, lines=max(_FEWEST_LINES, min(lines or 0, _MOST_LINES)), colour=colour)


def _size(stream: TextIO) -> tuple[int | None, int | None]:
    """Columns and lines; None if the terminal does not know its size: it says 0."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    return _positive("COLUMNS") or size.columns or None, _positive("LINES") or size.lines or None


def _positive(variable: str) -> int | None:
    value = os.environ.get(variable, "")
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 6 and int(value) else None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and LossyStream(stream).isatty()


# ---- the process


def protect_process() -> None:
    """Prepares the streams of this process. Call it before anything opens a file.

    A standard stream that the caller closed (``2>&-``) is opened to the null device: otherwise the next file or
    socket would get its number, and logs would be written into it. What other code prints or fails with (warnings,
    threads, finalizers) passes the same door as our own text.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            os.set_inheritable(opened, True)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the life of the process
    sys.stderr = LossyStream(sys.stderr)  # everything that users of stderr call
    sys.excepthook = lambda kind, error, trace: say_traceback(error)
    threading.excepthook = _say_error_of_thread
    sys.unraisablehook = _say_unraisable


def finish_process() -> None:
    """Flushes stdout, so that Python has nothing to report when it does the same at its end."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        _discard(stream)


def _say_error_of_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        say_traceback(arguments.exc_value)


def _say_unraisable(arguments: sys.UnraisableHookArgs) -> None:
    if arguments.exc_value is not None:
        say_traceback(arguments.exc_value)


# ---- encodings and errors


def _encodable(text: str, stream: TextIO | LossyStream, *, is_json: bool = False) -> str:
    """``text`` with escapes for what the encoding of the stream lacks. JSON is UTF-8, or ASCII."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if is_json and codecs.lookup(encoding).name != "utf-8":
        return escape_json_to_ascii(text)
    return text.encode(encoding, _ESCAPE).decode(encoding)


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unencodable = error.object[error.start : error.end]
    return "".join(_as_escape(character) for character in unencodable), error.end


def _as_escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


codecs.register_error(_ESCAPE, _escape_unencodable)


def _discard(stream: TextIO) -> None:
    """What the buffers of the stream still hold goes to the null device: Python would report it at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        stream.flush()
    except (OSError, ValueError, AttributeError):
        return  # closed, or no file at all


def _unwritable(error: OSError | ValueError) -> StdoutUnwritable:
    if isinstance(error, OSError):
        return StdoutUnwritable(os_reason(error), is_full=is_full(error))
    return StdoutUnwritable(str(error))
