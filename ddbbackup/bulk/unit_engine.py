"""Runs units of reading work, in processes and in threads of them.

A task is a picklable function of one unit. It knows nothing of where it runs, and running it again must do no harm:
the units of a process that dies are run again by another one. Processes get their access keys from this process, see
``worker_keys``.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, Protocol, TypeVar, runtime_checkable

from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.worker_keys import KeyClient, KeyReply, serve_keys
from ddbbackup.errors import Bug, DdbBackupError, StepFailed
from ddbbackup.os_errors import explain_os_error
from ddbbackup.ports import BulkAccess, KeyRequest, Objects

U_contra = TypeVar("U_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
U = TypeVar("U")
R = TypeVar("R")

MAX_DEATHS: Final = 3  # in a row, without a finished unit in between
_STOP_CHECK_SECONDS: Final = 0.2
_REPORT_SECONDS: Final = 0.3
_LEAVE_SECONDS: Final = 0.5
# Decoded lines are many containers with short lives, and by default, Python looks at them again and again (measured:
# decoding a line of 400 bytes takes 4.8 µs, and 2.9 µs without).
_CONTAINERS_BETWEEN_COLLECTIONS: Final = 200_000


class Track(Protocol):
    """Called with every number of bytes that was read, negative if they are read again. Raises ``Stopped``."""

    def __call__(self, size_bytes: int) -> None: ...


class Task(Protocol[U_contra, R_co]):
    """Picklable. Everything that it raises ends the run."""

    def __call__(self, unit: U_contra, objects: Objects, track: Track) -> R_co: ...


@runtime_checkable
class TableTask(Protocol[U_contra, R_co]):
    """Picklable: a task that also reads or writes a table. It is opened once in each process."""

    def opened(self, access: BulkAccess) -> Task[U_contra, R_co]: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """``processes`` 0: units run in threads of this process. ``threads`` of each process run units."""

    processes: int
    threads: int


@dataclass(frozen=True, slots=True)
class _Finished(Generic[R]):
    number: int
    result: R


@dataclass(frozen=True, slots=True)
class _Read:
    size_bytes: int


def engine_for(size_bytes: int, *, min_bytes_per_process: int, threads: int) -> Engine:
    """As many processes as cores, but none if the data is not worth starting two."""
    processes = min(os.cpu_count() or 1, size_bytes // min_bytes_per_process)
    return Engine(processes if processes > 1 else 0, threads)


def run_units(
    task: Task[U, R] | TableTask[U, R],
    units: Sequence[U],
    access: BulkAccess,
    engine: Engine,
    *,
    on_bytes: Callable[[int], None],
    stop: threading.Event,
) -> Iterator[R]:
    """The results in the order in which units are finished. Leaves nothing running.

    ``on_bytes`` is called in this thread with what the units have read since. Raises ``Stopped`` soon after ``stop``
    is set, the first error of a task, and ``StepFailed`` if processes keep dying.
    """
    if not units:
        return
    if not engine.processes:
        yield from _run_in_threads(_opened(task, access), units, access, engine.threads, on_bytes, stop)
        return
    with _Processes(task, units, access, engine, on_bytes) as processes:
        yield from processes.run(stop)


def _opened(task: Task[U, R] | TableTask[U, R], access: BulkAccess) -> Task[U, R]:
    return task.opened(access) if isinstance(task, TableTask) else task


def _run_in_threads(
    task: Task[U, R],
    units: Sequence[U],
    access: BulkAccess,
    threads: int,
    on_bytes: Callable[[int], None],
    stop: threading.Event,
) -> Iterator[R]:
    leave = threading.Event()
    messages: SimpleQueue[_Finished[R] | _Read | BaseException] = SimpleQueue()
    work = deque(enumerate(units))
    objects = access.objects()

    def track(size_bytes: int) -> None:
        if stop.is_set() or leave.is_set():
            raise Stopped
        messages.put(_Read(size_bytes))

    def run() -> None:
        while work and not leave.is_set():
            try:
                number, unit = work.popleft()
            except IndexError:
                return
            try:
                messages.put(_Finished(number, task(unit, objects, track)))
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                messages.put(error)
                return

    started = [
        threading.Thread(target=run, name="unit", daemon=True) for _ in range(min(threads, len(units)))
    ]
    for thread in started:
        thread.start()
    remaining = len(units)
    try:
        while remaining:
            if stop.is_set():
                raise Stopped
            try:
                message = messages.get(timeout=_STOP_CHECK_SECONDS)
            except Empty:
                continue
            match message:
                case _Read(size_bytes):
                    on_bytes(size_bytes)
                case _Finished(_, result):
                    remaining -= 1
                    yield result
                case BaseException() as error:
                    raise error
    finally:
        leave.set()


class _Process:
    """One process, its pipe, and the units that it has not finished."""

    def __init__(self, task: Task[Any, Any] | TableTask[Any, Any], access: BulkAccess, threads: int) -> None:
        context = multiprocessing.get_context("spawn")  # fork is unsafe in a program with threads
        self.pipe, worker_pipe = context.Pipe()
        self.units: dict[int, Any] = {}
        with serve_keys(access) as key_pipe, worker_pipe:  # closed here, so that its death closes the pipes
            self._process = context.Process(
                target=_process_main,
                args=(task, access, threads, worker_pipe, key_pipe),
                name="ddbbackup-unit",
                daemon=True,
            )
            self._process.start()

    def assign(self, number: int, unit: Any) -> None:
        self.units[number] = unit
        try:
            self.pipe.send((number, unit))
        except OSError:
            return  # it is dead; the reader of its pipe finds out

    def kill(self) -> int | None:
        """Its work only reads, so nothing is lost. Returns the exit code."""
        self._process.join(_LEAVE_SECONDS if self._process.exitcode is not None else 0)
        self._process.kill()
        self._process.join()
        self.pipe.close()
        return self._process.exitcode


class _Processes(Generic[U, R]):
    """All processes of a run. A context manager that leaves none running."""

    def __init__(
        self,
        task: Task[U, R] | TableTask[U, R],
        units: Sequence[U],
        access: BulkAccess,
        engine: Engine,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._task, self._access, self._engine, self._on_bytes = task, access, engine, on_bytes
        self._pending: deque[tuple[int, U]] = deque(enumerate(units))
        self._remaining = len(units)
        self._processes: list[_Process] = []
        self._deaths = 0

    def __enter__(self) -> _Processes[U, R]:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()

    def run(self, stop: threading.Event) -> Iterator[R]:
        for _ in range(min(self._engine.processes, self._remaining)):
            self._start()
        while self._remaining:
            if stop.is_set():
                raise Stopped
            for pipe in wait([process.pipe for process in self._processes], _STOP_CHECK_SECONDS):
                process = next(each for each in self._processes if each.pipe is pipe)
                try:
                    message = process.pipe.recv()
                except (EOFError, OSError):
                    self._replace(process)
                    continue
                if isinstance(message, _Read):
                    self._on_bytes(message.size_bytes)
                elif isinstance(message, _Finished):
                    self._remaining -= 1
                    self._deaths = 0
                    del process.units[message.number]
                    self._assign(process)
                    yield message.result
                else:
                    raise message

    def _start(self) -> None:
        process = _Process(self._task, self._access, self._engine.threads)
        self._processes.append(process)
        self._assign(process)

    def _assign(self, process: _Process) -> None:
        """One more than it has threads, so that none of them waits for this process."""
        while self._pending and len(process.units) <= self._engine.threads:
            process.assign(*self._pending.popleft())

    def _replace(self, dead: _Process) -> None:
        self._deaths += 1
        self._processes.remove(dead)
        exit_code = dead.kill()
        if self._deaths > MAX_DEATHS:
            raise StepFailed(
                f"{self._deaths} worker processes in a row died, the last with exit code {exit_code}",
                hint="add memory to the machine, then run the same command again",
            )
        self._pending.extendleft(dead.units.items())
        self._start()


def _process_main(
    task: Task[Any, Any] | TableTask[Any, Any],
    access: BulkAccess,
    threads: int,
    pipe: Connection[Any, Any],
    key_pipe: Connection[KeyRequest, KeyReply],
) -> None:
    """Ctrl-C reaches the whole process group, but the parent process alone decides what happens then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(_CONTAINERS_BETWEEN_COLLECTIONS)
    _Worker(task, access.in_worker(KeyClient(key_pipe).ask), threads, pipe).run()


class _Worker:
    """Runs units of one process until its pipe is closed."""

    def __init__(
        self,
        task: Task[Any, Any] | TableTask[Any, Any],
        access: BulkAccess,
        threads: int,
        pipe: Connection[Any, Any],
    ) -> None:
        self._task, self._access, self._pipe = task, access, pipe
        self._threads = threads
        self._units: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._lock = threading.Lock()
        self._unreported, self._next_report = 0, 0.0

    def run(self) -> None:
        try:
            objects, task = self._access.objects(), _opened(self._task, self._access)
            for _ in range(self._threads):
                threading.Thread(
                    target=self._run_units, args=(task, objects), name="unit", daemon=True
                ).start()
            while True:
                self._units.put(self._pipe.recv())
        except (EOFError, OSError):
            return  # the parent process has ended
        except Exception as error:  # noqa: BLE001 - raised in the process that talks to the user
            self._send(_portable(error))

    def _run_units(self, task: Task[Any, Any], objects: Objects) -> None:
        while True:
            number, unit = self._units.get()
            try:
                result = task(unit, objects, self._track)
                self._report()
                self._send(_Finished(number, result))
            except (BrokenPipeError, ConnectionError):
                return
            except Exception as error:  # noqa: BLE001 - raised in the process that talks to the user
                self._send(_portable(error))

    def _track(self, size_bytes: int) -> None:
        self._unreported += size_bytes
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + _REPORT_SECONDS
            self._report()

    def _report(self) -> None:
        size_bytes, self._unreported = self._unreported, 0
        if size_bytes:
            self._send(_Read(size_bytes))

    def _send(self, message: Any) -> None:
        with self._lock:
            self._pipe.send(message)


def _portable(error: Exception) -> DdbBackupError:
    """Not the text of an unexpected exception, which may hold item data."""
    if isinstance(error, DdbBackupError):
        return error
    if (explained := explain_os_error(error)) is not None:
        return explained
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Bug(f"a worker failed with {type(error).__name__} in {Path(place.filename).name}:{place.lineno}")
