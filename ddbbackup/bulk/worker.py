"""A worker: receives units through a pipe, runs several at a time, and reports their results.

It does not know whether it runs in a process or in a thread.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Final, assert_never

from ddbbackup.bulk.batch import Batch
from ddbbackup.bulk.model import Unit, UnitResult
from ddbbackup.bulk.rate_control import TokenBucket
from ddbbackup.bulk.reader import UnitReader
from ddbbackup.bulk.rejects import NOT_AN_ITEM, Rejects
from ddbbackup.bulk.request_format import request_format
from ddbbackup.bulk.sender import Sender
from ddbbackup.bulk.worker_messages import (
    ProgressDelta,
    SetRate,
    Stop,
    ToWorker,
    WorkerConfig,
    WorkerFailed,
    WorkerPipe,
)
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.ports import BulkAccess, BulkTransport

MAX_OPEN_UNITS: Final = 4  # files are key ranges: several at a time spread the load over partitions
_MESSAGE_CHECK_SECONDS: Final = 0.05
_REPORT_SECONDS: Final = 0.5
_STARVED_SECONDS: Final = 0.002  # how long to wait for responses while the readers are the bottleneck
_MAX_REASONS: Final = 10
_INITIAL_UNITS_PER_SECOND: Final = 1.0  # until the pool sends the first rate


def run_worker(access: BulkAccess, config: WorkerConfig, pipe: WorkerPipe) -> None:
    """Runs units until ``Stop``, an error, or until the other end of the pipe is closed."""
    try:
        _Worker(access, config, pipe).run()
    except (EOFError, BrokenPipeError, ConnectionError):
        return
    except DdbBackupError as error:
        pipe.send(WorkerFailed(error))
    except Exception as error:  # noqa: BLE001  # the pool raises it in the process that talks to the user
        message = f"a bulk worker failed with {type(error).__name__}: {error}"
        pipe.send(WorkerFailed(Bug(message, hint="report this bug together with the command that you ran")))


class _OpenUnit:
    """A unit in progress: finished once its reader is exhausted and every line has a result."""

    def __init__(self, reader: UnitReader, rejects: Rejects) -> None:
        self.reader, self.rejects = reader, rejects
        self.taken = self.written = self.kept = self.rejected = 0

    @property
    def finished(self) -> bool:
        return self.reader.exhausted and self.taken == self.written + self.kept + self.rejected

    def result(self) -> UnitResult:
        reader = self.reader
        reasons = tuple(self.rejects.reasons.most_common(_MAX_REASONS))
        return UnitResult(
            reader.unit.number, self.written, self.kept, self.rejected, reader.size_bytes, reasons
        )


class _Worker:
    """Implements ``sender.ResultObserver``."""

    def __init__(self, access: BulkAccess, config: WorkerConfig, pipe: WorkerPipe) -> None:
        self._config, self._pipe = config, pipe
        self._objects = access.objects()
        self._transport: BulkTransport[Batch] = access.transport(config.table)
        self._bucket: TokenBucket | None = None
        if config.rate_limited:
            self._bucket = TokenBucket(_INITIAL_UNITS_PER_SECOND, time.monotonic())
        self._format = request_format(
            config.existing, config.table, config.keys, count_units=config.rate_limited
        )
        self._sender = Sender(self._transport, self._format, config, self, self._bucket)
        self._queued: deque[Unit] = deque()
        self._open: dict[int, _OpenUnit] = {}
        self._reading: deque[_OpenUnit] = deque()  # in the order of their turns
        self._changed: Counter[int] = Counter()  # units that may be finished now
        self._unreported_items = 0
        self._next_message_check = self._next_report = 0.0
        self._stopped = False

    def run(self) -> None:
        try:
            while not self._stopped:
                self._exchange_messages()
                starved = self._send_batches()
                self._sender.poll(_STARVED_SECONDS if starved else _MESSAGE_CHECK_SECONDS)
                self._report_finished_units()
        finally:
            self._transport.close()
            for unit in self._open.values():
                unit.reader.close()

    # ---- results of lines

    def written(self, unit: int, count: int) -> None:
        self._open[unit].written += count
        self._unreported_items += count
        self._changed[unit] += 1

    def kept(self, unit: int) -> None:
        self._open[unit].kept += 1
        self._unreported_items += 1
        self._changed[unit] += 1

    def rejected(self, unit: int, line: bytes, reason: str) -> None:
        open_unit = self._open[unit]
        open_unit.rejected += 1
        open_unit.rejects.add(line, reason)
        self._unreported_items += 1
        self._changed[unit] += 1

    # ---- messages

    def _exchange_messages(self) -> None:
        now = time.monotonic()
        if now < self._next_message_check:
            return
        self._next_message_check = now + _MESSAGE_CHECK_SECONDS
        while self._pipe.poll():
            self._handle(self._pipe.recv())
        if self._unreported_items and now >= self._next_report:
            self._report_progress(now)

    def _handle(self, message: ToWorker) -> None:
        match message:
            case Unit():
                self._queued.append(message)
            case SetRate(units_per_second):
                if self._bucket is not None:
                    self._bucket.set_rate(units_per_second, time.monotonic())
            case Stop():
                self._stopped = True
            case _:
                assert_never(message)

    def _report_progress(self, now: float) -> None:
        sender = self._sender
        self._pipe.send(ProgressDelta(self._unreported_items, sender.throttled, sender.consumed))
        self._unreported_items, sender.throttled, sender.consumed = 0, 0, 0.0
        self._next_report = now + _REPORT_SECONDS

    # ---- units

    def _send_batches(self) -> bool:
        """Sends batches of all open units in turns; True if the readers are slower than the sender."""
        while self._queued and len(self._reading) < MAX_OPEN_UNITS:
            self._open_unit(self._queued.popleft())
        without_batch = 0
        while self._reading and self._sender.has_capacity():
            unit = self._reading[0]
            batch = unit.reader.next_batch()
            self._reject_invalid_lines(unit)
            if batch is None:
                if unit.reader.exhausted:
                    self._reading.popleft()
                    self._changed[unit.reader.unit.number] += 1
                    continue
                without_batch += 1
                if without_batch >= len(self._reading):
                    return True
            else:
                without_batch = 0
                unit.taken += len(batch.lines)
                self._sender.send(batch)
            self._reading.rotate(-1)
        return False

    def _open_unit(self, unit: Unit) -> None:
        reader = UnitReader(unit, self._objects, self._format)
        open_unit = _OpenUnit(reader, Rejects(self._config.rejects_dir, unit.number, unit.file.uri))
        self._open[unit.number] = open_unit
        self._reading.append(open_unit)

    def _reject_invalid_lines(self, unit: _OpenUnit) -> None:
        for line in unit.reader.invalid_lines:
            unit.taken += 1
            self.rejected(unit.reader.unit.number, line, NOT_AN_ITEM)
        unit.reader.invalid_lines.clear()

    def _report_finished_units(self) -> None:
        for number in self._changed:
            unit = self._open.get(number)
            if unit is not None and unit.finished:
                del self._open[number]
                self._report_progress(time.monotonic())
                self._pipe.send(unit.result())
        self._changed.clear()
