"""Plays scenarios with seeds, several at a time, each process with servers of its own."""

from __future__ import annotations

import multiprocessing
import os
import queue
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.faults.model import Played, Scenario, Violation
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import Servers, servers, world

WORKERS_PER_CORE: Final = 3
"""Scenarios mostly wait: for pauses between retries, for exports of the sandbox."""
_LOST_SECONDS: Final = 900.0


def play(shared: Servers, scenario: Scenario, seed: int) -> Played:
    """Carries out one scenario. What goes wrong in the scenario itself is a violation too."""
    began = time.monotonic()
    with world(shared, name=scenario.name, seed=seed) as made:
        try:
            scenario.play(made, scenario)
            made.check_laws()
        except Exception as error:  # noqa: BLE001 - one scenario must not end the suite
            where = traceback.format_exc(limit=-4)
            made.violations.append(
                Violation("the scenario itself", f"{type(error).__name__}: {error}\n{where}")
            )
        trace = "\n".join(str(run) for run in made.runs) if made.violations else ""
        return Played(
            scenario.name,
            scenario.fault,
            seed,
            time.monotonic() - began,
            len(made.runs),
            tuple(made.violations),
            trace,
        )


@dataclass(frozen=True)
class Task:
    name: str
    seed: int


def play_all(tasks: Sequence[Task], *, workers: int | None = None) -> Iterator[Played]:
    """Plays tasks in processes and yields them as they end, in no order."""
    count = min(workers or (os.cpu_count() or 1) * WORKERS_PER_CORE, len(tasks)) or 1
    order = list(tasks)
    random.Random(0).shuffle(order)  # slow kinds are spread over the workers
    context = multiprocessing.get_context("spawn")
    waiting: Any = context.Queue()
    done: Any = context.Queue()
    for task in order:
        waiting.put(task)
    for _ in range(count):
        waiting.put(None)
    processes = [context.Process(target=_work, args=(waiting, done), daemon=False) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        for _ in order:
            yield _next(done, lambda: any(process.is_alive() for process in processes))
    finally:
        waiting.cancel_join_thread()
        for process in processes:
            process.join(10)
            process.terminate()


def _next(done: Any, alive: Callable[[], bool]) -> Played:
    deadline = time.monotonic() + _LOST_SECONDS
    while True:
        try:
            played: Played = done.get(timeout=5)
        except queue.Empty:
            if not alive() or time.monotonic() > deadline:
                raise RuntimeError("the processes of the suite ended or hang") from None
        else:
            return played


def _work(waiting: Any, done: Any) -> None:
    _forget_this_machine()
    parent = multiprocessing.parent_process()
    with servers() as shared:
        while parent is not None and parent.is_alive():
            try:
                task = waiting.get(timeout=5)
            except queue.Empty:
                continue
            if task is None:
                return
            done.put(play(shared, SCENARIOS[task.name], task.seed))


def _forget_this_machine() -> None:
    """No AWS set-up of this machine takes part."""
    for variable in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[variable]
    os.environ |= {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }
