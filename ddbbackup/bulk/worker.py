"""The worker: takes units from one end of a pipe, reports on them; knows nothing of where it runs."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Any, Final, Protocol

from ddbbackup.bulk.batch import BATCH_WORDS, PUT_WORDS
from ddbbackup.bulk.model import Orders, Tally, Unit, UnitResult
from ddbbackup.bulk.rate_control import Budget
from ddbbackup.bulk.reader import UnitReader
from ddbbackup.bulk.rejects import NOT_AN_ITEM, Rejects
from ddbbackup.bulk.sender import Sender
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.ports import BulkAccess

UNITS_AT_A_TIME: Final = 4  # files are key ranges: several at once spread the load over partitions
_LOOK_SECONDS: Final = 0.05
_TELL_SECONDS: Final = 0.5
_STARVED_SECONDS: Final = 0.002


class Pipe(Protocol):
    """One end of ``multiprocessing.Pipe``.

    In come ``("unit", Unit)``, ``("share", units per second)``, ``("stop", None)``; out go ``("ready", None)``,
    ``("tally", Tally)``, ``("done", UnitResult)`` and, last, ``("failed", DdbBackupError)``.
    """

    def poll(self) -> bool: ...
    def recv(self) -> Any: ...
    def send(self, message: Any) -> None: ...


def work(access: BulkAccess, orders: Orders, pipe: Pipe) -> None:
    """Does units until it is stopped or the other end of the pipe is gone."""
    try:
        _Worker(access, orders, pipe).run()
    except (EOFError, BrokenPipeError, ConnectionError):
        return
    except DdbBackupError as error:
        pipe.send(("failed", error))
    except Exception as error:  # noqa: BLE001  # the other side tells the user
        said = f"{type(error).__name__}: {error}"
        pipe.send(
            ("failed", Bug(f"a transfer worker met {said}", hint="report it with the command that you ran"))
        )


class _UnitState:
    """Open until its reader has ended and as many lines are accounted for as were taken from it."""

    def __init__(self, reader: UnitReader, rejects: Rejects) -> None:
        self.reader, self.rejects = reader, rejects
        self.taken = self.written = self.kept = self.rejected = 0

    @property
    def over(self) -> bool:
        return self.reader.exhausted and self.taken == self.written + self.kept + self.rejected

    def result(self) -> UnitResult:
        reader = self.reader
        reasons = tuple(self.rejects.reasons.most_common(10))
        return UnitResult(
            reader.unit.number, self.written, self.kept, self.rejected, reader.size_bytes, reasons
        )


class _Worker:
    def __init__(self, access: BulkAccess, orders: Orders, pipe: Pipe) -> None:
        self._orders, self._pipe = orders, pipe
        self._objects = access.objects()
        self._wire = access.wire(orders.table)
        self._budget = Budget(1.0, time.monotonic()) if orders.limited else None
        self._sender = Sender(self._wire, orders, self, self._budget)
        self._foreign = PUT_WORDS if orders.existing == "keep" else BATCH_WORDS
        self._units: dict[int, _UnitState] = {}
        self._turns: deque[_UnitState] = deque()
        self._backlog: deque[Unit] = deque()
        self._ended: Counter[int] = Counter()
        self._since = 0
        self._look_at = self._tell_at = 0.0
        self._stopped = False

    def run(self) -> None:
        self._pipe.send(("ready", None))
        try:
            while not self._stopped:
                self._listen_and_tell()
                self._sender.pump(_STARVED_SECONDS if self._fill() else _LOOK_SECONDS)
                self._end_units()
        finally:
            self._wire.close()
            for state in self._units.values():
                state.reader.close()

    # ---- what the sender tells

    def written(self, unit: int, count: int) -> None:
        self._units[unit].written += count
        self._since += count
        self._ended[unit] += 1

    def kept(self, unit: int) -> None:
        self._units[unit].kept += 1
        self._since += 1
        self._ended[unit] += 1

    def rejected(self, unit: int, line: bytes, reason: str) -> None:
        state = self._units[unit]
        state.rejected += 1
        state.rejects.add(line, reason)
        self._since += 1
        self._ended[unit] += 1

    # ---- one turn

    def _listen_and_tell(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        while self._pipe.poll():
            self._obey(*self._pipe.recv())
        if self._since and now >= self._tell_at:
            self._tell(now)

    def _obey(self, order: str, value: Any) -> None:
        if order == "stop":
            self._stopped = True
        elif order == "share":
            assert self._budget is not None, "shares are dealt for limited jobs only"
            self._budget.share(value, time.monotonic())
        else:
            self._backlog.append(value)

    def _begin(self, unit: Unit) -> None:
        batch_items = self._sender.spelling.batch_items
        reader = UnitReader(unit, self._objects, batch_items=batch_items, foreign=self._foreign)
        state = _UnitState(reader, Rejects(self._orders.rejects_dir, unit.number, unit.file.uri))
        self._units[unit.number] = state
        self._turns.append(state)

    def _tell(self, now: float) -> None:
        sender = self._sender
        self._pipe.send(("tally", Tally(self._since, sender.throttled, sender.consumed)))
        self._since, sender.throttled, sender.consumed = 0, 0, 0.0
        self._tell_at = now + _TELL_SECONDS

    def _fill(self) -> bool:
        """Takes batches in turns from all open units; True if more could be sent than they give at present."""
        while self._backlog and len(self._turns) < UNITS_AT_A_TIME:
            self._begin(self._backlog.popleft())
        without = 0
        while self._turns and self._sender.wants():
            state = self._turns[0]
            batch = state.reader.take()
            self._reject_bad_lines(state)
            if batch is None:
                if state.reader.exhausted:
                    self._turns.popleft()
                    self._ended[state.reader.unit.number] += 1
                    continue
                without += 1
                if without >= len(self._turns):
                    return True
            else:
                without = 0
                state.taken += len(batch.lines)
                self._sender.add(batch)
            self._turns.rotate(-1)
        return False

    def _reject_bad_lines(self, state: _UnitState) -> None:
        for line in state.reader.bad_lines:
            state.taken += 1
            self.rejected(state.reader.unit.number, line, NOT_AN_ITEM)
        state.reader.bad_lines.clear()

    def _end_units(self) -> None:
        """Reports units that are over. Only those are looked at of which something ended since."""
        for number in self._ended:
            state = self._units.get(number)
            if state is not None and state.over:
                del self._units[number]
                self._tell(time.monotonic())
                self._pipe.send(("done", state.result()))
        self._ended.clear()
