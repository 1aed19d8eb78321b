"""Writes to streams of any kind: closed, broken, of any encoding."""

from __future__ import annotations

import errno
import io
import json
import sys

import pytest

from ddbbackup.cli.streams import (
    LossyStream,
    StdoutUnwritable,
    say,
    write_stderr,
    write_stdout,
)


class Failing(io.StringIO):
    """A stream whose device fails."""

    encoding = "utf-8"

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error

    def isatty(self) -> bool:
        raise self.error


FULL = OSError(errno.ENOSPC, "No space left on device")
LEFT = BrokenPipeError(errno.EPIPE, "Broken pipe")
CLOSED = ValueError("I/O operation on closed file")


def with_encoding(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)


def bytes_of(stream: io.TextIOWrapper) -> bytes:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("error", "message", "left"),
    [
        (FULL, "cannot write to stdout: no space left on device", False),
        (LEFT, "cannot write to stdout: its reader has exited", True),
        (CLOSED, "cannot write to stdout: I/O operation on closed file", False),
    ],
)
def test_data_that_is_lost_is_an_error(
    error: Exception, message: str, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which says why, and whether the reader left by itself."""
    monkeypatch.setattr(sys, "stdout", Failing(error))
    with pytest.raises(StdoutUnwritable) as raised:
        write_stdout("data")
    assert (raised.value.message, raised.value.reader_left) == (message, left)


def test_a_closed_stdout_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has no stream for it."""
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(StdoutUnwritable, match="it is closed"):
        write_stdout("data")


@pytest.mark.parametrize("stream", [Failing(FULL), Failing(LEFT), Failing(CLOSED), None])
def test_a_message_that_is_lost_is_not_an_error(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nowhere to report it."""
    monkeypatch.setattr(sys, "stderr", stream)
    say("a", "b")
    write_stderr("c\n")


def test_a_message_is_one_line_for_each_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever a part holds."""
    say("ddbbackup: no \x1b[2J\n::error::x", "hint: \u202e")
    assert capsys.readouterr().err == "ddbbackup: no \\x1b[2J\\n::error::x\nhint: \\u202e\n"


def test_a_message_on_a_terminal_is_broken_at_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name, an ID or a command can be selected and typed."""

    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    say("the backup of orders is complete")
    assert stream.getvalue() == "the backup of orders\n  is complete\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252", "utf-16-le"])
def test_json_is_the_same_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """UTF-8 or ASCII, as RFC 8259 wants it."""
    stream = with_encoding(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    write_stdout(json.dumps(["é–😀"], ensure_ascii=False), is_json=True)
    assert json.loads(bytes_of(stream).decode(encoding)) == ["é–😀"]


def test_text_shows_what_an_encoding_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what no encoding has."""
    stream = with_encoding("latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    write_stdout("é–😀\udc80\n")
    assert bytes_of(stream) == b"\xe9\\u2013\\U0001f600\\udc80\n"


def test_other_code_may_print_to_a_stream_that_fails() -> None:
    """Progress bars, warnings and tracebacks of threads."""
    stream = LossyStream(Failing(FULL))
    print("x", file=stream, flush=True)
    assert not stream.isatty()
    assert stream.encoding == "utf-8"
