"""Carries a piece of a step's work to its end where there is no executor: for those who only look."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

from ddbbackup.clock import Clock
from ddbbackup.steps.step import Wait


def finish_now(work: Generator[Wait | Future[Any], Any, Any], clock: Clock) -> Any:
    """What ``work`` returns. Blocks; raises what it raises."""
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            wanted = work.throw(error) if error is not None else work.send(answer)
        except StopIteration as end:
            return end.value
        answer = error = None
        if isinstance(wanted, Wait):
            clock.sleep(max(0.0, wanted.seconds))
        else:
            error = wanted.exception()
            answer = wanted.result() if error is None else None
