"""The workers of one job on this machine: started, given units, replaced when they die, stopped."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any, Final

from ddbbackup.bulk.model import Orders, Stopped, Tally, Unit, UnitResult
from ddbbackup.bulk.worker import work
from ddbbackup.errors import StepFailed
from ddbbackup.ports import BulkAccess

UNITS_IN_HAND: Final = 8
DEATHS: Final = 3  # in a row, without a unit done in between
_LOOK_SECONDS: Final = 0.2
_LEAVE_SECONDS: Final = 0.7


class WorkerPool:
    """``workers`` processes, or one thread if one is enough. A context manager that leaves nothing running."""

    def __init__(
        self, access: BulkAccess, orders: Orders, *, workers: int, units_per_second: float | None
    ) -> None:
        self._access, self._orders = access, orders
        self._workers, self._units_per_second = workers, units_per_second
        self._hands: list[_Hand] = []
        self._pending: deque[Unit] = deque()
        self._deaths = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.ask_to_stop()
        until = time.monotonic() + _LEAVE_SECONDS
        for hand in self._hands:
            hand.end(max(0.0, until - time.monotonic()))

    def do(self, units: Sequence[Unit], stop: threading.Event) -> Iterator[Tally | UnitResult]:
        """Yields what the workers report until all units are done.

        Raises ``Stopped``, whatever a worker failed with, and ``StepFailed`` if workers keep dying.
        """
        self._pending.extend(units)
        for _ in range(min(self._workers, len(units))):
            self._hire()
        left = len(units)
        while left:
            if stop.is_set():
                raise Stopped
            for pipe in wait([hand.pipe for hand in self._hands], _LOOK_SECONDS):
                hand = next(each for each in self._hands if each.pipe is pipe)
                try:
                    kind, value = hand.pipe.recv()
                except (EOFError, OSError):
                    self._replace(hand)
                    continue
                if kind == "failed":
                    raise value
                if kind == "done":
                    left -= 1
                    self._deaths = 0
                    del hand.units[value.number]
                    self._deal(hand)
                    if not hand.units:
                        self._share_out()
                if kind in ("done", "tally"):
                    yield value

    def _hire(self) -> None:
        hand = _Hand(self._access, self._orders, own_process=self._workers > 1)
        self._hands.append(hand)
        self._deal(hand)
        self._share_out()

    def _deal(self, hand: _Hand) -> None:
        in_hand = min(UNITS_IN_HAND, -(-(len(self._pending) + len(hand.units)) // self._workers))
        while self._pending and len(hand.units) < max(1, in_hand):
            hand.give(self._pending.popleft())

    def _share_out(self) -> None:
        """Write units go to those who have work: what an idle one may use would be lost."""
        busy = [hand for hand in self._hands if hand.units]
        if self._units_per_second is not None:
            for hand in busy:
                hand.tell("share", self._units_per_second / len(busy))

    def _replace(self, hand: _Hand) -> None:
        """What the dead one had in hand is done again from its beginning: puts may be repeated."""
        self._deaths += 1
        self._hands.remove(hand)
        hand.end(_LEAVE_SECONDS)
        if self._deaths > DEATHS:
            raise StepFailed(
                f"transfer workers died {self._deaths} times in a row, the last with exit code {hand.exit_code}",
                hint="give the machine more memory or set `limits.workers` to 1, then run the same command",
            )
        self._pending.extendleft(hand.units.values())
        self._hire()


class _Hand:
    """One worker and the units that it has."""

    def __init__(self, access: BulkAccess, orders: Orders, *, own_process: bool) -> None:
        self.units: dict[int, Unit] = {}
        self.exit_code: int | None = None
        context = multiprocessing.get_context("spawn")  # fork and threads do not go together
        self.pipe: Pipe
        self.pipe, theirs = context.Pipe()
        self._process: Any = None
        if own_process:
            self._process = context.Process(
                target=_in_process, args=(access, orders, theirs), name="ddbbackup-transfer", daemon=True
            )
            self._process.start()
            theirs.close()  # so that its death closes the pipe
        else:
            self._thread = threading.Thread(
                target=work, args=(access, orders, theirs), name="transfer", daemon=True
            )
            self._thread.start()

    def give(self, unit: Unit) -> None:
        self.units[unit.number] = unit
        self.tell("unit", unit)

    def tell(self, kind: str, value: Any) -> None:
        try:
            self.pipe.send((kind, value))
        except OSError:
            return  # it is dead, which its closed pipe will tell

    def ask_to_stop(self) -> None:
        self.tell("stop", None)

    def end(self, seconds: float) -> None:
        """Gives it so long to leave. Nothing is left running then but what a thread has in one system call."""
        if self._process is None:
            self._thread.join(seconds)
        else:
            self._process.join(seconds)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self.exit_code = self._process.exitcode
        self.pipe.close()


def _in_process(access: BulkAccess, orders: Orders, pipe: Pipe) -> None:
    """Ctrl-C reaches the whole process group, but it is for the parent to say what happens then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(access, orders, pipe)
