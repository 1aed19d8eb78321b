"""Sends batches until every line is written, kept or rejected: retries, pressure, bisection."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from typing import Final, Protocol

from ddbbackup.archive.lines import is_item
from ddbbackup.bulk.batch import Batch, BatchWrite, ConditionalPut
from ddbbackup.bulk.model import Orders
from ddbbackup.bulk.rate_control import Budget, Window, backoff_seconds
from ddbbackup.bulk.rejects import NOT_AN_ITEM
from ddbbackup.bulk.responses import ALL_WRITTEN, PUT_WRITTEN, Verdict, judge, still_unwritten
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, TableMissing, Throttled, Unreachable
from ddbbackup.ports import Answer, Wire

IN_FLIGHT_BYTES: Final = 4 << 20
_HOPELESS: Final = 1000  # rejected items without a single written one: it is not the items
_RESUME: Final = "mend that, then run the same command: the restore goes on where it stopped"


class Fate(Protocol):
    """Is told what became of each line."""

    def written(self, unit: int, count: int) -> None: ...
    def kept(self, unit: int) -> None: ...
    def rejected(self, unit: int, line: bytes, reason: str) -> None: ...


class Sender:
    """Drives one wire. Never blocks longer than it is told to; nothing is ever dropped."""

    def __init__(self, wire: Wire, orders: Orders, fate: Fate, budget: Budget | None) -> None:
        self._wire, self._orders, self._fate, self._budget = wire, orders, fate, budget
        counted = budget is not None
        self.spelling: BatchWrite | ConditionalPut
        if orders.existing == "keep":
            self.spelling = ConditionalPut(orders.table, orders.keys, count_units=counted)
            self._plain, most = PUT_WRITTEN, 256
        else:
            self.spelling = BatchWrite(orders.table, count_units=counted)
            self._plain, most = ALL_WRITTEN, 192
        self._window = Window(start=16, most=most)
        self._later: list[tuple[float, int, Batch]] = []
        self._next: deque[Batch] = deque()
        self._order = itertools.count()
        self._bytes = 0
        self._lucky_at = time.monotonic()
        self._accepted = self._rejected = 0
        self.throttled = 0
        self.consumed = 0.0

    @property
    def idle(self) -> bool:
        return not (self._later or self._next or self._wire.in_flight)

    def wants(self) -> bool:
        """Whether another batch could be sent at once."""
        return (
            not self._next
            and self._wire.in_flight < self._window.size
            and self._bytes < IN_FLIGHT_BYTES
            and (self._budget is None or self._budget.wait_seconds(time.monotonic()) <= 0)
        )

    def add(self, batch: Batch) -> None:
        """Sends a new batch now; ask ``wants`` first."""
        self._send(batch)

    def pump(self, seconds: float) -> None:
        """Sends what is due and takes what has come back; waits up to ``seconds`` for it.

        Raises ``AccessDenied``, ``TableMissing``, ``Throttled``, ``Unreachable`` or ``Refused`` when going on
        makes no sense.
        """
        self._send_due()
        for batch, answer in self._wire.answers(seconds):
            self._bytes -= batch.size_bytes
            if answer.status == 200 and answer.body == self._plain:
                self._written(batch, answer)
            else:
                self._settle(batch, answer)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._next.append(heapq.heappop(self._later)[2])
        while (
            self._next
            and self._wire.in_flight < max(1, self._window.size)
            and (self._bytes < IN_FLIGHT_BYTES or not self._wire.in_flight)
            and (self._budget is None or self._budget.wait_seconds(time.monotonic()) <= 0)
        ):
            self._send(self._next.popleft())

    def _send(self, batch: Batch) -> None:
        body = self.spelling.body(batch.lines)
        batch.size_bytes = len(body)
        self._bytes += len(body)
        if self._budget is not None:
            batch.booked = self._budget.sent(len(batch.lines))
        self._wire.send(batch, self.spelling.operation, body)

    def _written(self, batch: Batch, answer: Answer) -> None:
        count = len(batch.lines)
        self._accepted += count
        self._fate.written(batch.unit, count)
        self._window.succeeded(answer.seconds)
        self._lucky_at = time.monotonic()
        if batch.after is not None:
            self._next.append(batch.after)

    def _settle(self, batch: Batch, answer: Answer) -> None:
        verdict = judge(answer)
        now = time.monotonic()
        if self._budget is not None:
            consumed = verdict.consumed if verdict.consumed or verdict.meaning == "slow" else batch.booked
            self._budget.answered(batch.booked, consumed, len(batch.lines))
            self.consumed += verdict.consumed
        match verdict.meaning:
            case "written":
                self._written(batch, answer)
            case "kept":
                self._lucky_at = now
                self._window.succeeded(answer.seconds)
                self._fate.kept(batch.unit)
                if batch.after is not None:
                    self._next.append(batch.after)
            case "unprocessed":
                self._resend_unprocessed(batch, verdict, answer, now)
            case "slow":
                self.throttled += 1
                self._window.slowed(now, answer.seconds)
                self._again(batch, verdict, now)
            case "again":
                if answer.status and self._found_bad_lines(batch):
                    return
                self._window.slowed(now, answer.seconds)
                self._again(batch, verdict, now)
            case "expired":
                if not self._wire.renew():
                    raise AccessDenied(
                        f"the credentials expired while items were written ({verdict.reason})", hint=_RESUME
                    )
                self._again(batch, verdict, now)
            case "refused":
                self._bisect(batch, verdict)
            case "fatal":
                raise _fatal(verdict, self._orders.table)

    def _resend_unprocessed(self, batch: Batch, verdict: Verdict, answer: Answer, now: float) -> None:
        left = still_unwritten(batch.lines, verdict.unprocessed, self._orders.keys)
        through = len(batch.lines) - len(left)
        self.throttled += 1
        self._window.slowed(now, answer.seconds, len(left) / len(batch.lines))
        if through:
            self._accepted += through
            self._fate.written(batch.unit, through)
            self._lucky_at = now
            batch.attempt = 0
        batch.lines = left
        self._again(batch, verdict, now)

    def _again(self, batch: Batch, verdict: Verdict, now: float) -> None:
        if now - self._lucky_at > self._orders.patience_seconds:
            raise _out_of_patience(verdict, self._orders)
        due = now + backoff_seconds(batch.attempt)
        batch.attempt += 1
        heapq.heappush(self._later, (due, next(self._order), batch))

    def _found_bad_lines(self, batch: Batch) -> bool:
        """Servers may stumble over broken JSON with a 5xx: once per batch, look whether it is ours."""
        if batch.checked:
            return False
        batch.checked = True
        good = [line for line in batch.lines if is_item(line)]
        if len(good) == len(batch.lines):
            return False
        for line in batch.lines:
            if not is_item(line):
                self._reject(batch.unit, line, NOT_AN_ITEM)
        batch.lines = good
        follow = batch if good else batch.after
        if follow is not None:
            self._next.append(follow)
        return True

    def _bisect(self, batch: Batch, verdict: Verdict) -> None:
        """AWS refuses a whole request for one bad item: halve it until the bad one is alone."""
        if len(batch.lines) == 1:
            self._reject(batch.unit, batch.lines[0], verdict.reason)
            if batch.after is not None:
                self._next.append(batch.after)
            return
        half = len(batch.lines) // 2
        second = Batch(batch.unit, batch.lines[half:], batch.after)
        self._next.append(Batch(batch.unit, batch.lines[:half], second))

    def _reject(self, unit: int, line: bytes, reason: str) -> None:
        self._fate.rejected(unit, line, reason)
        self._rejected += 1
        self._lucky_at = time.monotonic()
        if self._rejected >= _HOPELESS and not self._accepted:
            raise Refused(
                f"the table {self._orders.table} took none of the first {_HOPELESS} items",
                hint=f"the reasons are in {self._orders.rejects_dir}; compare the table with the backed-up one",
            )


def _fatal(verdict: Verdict, table: str) -> DdbBackupError:
    said = f"could not write items to {table}: {verdict.reason}"
    if verdict.code == "ResourceNotFoundException":
        return TableMissing(said, hint="find out who deletes tables, then run the restore again")
    denied = (
        "AccessDenied",
        "UnrecognizedClient",
        "InvalidSignature",
        "MissingAuthentication",
        "InvalidClient",
    )
    if verdict.code.startswith(denied) or "Signature" in verdict.code:
        return AccessDenied(
            said, hint="allow the caller dynamodb:BatchWriteItem and PutItem on the table, then run again"
        )
    return Refused(said, hint=_RESUME)


def _out_of_patience(verdict: Verdict, orders: Orders) -> DdbBackupError:
    said = (
        f"not one item could be written to {orders.table} for {orders.patience_seconds:.0f} s, "
        f"the last answer was {verdict.reason}"
    )
    if verdict.meaning in ("slow", "unprocessed"):
        return Throttled(said, hint="raise the table's capacity, then run the same command: it goes on")
    return Unreachable(
        said, hint="run the same command when the service answers: it goes on where it stopped"
    )
