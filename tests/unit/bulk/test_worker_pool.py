"""The crew without processes: who gets which units, and whose the write units are."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from ddbbackup.bulk import worker_pool as crew
from ddbbackup.bulk.model import DataFile, Orders, Tally, Unit, UnitResult
from ddbbackup.bulk.worker_pool import WorkerPool
from ddbbackup.errors import StepFailed

ORDERS = Orders("t", (), "overwrite", Path("/nonexistent"), limited=True, patience_seconds=1.0)
UNITS = [Unit(number, DataFile("b", f"k{number}", "md5", 1)) for number in range(6)]


class Hand:
    """A worker that does what a test says whenever it is told something."""

    exit_code = -9

    def __init__(self, act: Callable[[Hand, str, Any], None]) -> None:
        self.units: dict[int, Unit] = {}
        self.shares: list[float] = []
        self.pipe, self.theirs = multiprocessing.Pipe()
        self._act = act

    def give(self, unit: Unit) -> None:
        self.units[unit.number] = unit
        self.tell("unit", unit)

    def tell(self, kind: str, value: Any) -> None:
        if kind == "share":
            self.shares.append(value)
        self._act(self, kind, value)

    def done(self, number: int) -> None:
        self.theirs.send(("done", UnitResult(number, 1, 0, 0, 1)))

    def ask_to_stop(self) -> None: ...

    def end(self, seconds: float) -> None: ...


def carry_out(monkeypatch: pytest.MonkeyPatch, hands: list[Hand], rate: float | None) -> list[int]:
    """Numbers of the units that were reported done; fails if it takes too long."""
    waiting = iter(hands)
    monkeypatch.setattr(crew, "_Hand", lambda *_, **__: next(waiting))
    stop = threading.Event()
    alarm = threading.Timer(20.0, stop.set)
    alarm.start()
    try:
        with WorkerPool(cast("Any", None), ORDERS, workers=2, units_per_second=rate) as these:
            return [said.number for said in these.do(UNITS, stop) if not isinstance(said, Tally)]
    finally:
        alarm.cancel()


def test_the_write_units_of_one_who_is_idle_go_to_those_who_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second worker ends only when it has been given the whole rate."""

    def quick(hand: Hand, kind: str, value: Any) -> None:
        if kind == "unit":
            hand.done(value.number)

    def slow(hand: Hand, kind: str, value: Any) -> None:
        if kind == "share" and value == 100.0:
            for number in hand.units:
                hand.done(number)

    hands = [Hand(quick), Hand(slow)]
    assert sorted(carry_out(monkeypatch, hands, 100.0)) == [unit.number for unit in UNITS]
    assert 50.0 in hands[1].shares
    assert hands[1].shares[-1] == 100.0


def test_a_dead_workers_units_are_done_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, as far as the report goes."""

    def dies(hand: Hand, kind: str, value: Any) -> None:
        hand.theirs.close()

    def works(hand: Hand, kind: str, value: Any) -> None:
        if kind == "unit":
            hand.done(value.number)

    done = carry_out(monkeypatch, [Hand(dies), Hand(works), Hand(works)], None)
    assert sorted(done) == [unit.number for unit in UNITS]


def test_workers_that_keep_dying_end_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how they died and what to do about it."""

    def dies(hand: Hand, kind: str, value: Any) -> None:
        hand.theirs.close()

    with pytest.raises(StepFailed, match="died 4 times in a row, the last with exit code -9"):
        carry_out(monkeypatch, [Hand(dies) for _ in range(9)], None)
