"""SIGTERM, and SIGHUP like it: a terminal that closes, or a service manager, ends a run in the same way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
TERMINATED: Final = 143
CONTINUES_AS: Final = "continues_as"
"""An attribute of the exception: the run ID that continues a run of many tables. Without it, the next run would do
again what is done.
"""


class Terminated(BaseException):
    """SIGTERM or SIGHUP. Like KeyboardInterrupt, ``except Exception`` does not catch it."""


def terminating_signals() -> tuple[signal.Signals, ...]:
    """SIGHUP stays ignored if the caller of the process ignores it, as ``nohup`` does."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return (signal.SIGTERM,)
    return (signal.SIGTERM, signal.SIGHUP)


def raise_when_terminated() -> Callable[[], None]:
    """Turns these signals into ``Terminated``; returns what restores the previous handlers.

    Does nothing outside the main thread: Python delivers signals to no other.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = [(number, signal.signal(number, terminate)) for number in terminating_signals()]

    def restore() -> None:
        for number, handler in before:
            signal.signal(number, handler)

    return restore
