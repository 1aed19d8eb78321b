"""Calls the ``main`` of a command-line program in this process, isolated like a process of its own.

During the call, it has its own environment, working directory, standard streams, ``sys.argv`` and signal handlers.
After the call, the configuration of the log, and AWS sessions with their credentials, are reset. The call waits for
its threads, as the interpreter does at exit.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from unittest.mock import patch

import structlog

from ddbbackup.aws.session import forget_sessions

Main = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Called:
    """What ``main`` returned and wrote."""

    code: int
    out: str
    err: str


class OutOfTime(BaseException):
    """Not an ``Exception``, so that the program does not handle it."""


def call(
    main: Main,
    arguments: Sequence[str],
    *,
    program: str,
    directory: Path,
    environment: Mapping[str, str],
    stdin: str,
    seconds: float,
) -> Called:
    """Raises ``OutOfTime`` after ``seconds``, and what ``main`` raises. Works in the main thread only."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", errors, write_through=True)
        for errors in ("surrogateescape", "backslashreplace")  # as Python opens them in the C locale
    )
    before = set(threading.enumerate())
    with (
        _time_limit(seconds),
        _signal_handlers_restored(),
        contextlib.chdir(directory),
        patch.dict(os.environ, environment, clear=True),
        patch.object(sys, "argv", [program, *arguments]),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = main(arguments)
            _join(set(threading.enumerate()) - before)
        finally:
            _forget()
    return Called(code, _written(out), _written(err))


def _written(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "strict")


def _join(threads: set[threading.Thread]) -> None:
    """Waits for all threads except daemons, such as those of the servers in this process, and idle shared ones.

    The threads of ``catalog.concurrent_reads`` wait for work until the process ends.
    """
    for thread in threads:
        if not thread.daemon and not thread.name.startswith("catalog_"):
            thread.join()


def _forget() -> None:
    """Resets what the program keeps until its process ends."""
    forget_sessions()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@contextlib.contextmanager
def _signal_handlers_restored() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise OutOfTime(f"the call has not ended after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
