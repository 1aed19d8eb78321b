"""The workers of one job on this machine: started, given units, replaced if they die, stopped."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Final, assert_never

from ddbbackup.bulk.model import Stopped, Unit, UnitResult
from ddbbackup.bulk.worker import run_worker
from ddbbackup.bulk.worker_keys import KeyClient, KeyReply, serve_keys
from ddbbackup.bulk.worker_messages import (
    FromWorker,
    ProgressDelta,
    SetRate,
    Stop,
    ToWorker,
    WorkerConfig,
    WorkerFailed,
    WorkerPipe,
)
from ddbbackup.errors import StepFailed
from ddbbackup.ports import BulkAccess, KeyRequest

MAX_ASSIGNED_UNITS: Final = 8  # per worker
MAX_DEATHS: Final = 3  # in a row, without a finished unit in between
_STOP_CHECK_SECONDS: Final = 0.2
_LEAVE_SECONDS: Final = 0.7


class WorkerHandle(ABC):
    """One worker as the pool sees it: its pipe and the units assigned to it."""

    def __init__(self, pipe: Connection[ToWorker, FromWorker]) -> None:
        self.pipe = pipe
        self.units: dict[int, Unit] = {}

    def assign(self, unit: Unit) -> None:
        self.units[unit.number] = unit
        self.send(unit)

    def send(self, message: ToWorker) -> None:
        try:
            self.pipe.send(message)
        except OSError:
            return  # the worker is dead; the pool finds out when it reads from the pipe

    def close(self, timeout_seconds: float) -> int | None:
        """Waits up to ``timeout_seconds`` for the worker to leave, then kills it if it is a process.

        Returns the exit code, None for a thread.
        """
        exit_code = self._end(timeout_seconds)
        self.pipe.close()
        return exit_code

    @abstractmethod
    def _end(self, timeout_seconds: float) -> int | None: ...


class WorkerPool:
    """Runs units on ``workers`` workers. A context manager that leaves no worker running."""

    def __init__(
        self, spawn: Callable[[], WorkerHandle], *, workers: int, units_per_second: float | None
    ) -> None:
        self._spawn = spawn
        self._max_workers, self._units_per_second = workers, units_per_second
        self._workers: list[WorkerHandle] = []
        self._pending: deque[Unit] = deque()
        self._deaths = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.send(Stop())
        deadline = time.monotonic() + _LEAVE_SECONDS
        for worker in self._workers:
            worker.close(max(0.0, deadline - time.monotonic()))

    def start(self, workers: int) -> None:
        """Starts workers before there are units, so that they are ready when there are. They have no rate yet."""
        for _ in range(min(self._max_workers, workers)):
            self._workers.append(self._spawn())

    def run(self, units: Sequence[Unit], stop: threading.Event) -> Iterator[ProgressDelta | UnitResult]:
        """Yields the reports of the workers until all units are finished.

        Raises ``Stopped`` once ``stop`` is set, the error of a worker that failed, and ``StepFailed`` if workers
        keep dying.
        """
        self._pending.extend(units)
        for worker in self._workers[: len(units)]:
            self._assign(worker)
        self._rebalance()
        for _ in range(min(self._max_workers, len(units)) - len(self._workers)):
            self._add_worker()
        remaining = len(units)
        while remaining:
            if stop.is_set():
                raise Stopped
            for pipe in wait([worker.pipe for worker in self._workers], _STOP_CHECK_SECONDS):
                worker = next(each for each in self._workers if each.pipe is pipe)
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):
                    self._replace(worker)
                    continue
                match message:
                    case ProgressDelta():
                        yield message
                    case UnitResult():
                        remaining -= 1
                        self._on_finished(worker, message)
                        yield message
                    case WorkerFailed(error):
                        raise error
                    case _:
                        assert_never(message)

    def _add_worker(self) -> None:
        worker = self._spawn()
        self._workers.append(worker)
        self._assign(worker)
        self._rebalance()

    def _on_finished(self, worker: WorkerHandle, result: UnitResult) -> None:
        self._deaths = 0
        del worker.units[result.number]
        self._assign(worker)
        if not worker.units:
            self._rebalance()

    def _assign(self, worker: WorkerHandle) -> None:
        """Assigns a few units ahead, but leaves each of the other workers its share of the last ones."""
        fair_share = -(-(len(self._pending) + len(worker.units)) // self._max_workers)
        while self._pending and len(worker.units) < max(1, min(MAX_ASSIGNED_UNITS, fair_share)):
            worker.assign(self._pending.popleft())

    def _rebalance(self) -> None:
        """Splits the write units among busy workers; the share of an idle worker would be lost."""
        if self._units_per_second is None:
            return
        busy = [worker for worker in self._workers if worker.units]
        for worker in busy:
            worker.send(SetRate(self._units_per_second / len(busy)))

    def _replace(self, dead: WorkerHandle) -> None:
        """Its units are repeated from the beginning, which is safe because puts are idempotent."""
        self._deaths += 1
        self._workers.remove(dead)
        exit_code = dead.close(_LEAVE_SECONDS)
        if self._deaths > MAX_DEATHS:
            raise StepFailed(
                f"{self._deaths} bulk workers in a row died, the last with exit code {exit_code}",
                hint="set `limits.workers` to 1, or add memory to the machine, then run the same command again",
            )
        self._pending.extendleft(replace(unit, repeated=True) for unit in dead.units.values())
        self._add_worker()


class WorkerProcess(WorkerHandle):
    """A worker in a process of its own."""

    def __init__(self, access: BulkAccess, config: WorkerConfig) -> None:
        context = multiprocessing.get_context("spawn")  # fork is unsafe in a program with threads
        pipe, worker_pipe = context.Pipe()
        super().__init__(pipe)
        with serve_keys(access) as key_pipe, worker_pipe:  # closed here, so that its death closes the pipes
            self._process = context.Process(
                target=_process_main,
                args=(access, config, worker_pipe, key_pipe),
                name="ddbbackup-bulk",
                daemon=True,
            )
            self._process.start()

    def _end(self, timeout_seconds: float) -> int | None:
        self._process.join(timeout_seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return self._process.exitcode


class WorkerThread(WorkerHandle):
    """A worker in a thread of this process: for little data, starting a process costs more than it gains."""

    def __init__(self, access: BulkAccess, config: WorkerConfig) -> None:
        pipe, worker_pipe = multiprocessing.Pipe()
        super().__init__(pipe)
        self._thread = threading.Thread(
            target=run_worker, args=(access, config, worker_pipe), name="ddbbackup-bulk", daemon=True
        )
        self._thread.start()

    def _end(self, timeout_seconds: float) -> None:
        self._thread.join(timeout_seconds)


def _process_main(
    access: BulkAccess, config: WorkerConfig, pipe: WorkerPipe, key_pipe: Connection[KeyRequest, KeyReply]
) -> None:
    """Ctrl-C reaches the whole process group, but the parent process alone decides what happens then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_worker(access.in_worker(KeyClient(key_pipe).ask), config, pipe)
