"""Runs the asynchronous part of a verb, and cancels it on Ctrl-C, SIGTERM and SIGHUP."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ddbbackup.cli.signals import Terminated, terminating_signals

T = TypeVar("T")


def run_interruptibly(main: Coroutine[Any, Any, T]) -> T:
    """The result of ``main``. A signal cancels it and raises ``KeyboardInterrupt`` or ``Terminated``."""
    terminated = False

    async def supervised() -> T:
        nonlocal terminated
        task = asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        for number in terminating_signals():
            asyncio.get_running_loop().add_signal_handler(number, terminate)
        return await main

    with asyncio.Runner() as runner:
        if (
            threading.current_thread() is not threading.main_thread()
        ):  # Python delivers signals to no other thread
            return runner.run(main)
        before = {number: signal.getsignal(number) for number in terminating_signals()}
        try:
            return runner.run(supervised())
        except asyncio.CancelledError:
            if terminated:
                raise Terminated from None
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
