"""Walks steps: resumes each when what it waits for is over, gathers outcomes, skips only dependents.

One loop, no thread a step. Blocking calls run in two small pools; the loop sleeps until a timer is due or a
call has ended. A simulation passes ``Inline`` calls and a clock of its own, and nothing sleeps.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from ddbbackup import events
from ddbbackup.clock import Clock
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import Step, Wait

T = TypeVar("T")
log = structlog.get_logger()

OnOutcome = Callable[[Outcome], None]


class Threads:
    """The real ``Calls``: short calls share sixteen threads, heavy work two (the machine has its limits)."""

    def __init__(self, *, calls: int = 16, heavy: int = 2) -> None:
        self._calls = ThreadPoolExecutor(calls, thread_name_prefix="aws")
        self._heavy = ThreadPoolExecutor(heavy, thread_name_prefix="data")
        self._running: set[Future[Any]] = set()

    def call(self, work: Callable[[], T]) -> Future[T]:
        return self._calls.submit(work)

    def heavy(self, work: Callable[[], T]) -> Future[T]:
        future = self._heavy.submit(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def close(self, *, wait_seconds: float = 0.0) -> None:
        """Begins nothing more, and gives heavy work that has been told to stop some time to do so."""
        self._calls.shutdown(wait=False, cancel_futures=True)
        self._heavy.shutdown(wait=False, cancel_futures=True)
        wait(self._running, timeout=wait_seconds)


class Inline:
    """Does the work at once, in the caller: for simulations and tests on a clock of their own."""

    def call(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - what a pool's thread does: the future carries it
            future.set_exception(error)
        return future

    heavy = call


@dataclass(eq=False, slots=True)
class _Task:
    step: Step | None  # None: a background task, which nobody waits for
    work: Generator[Any, Any, Any]
    began: float


class Executor:
    """Runs the steps of one run. ``background`` tasks live as long as any step does."""

    def __init__(self, clock: Clock, *, on_outcome: OnOutcome = lambda outcome: None) -> None:
        self._clock = clock
        self._on_outcome = on_outcome
        self._ready: deque[tuple[_Task, Future[Any] | None]] = deque()
        self._timers: list[tuple[float, int, _Task]] = []
        self._sequence = itertools.count()
        self._woken = threading.Event()
        self._outcomes: dict[str, Outcome] = {}

    def run(
        self,
        steps: Sequence[Step],
        context: RunContext,
        *,
        background: Iterable[Generator[Any, Any, Any]] = (),
    ) -> tuple[Outcome, ...]:
        """Every step's outcome, in the order of ``steps``. Ctrl-C and bugs of the loop itself pass through."""
        tasks: set[_Task] = set()
        waiting = list(steps)
        helpers = [_Task(None, work, 0.0) for work in background]
        self._ready.extend((task, None) for task in helpers)
        try:
            while waiting or tasks:
                waiting = self._start(waiting, tasks, context)
                while self._ready:
                    task, answer = self._ready.popleft()
                    outcome = self._advance(task, answer)
                    if outcome is not None:
                        tasks.discard(task)
                        self._record(outcome)
                if tasks and not self._can_start(waiting):
                    self._pause()
        finally:
            for task in (*tasks, *helpers):
                with suppress(Exception):
                    task.work.close()
        return tuple(self._outcomes[step.id] for step in steps)

    def _start(self, waiting: list[Step], tasks: set[_Task], context: RunContext) -> list[Step]:
        left: list[Step] = []
        for step in waiting:
            needed = [self._outcomes.get(name) for name in step.needs]
            failed = next((o for o in needed if o and o.status in ("failed", "skipped")), None)
            if failed:
                log.warning(events.STEP_SKIPPED, step=step.id, table=step.table, because=failed.step)
                self._record(Outcome(step.id, step.kind, step.table, "skipped", {"because": failed.step}))
            elif all(needed):
                task = _Task(step, step.run(context), self._clock.monotonic())
                tasks.add(task)
                self._ready.append((task, None))
            else:
                left.append(step)
        return left

    def _can_start(self, waiting: list[Step]) -> bool:
        return any(all(name in self._outcomes for name in step.needs) for step in waiting)

    def _advance(self, task: _Task, answer: Future[Any] | None) -> Outcome | None:
        """Resumes one task once. Returns its outcome when that ended it."""
        step = task.step
        if step is None:
            wanted = self._resume(task, answer)
            self._park(task, wanted)
            return None
        with bound_contextvars(step=step.id, table=step.table):
            try:
                wanted = self._resume(task, answer)
            except StopIteration as end:
                outcome: Outcome = end.value
                if outcome.error is not None:  # a step that has more to tell than its error returns both
                    _log_failure(outcome.error)
                return replace(outcome, seconds=self._clock.monotonic() - task.began)
            except DdbBackupError as error:
                return self._failed(task, step, error)
            except Exception as error:  # noqa: BLE001 - a bug in one table's step must not stop the others
                bug = Bug(
                    f"{step.id} met an error that ddbbackup does not know: {type(error).__name__}",
                    hint="report it with the traceback that --log-format json shows; the other steps went on",
                )
                bug.__cause__ = error
                return self._failed(task, step, bug)
            self._park(task, wanted)
            return None

    def _resume(self, task: _Task, answer: Future[Any] | None) -> Any:
        if answer is None:
            return task.work.send(None)
        error = answer.exception()
        if error is not None:
            return task.work.throw(error)
        return task.work.send(answer.result())

    def _park(self, task: _Task, wanted: Wait | Future[Any]) -> None:
        if isinstance(wanted, Wait):
            due = self._clock.monotonic() + max(0.0, wanted.seconds)
            heapq.heappush(self._timers, (due, next(self._sequence), task))
            return
        wanted.add_done_callback(lambda future: self._wake(task, future))

    def _wake(self, task: _Task, future: Future[Any]) -> None:
        self._ready.append((task, future))
        self._woken.set()

    def _pause(self) -> None:
        """Until something is ready: a timer that is due, or a future that has ended."""
        seconds = self._timers[0][0] - self._clock.monotonic() if self._timers else None
        if not self._ready and (seconds is None or seconds > 0):
            self._clock.wait(self._woken, seconds)
        self._woken.clear()
        now = self._clock.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._ready.append((heapq.heappop(self._timers)[2], None))

    def _failed(self, task: _Task, step: Step, error: DdbBackupError) -> Outcome:
        seconds = self._clock.monotonic() - task.began
        _log_failure(error)
        return Outcome(step.id, step.kind, step.table, "failed", error=error, seconds=seconds)

    def _record(self, outcome: Outcome) -> None:
        self._outcomes[outcome.step] = outcome
        self._on_outcome(outcome)


def _log_failure(error: DdbBackupError) -> None:
    log.error(
        events.STEP_FAILED,
        error=type(error).__name__,
        message=error.message,
        hint=error.hint,
        exc_info=error if isinstance(error, Bug) else None,
    )
