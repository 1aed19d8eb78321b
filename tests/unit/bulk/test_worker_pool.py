"""The worker pool with fake workers: how it assigns units and write units, and replaces dead workers."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from ddbbackup.bulk.model import DataFile, Unit, UnitResult
from ddbbackup.bulk.worker_messages import FromWorker, SetRate, ToWorker
from ddbbackup.bulk.worker_pool import WorkerHandle, WorkerPool
from ddbbackup.errors import StepFailed

UNITS = [Unit(number, DataFile("b", f"k{number}", "md5", 1)) for number in range(6)]


class FakeWorker(WorkerHandle):
    """Runs a script for every message that the pool sends to it."""

    def __init__(self, script: Callable[[FakeWorker, ToWorker], None]) -> None:
        pipe, worker_end = multiprocessing.Pipe()
        super().__init__(pipe)
        self.worker_end: Connection[FromWorker, ToWorker] = worker_end
        self.rates: list[float] = []
        self._script = script

    def send(self, message: ToWorker) -> None:
        if isinstance(message, SetRate):
            self.rates.append(message.units_per_second)
        self._script(self, message)

    def finish(self, number: int) -> None:
        self.worker_end.send(UnitResult(number, 1, 0, 0, 0, 0, 1))

    def _end(self, timeout_seconds: float) -> int:
        return -9


def finish_at_once(worker: FakeWorker, message: ToWorker) -> None:
    if isinstance(message, Unit):
        worker.finish(message.number)


def die(worker: FakeWorker, message: ToWorker) -> None:
    worker.worker_end.close()


def run_units(workers: list[FakeWorker], rate: float | None) -> list[int]:
    """The numbers of the units in the order in which they finished; stops after 20 s."""
    remaining = iter(workers)
    stop = threading.Event()
    timer = threading.Timer(20.0, stop.set)
    timer.start()
    try:
        with WorkerPool(lambda: next(remaining), workers=2, units_per_second=rate) as pool:
            return [report.number for report in pool.run(UNITS, stop) if isinstance(report, UnitResult)]
    finally:
        timer.cancel()


def test_write_units_of_idle_workers_go_to_busy_ones() -> None:
    """The second worker finishes its units only when it has the whole rate."""

    def finish_at_full_rate(worker: FakeWorker, message: ToWorker) -> None:
        if message == SetRate(100.0):
            for number in worker.units:
                worker.finish(number)

    fast, slow = FakeWorker(finish_at_once), FakeWorker(finish_at_full_rate)
    assert sorted(run_units([fast, slow], 100.0)) == [unit.number for unit in UNITS]
    assert 50.0 in slow.rates
    assert slow.rates[-1] == 100.0


def test_units_of_a_dead_worker_are_run_by_another() -> None:
    """Each unit is reported once."""
    finished = run_units([FakeWorker(die), FakeWorker(finish_at_once), FakeWorker(finish_at_once)], None)
    assert sorted(finished) == [unit.number for unit in UNITS]


def test_the_step_fails_if_workers_keep_dying() -> None:
    """The message holds the exit code of the last one."""
    with pytest.raises(StepFailed, match="4 bulk workers in a row died, the last with exit code -9"):
        run_units([FakeWorker(die) for _ in range(9)], None)
