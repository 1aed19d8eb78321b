"""Runs the asynchronous part of a verb, and cancels it on Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ddbbackup.cli.exit_status import Terminated

T = TypeVar("T")


def run_interruptibly(main: Coroutine[Any, Any, T]) -> T:
    """The result of ``main``. Ctrl-C and SIGTERM cancel it and raise ``KeyboardInterrupt`` or ``Terminated``."""
    terminated = False

    async def supervised() -> T:
        nonlocal terminated
        task = asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await main

    with asyncio.Runner() as runner:
        if (
            threading.current_thread() is not threading.main_thread()
        ):  # Python delivers signals to no other thread
            return runner.run(main)
        before = signal.getsignal(signal.SIGTERM)
        try:
            return runner.run(supervised())
        except asyncio.CancelledError:
            if terminated:
                raise Terminated from None
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
