"""Sends batches until every line is written, kept or rejected: retries, rate control, bisection."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from typing import Final, Protocol, assert_never

from ddbbackup.archive.lines import is_item
from ddbbackup.bulk.batch import Batch
from ddbbackup.bulk.rate_control import ConcurrencyLimit, TokenBucket, backoff_seconds
from ddbbackup.bulk.rejects import NOT_AN_ITEM
from ddbbackup.bulk.request_format import RequestFormat
from ddbbackup.bulk.responses import Classification, classify, select_unprocessed
from ddbbackup.bulk.worker_messages import WorkerConfig
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, TableMissing, Throttled, Unreachable
from ddbbackup.ports import BulkResponse, BulkTransport

MAX_IN_FLIGHT_BYTES: Final = 4 << 20
_START_IN_FLIGHT: Final = 16
_MAX_REJECTED_WITHOUT_SUCCESS: Final = 1000  # then the cause is not the items
_RESUMES: Final = "the restore resumes where it stopped"
_CREDENTIAL_CODES: Final = (
    "UnrecognizedClient",
    "InvalidSignature",
    "IncompleteSignature",
    "MissingAuthentication",
    "InvalidClient",
    "SignatureDoesNotMatch",
)


class ResultObserver(Protocol):
    """Receives the result of each line."""

    def written(self, unit: int, count: int) -> None: ...
    def kept(self, unit: int) -> None: ...
    def rejected(self, unit: int, line: bytes, reason: str) -> None: ...


class Sender:
    """Drives one transport. Every line of a batch reaches the observer exactly once, or ``poll`` raises."""

    def __init__(
        self,
        transport: BulkTransport[Batch],
        request_format: RequestFormat,
        config: WorkerConfig,
        observer: ResultObserver,
        bucket: TokenBucket | None,
    ) -> None:
        self._transport, self._format, self._config = transport, request_format, config
        self._observer, self._bucket = observer, bucket
        self._operation, self._success_body = request_format.operation, request_format.success_body
        self._limit = ConcurrencyLimit(start=_START_IN_FLIGHT, maximum=request_format.max_in_flight)
        self._delayed: list[tuple[float, int, Batch]] = []  # a heap by the time of the next attempt
        self._ready: deque[Batch] = deque()
        self._sequence = itertools.count()
        self._in_flight_bytes = 0
        self._progress_at = time.monotonic()
        self._accepted = self._rejected = 0
        self.throttled = 0
        self.consumed = 0.0

    def has_capacity(self) -> bool:
        """Whether a new batch could be sent at once."""
        return (
            not self._ready
            and self._transport.in_flight < self._limit.value
            and self._in_flight_bytes < MAX_IN_FLIGHT_BYTES
            and (self._bucket is None or self._bucket.wait_seconds(time.monotonic()) <= 0)
        )

    def send(self, batch: Batch) -> None:
        """Sends a new batch at once; call it only if ``has_capacity``."""
        body = self._format.body(batch.lines)
        batch.size_bytes = len(body)
        self._in_flight_bytes += len(body)
        if self._bucket is not None:
            batch.reserved_units = self._bucket.reserve(len(batch.lines))
        self._transport.send(batch, self._operation, body)

    def poll(self, timeout_seconds: float) -> None:
        """Sends the batches that are due and handles responses; waits up to ``timeout_seconds`` for one.

        Raises ``AccessDenied``, ``TableMissing``, ``Throttled``, ``Unreachable`` or ``Refused`` if going on is
        pointless.
        """
        self._send_due()
        for batch, response in self._transport.receive(timeout_seconds):
            self._in_flight_bytes -= batch.size_bytes
            if response.status == 200 and response.body == self._success_body:
                self._on_written(batch, response)
            else:
                self._on_response(batch, response)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._delayed and self._delayed[0][0] <= now:
            self._ready.append(heapq.heappop(self._delayed)[2])
        while (
            self._ready
            and self._transport.in_flight < max(1, self._limit.value)
            and (self._in_flight_bytes < MAX_IN_FLIGHT_BYTES or not self._transport.in_flight)
            and (self._bucket is None or self._bucket.wait_seconds(time.monotonic()) <= 0)
        ):
            self.send(self._ready.popleft())

    # ---- responses

    def _on_written(self, batch: Batch, response: BulkResponse) -> None:
        count = len(batch.lines)
        self._accepted += count
        self._observer.written(batch.unit, count)
        self._limit.on_success(response.seconds)
        self._progress_at = time.monotonic()
        self._finish(batch)

    def _on_response(self, batch: Batch, response: BulkResponse) -> None:
        result = classify(response, self._operation)
        now = time.monotonic()
        category = result.category
        if self._bucket is not None:
            consumed = result.consumed if result.consumed or category == "throttled" else batch.reserved_units
            self._bucket.settle(batch.reserved_units, consumed, len(batch.lines))
            self.consumed += result.consumed
        match category:
            case "written":
                self._on_written(batch, response)
            case "kept":
                self._accepted += 1
                self._progress_at = now
                self._limit.on_success(response.seconds)
                self._observer.kept(batch.unit)
                self._finish(batch)
            case "unprocessed":
                self._on_unprocessed(batch, result, response, now)
            case "throttled":
                self.throttled += 1
                self._limit.on_throttle(now, response.seconds)
                self._retry(batch, result, now)
            case "retry":
                if response.status and self._reject_invalid_lines(batch):
                    return
                self._limit.on_throttle(now, response.seconds)
                self._retry(batch, result, now)
            case "credentials_expired":
                if not self._transport.refresh_credentials():
                    raise AccessDenied(
                        f"the credentials expired while items were being written ({result.reason})",
                        hint=f"sign in again, then run the same command: {_RESUMES}",
                    )
                self._retry(batch, result, now)
            case "rejected":
                self._bisect(batch, result)
            case "fatal":
                raise _fatal_error(result, self._config.table, self._operation)
            case _:
                assert_never(category)

    def _on_unprocessed(
        self, batch: Batch, result: Classification, response: BulkResponse, now: float
    ) -> None:
        remaining = select_unprocessed(batch.lines, result.unprocessed, self._config.keys)
        written = len(batch.lines) - len(remaining)
        self.throttled += 1
        self._limit.on_throttle(now, response.seconds, len(remaining) / len(batch.lines))
        if written:
            self._accepted += written
            self._observer.written(batch.unit, written)
            self._progress_at = now
            batch.attempt = 0
        batch.lines = remaining
        self._retry(batch, result, now)

    def _retry(self, batch: Batch, result: Classification, now: float) -> None:
        if now - self._progress_at > self._config.stall_timeout_seconds:
            raise _stalled_error(result, self._config)
        due = now + backoff_seconds(batch.attempt)
        batch.attempt += 1
        heapq.heappush(self._delayed, (due, next(self._sequence), batch))

    def _finish(self, batch: Batch) -> None:
        if batch.then is not None:
            self._ready.append(batch.then)

    # ---- rejected lines

    def _reject_invalid_lines(self, batch: Batch) -> bool:
        """Some servers answer malformed JSON with a 5xx. True if lines of ours were the cause and are rejected."""
        if batch.lines_checked:
            return False
        batch.lines_checked = True
        valid: list[bytes] = []
        invalid: list[bytes] = []
        for line in batch.lines:
            (valid if is_item(line) else invalid).append(line)
        if not invalid:
            return False
        for line in invalid:
            self._reject(batch.unit, line, NOT_AN_ITEM)
        batch.lines = valid
        if valid:
            self._ready.append(batch)
        else:
            self._finish(batch)
        return True

    def _bisect(self, batch: Batch, result: Classification) -> None:
        """AWS rejects a whole request for one invalid item. Halve the batch until that item is alone."""
        if len(batch.lines) == 1:
            self._reject(batch.unit, batch.lines[0], result.reason)
            self._finish(batch)
            return
        middle = len(batch.lines) // 2
        second_half = Batch(batch.unit, batch.lines[middle:], batch.then)
        self._ready.append(Batch(batch.unit, batch.lines[:middle], second_half))

    def _reject(self, unit: int, line: bytes, reason: str) -> None:
        self._observer.rejected(unit, line, reason)
        self._rejected += 1
        self._progress_at = time.monotonic()
        if self._rejected >= _MAX_REJECTED_WITHOUT_SUCCESS and not self._accepted:
            raise Refused(
                f"the table {self._config.table} rejected all of the first {self._rejected} items",
                hint="compare the keys and indexes of the table with those of the backed-up table; "
                f"the reasons are in {self._config.rejects_dir}",
            )


def _fatal_error(result: Classification, table: str, operation: str) -> DdbBackupError:
    message = f"could not write items to {table}: {result.reason}"
    if result.code == "ResourceNotFoundException":
        return TableMissing(message, hint="check why the table was deleted, then run the restore again")
    if result.code.startswith("AccessDenied"):
        return AccessDenied(
            message, hint=f"allow dynamodb:{operation} on the table, then run the restore again"
        )
    if result.code.startswith(_CREDENTIAL_CODES) or "Signature" in result.code:
        return AccessDenied(
            message, hint=f"check the credentials in use, then run the same command again: {_RESUMES}"
        )
    return Refused(message, hint=f"fix the cause above, then run the same command again: {_RESUMES}")


def _stalled_error(result: Classification, config: WorkerConfig) -> DdbBackupError:
    message = (
        f"no item could be written to {config.table} for {config.stall_timeout_seconds:.0f} s; "
        f"the last response was: {result.reason or 'unprocessed items'}"
    )
    if result.category in ("throttled", "unprocessed"):
        return Throttled(
            message, hint=f"raise the table's write capacity, then run the same command again: {_RESUMES}"
        )
    return Unreachable(message, hint=f"run the same command again when DynamoDB is reachable: {_RESUMES}")
