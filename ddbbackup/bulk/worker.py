"""A worker: receives units through a pipe, runs several at a time, and reports their results.

It does not know whether it runs in a process or in a thread.
"""

from __future__ import annotations

import itertools
import time
import traceback
from collections import Counter, deque
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, assert_never

from ddbbackup.archive.item_edits import ItemEditor
from ddbbackup.bulk.batch import Batch
from ddbbackup.bulk.chain_lines import ChainLines
from ddbbackup.bulk.model import Unit, UnitResult
from ddbbackup.bulk.rate_control import TokenBucket
from ddbbackup.bulk.reader import Prefix, UnitReader
from ddbbackup.bulk.rejects import DIFFERENT, NOT_AN_ITEM, Rejects
from ddbbackup.bulk.request_format import request_format
from ddbbackup.bulk.sender import Sender
from ddbbackup.bulk.verified_stream import READ_AGAIN, READ_PAUSES_SECONDS
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
from ddbbackup.os_errors import explain_os_error
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
        if (explained := explain_os_error(error)) is not None:
            pipe.send(WorkerFailed(explained))
            return
        # Not its text, which may hold item data.
        place = traceback.extract_tb(error.__traceback__)[-1]
        message = (
            f"a bulk worker failed with {type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        )
        pipe.send(WorkerFailed(Bug(message)))


class _Reading:
    """A unit while it is read and written: finished once its reader is exhausted and every line has a result.

    A reading that failed is ``abandoned``. Once none of its lines is on the way, the unit is read again.
    """

    def __init__(
        self, number: int, reader: UnitReader, rejects: Rejects, earlier: tuple[Prefix, ...]
    ) -> None:
        self.number, self.reader, self.rejects, self.earlier = number, reader, rejects, earlier
        self.taken = self.written = self.kept = self.equal = self.different = self.rejected = self.dropped = 0
        self.deleted = self.passed_over = 0
        self.abandoned = False

    @property
    def done(self) -> int:
        """Lines that were sent and have a result."""
        return self.written + self.deleted + self.kept + self.equal + self.different + self.rejected

    @property
    def at_rest(self) -> bool:
        """Whether no line is on its way to the table."""
        return self.taken == self.done + self.dropped

    @property
    def finished(self) -> bool:
        return self.reader.exhausted and self.at_rest

    def result(self) -> UnitResult:
        reader = self.reader
        return UnitResult(
            reader.unit.number,
            written=self.written,
            kept=self.kept,
            equal=self.equal,
            different=self.different,
            rejected=self.rejected,
            size_bytes=reader.size_bytes,
            superseded=reader.superseded,
            deleted=self.deleted + reader.left_out_deletes,
            changed=reader.changed,
            left_out=reader.left_out,
            reasons=tuple(self.rejects.reasons.most_common(_MAX_REASONS)),
            suspect=reader.suspect,
            sample=tuple(reader.sample),
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
        self._chain: ChainLines | None = None
        self._editor = ItemEditor(config.edits) if config.edits is not None else None
        self._only = config.only.open() if config.only is not None else None
        self._sender = Sender(self._transport, self._format, config, self, self._bucket)
        self._queued: deque[Unit] = deque()
        self._numbers = itertools.count()
        self._open: dict[int, _Reading] = {}
        self._turns: deque[_Reading] = deque()  # those that have lines to send, in the order of their turns
        self._again: list[tuple[float, Unit, tuple[Prefix, ...]]] = []  # units to read again, and when
        self._changed: Counter[int] = Counter()  # readings that may be finished now
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
            for reading in self._open.values():
                reading.reader.close()

    # ---- results of lines

    def written(self, unit: int, count: int) -> None:
        self._open[unit].written += count
        self._unreported_items += count
        self._changed[unit] += 1

    def deleted(self, unit: int, count: int) -> None:
        self._open[unit].deleted += count
        self._unreported_items += count
        self._changed[unit] += 1

    def kept(self, unit: int) -> None:
        self._open[unit].kept += 1
        self._unreported_items += 1
        self._changed[unit] += 1

    def equal(self, unit: int) -> None:
        self._open[unit].equal += 1
        self._unreported_items += 1
        self._changed[unit] += 1

    def different(self, unit: int, line: bytes, existing: Mapping[str, Any]) -> None:
        reading = self._open[unit]
        reading.different += 1
        reading.rejects.add(line, DIFFERENT, DIFFERENT, existing=existing)
        self._unreported_items += 1
        self._changed[unit] += 1

    def rejected(self, unit: int, line: bytes, reason: str, detail: str) -> None:
        reading = self._open[unit]
        reading.rejected += 1
        reading.rejects.add(line, reason, detail)
        self._unreported_items += 1
        self._changed[unit] += 1

    def dropped(self, unit: int, count: int) -> None:
        self._open[unit].dropped += count
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
        self._open_units()
        without_batch = 0
        while self._turns and self._sender.has_capacity():
            reading = self._turns[0]
            try:
                batch = reading.reader.next_batch()
            except READ_AGAIN as error:
                self._abandon(reading, error)
                continue
            self._reject_invalid_lines(reading)
            self._count_passed_over(reading)
            if batch is None:
                if reading.reader.exhausted:
                    self._turns.popleft()
                    self._changed[reading.number] += 1
                    continue
                without_batch += 1
                if without_batch >= len(self._turns):
                    return True
            else:
                without_batch = 0
                reading.taken += len(batch.lines)
                self._sender.send(batch)
            self._turns.rotate(-1)
        return False

    def _open_units(self) -> None:
        while self._queued and len(self._turns) < MAX_OPEN_UNITS:
            self._open_unit(self._queued.popleft())
        if self._again and self._again[0][0] <= time.monotonic():
            _, unit, earlier = self._again.pop(0)
            self._open_unit(unit, earlier)

    def _open_unit(self, unit: Unit, earlier: tuple[Prefix, ...] = ()) -> None:
        if self._chain is None and self._config.chain is not None:
            self._chain = ChainLines(self._config.chain, self._config.keys)
        number = next(self._numbers)
        reader = UnitReader(
            unit,
            self._objects,
            self._format,
            self._config.keys,
            number=number,
            earlier=earlier,
            chain=self._chain,
            editor=self._editor,
            only=self._only,
        )
        rejects = Rejects(self._config.rejects_dir, unit.number, unit.file.uri)
        self._open[number] = reading = _Reading(number, reader, rejects, earlier)
        self._turns.append(reading)

    def _abandon(self, reading: _Reading, error: DdbBackupError) -> None:
        """A file is damaged only if every reading of it fails: a single one may have been a bad response."""
        if len(reading.earlier) >= len(READ_PAUSES_SECONDS):
            raise error
        reading.abandoned = True
        reading.reader.close()
        self._turns.remove(reading)
        self._sender.abandon(reading.number)
        self._changed[reading.number] += 1

    def _read_again(self, reading: _Reading) -> None:
        """Not before all of its requests have ended: none of them may overtake those of the next reading."""
        self._unreported_items -= reading.done + reading.passed_over
        pause = READ_PAUSES_SECONDS[len(reading.earlier)]
        earlier = (*reading.earlier, reading.reader.handed_out)
        self._again.append((time.monotonic() + pause, reading.reader.unit, earlier))
        self._again.sort(key=itemgetter(0))

    def _reject_invalid_lines(self, reading: _Reading) -> None:
        for line in reading.reader.invalid_lines:
            reading.taken += 1
            self.rejected(reading.number, line, NOT_AN_ITEM, NOT_AN_ITEM)
        reading.reader.invalid_lines.clear()

    def _count_passed_over(self, reading: _Reading) -> None:
        """Lines that are not sent, because they are not final or do not match."""
        reader = reading.reader
        passed_over = reader.superseded + reader.left_out_deletes + reader.left_out
        self._unreported_items += passed_over - reading.passed_over
        reading.passed_over = passed_over

    def _report_finished_units(self) -> None:
        for number in self._changed:
            reading = self._open.get(number)
            if reading is None:
                continue
            if reading.abandoned and reading.at_rest:
                del self._open[number]
                self._read_again(reading)
            elif not reading.abandoned and reading.finished:
                del self._open[number]
                self._report_progress(time.monotonic())
                self._pipe.send(reading.result())
        self._changed.clear()
