"""The one place through which all exports of a run go: slots, pace, and one watch for all that are in flight.

Why one: DynamoDB lets 300 exports run at a time (DynamoDB guide: Quotas), answers about twenty rapid starts
before it throttles, and throttles bursts of DescribeExport too (both observed on AWS).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Final

from ddbbackup.clock import Clock
from ddbbackup.errors import AccessDenied, DdbBackupError, Throttled, TimedOut, Unreachable
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import Export, ExportPage, ExportRequest, Exports
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.rate_limits import RateLimits
from ddbbackup.steps.step import Calls, Wait

IN_FLIGHT = 300
START_BURST = 12
START_SECONDS = 1.5
SWEEP_SECONDS = (22.0, 28.0)  # from one look at an export to the next: its end is known half of it later
FIRST_SWEEP_SECONDS = 1.0  # small tables need not wait long; from then on ever longer
PATIENCE_SECONDS = 900.0  # how long AWS may be unreachable before the waiting steps are told so

Pending = Generator[Wait | Future[Any], Any, Any]

PERMISSIONS: Final = (
    Permission("dynamodb:ListExports", "everything", ("backup",)),
    Permission("dynamodb:DescribeExport", "export", ("backup",)),
)


class ExportScheduler:
    """Starts exports at a pace that AWS accepts and tells each step when its export has ended."""

    def __init__(
        self,
        exports: Exports,
        clock: Clock,
        calls: Calls,
        *,
        in_flight: int = IN_FLIGHT,
        sweep_seconds: tuple[float, float] = SWEEP_SECONDS,
        deadline: float | None = None,
        seed: int | None = None,
        on_progress: OnProgress = lambda progress: None,
    ) -> None:
        self._exports = exports
        self._clock = clock
        self._calls = calls
        self._free = in_flight
        self._queue: deque[Future[None]] = deque()
        self._sweep_seconds = sweep_seconds
        self._deadline = deadline
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._on_progress = on_progress
        self._ended = 0
        self._next_start = clock.monotonic() - START_BURST * START_SECONDS
        self._waiting: dict[str, Future[Export]] = {}
        self._news: Future[None] | None = None
        self._pace = RateLimits()
        self._may_list = True
        self._pages = 1

    # ---- starting ----

    def slot(self) -> Future[None]:
        """Ends when fewer than the quota are in flight; give it back with ``release``."""
        turn: Future[None] = Future()
        if self._free > 0:
            self._free -= 1
            turn.set_result(None)
        else:
            self._queue.append(turn)
        return turn

    def release(self) -> None:
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self._free += 1

    def start(self, request: ExportRequest) -> Pending:
        """Starts an export, waiting out throttling and full quotas. Returns the ``Export``.

        Raises what ``Exports.start`` raises, but ``Throttled`` only when the run's deadline is over.
        """
        tries = 0
        while True:
            yield Wait(self._turn())
            try:
                return (yield self._calls.call(lambda: self._exports.start(request)))
            except Throttled:
                tries += 1
                delay = self._random.uniform(0.5, 1.0) * min(120.0, START_SECONDS * 2**tries)
                self._next_start = max(self._next_start, self._clock.monotonic()) + delay
                if self._over():
                    raise

    def _turn(self) -> float:
        """Seconds until this start may go: a bucket of ``START_BURST``, refilled every ``START_SECONDS``."""
        now = self._clock.monotonic()
        self._next_start = max(self._next_start, now - START_BURST * START_SECONDS) + START_SECONDS
        return max(0.0, self._next_start - now)

    # ---- waiting ----

    def ended(self, export_arn: str) -> Future[Export]:
        """Ends with the export once AWS reports it COMPLETED or FAILED."""
        future = self._waiting.get(export_arn)
        if future is None:
            future = self._waiting[export_arn] = Future()
            if self._news is not None:
                news, self._news = self._news, None
                news.set_result(None)
        return future

    def watch(self) -> Pending:
        """The background task: sweeps over everything in flight until the executor closes it."""
        pace = FIRST_SWEEP_SECONDS
        begun = self._clock.monotonic()
        while True:
            if not self._waiting:
                self._news = Future()
                yield self._news
                pace, begun = FIRST_SWEEP_SECONDS, self._clock.monotonic()
            pause = min(pace, self._random.uniform(*self._sweep_seconds))
            pace *= 1.5
            yield self._pause(begun + pause - self._clock.monotonic())
            begun = self._clock.monotonic()
            try:
                yield from self._sweep()
            except (Throttled, Unreachable) as error:
                self._give_up(error)
            waiting = len(self._waiting)
            self._on_progress(
                Progress("", "export", done=self._ended, total=self._ended + waiting, unit="exports")
            )
            if self._over():
                self._time_out()

    def _sweep(self) -> Pending:
        """Settles every export that has ended, by whichever of the two calls needs fewer requests."""
        if self._may_list and len(self._waiting) > max(3, self._pages):
            try:
                yield from self._sweep_by_list()
                return
            except AccessDenied:
                self._may_list = False
        for arn in list(self._waiting):
            yield from self._settle(arn)

    def _sweep_by_list(self) -> Pending:
        """Settles what ListExports shows as ended, or no longer shows. It lists newest first, 25 a page."""
        unseen, token, pages = set(self._waiting), None, 0
        while unseen and not self._over():
            page: ExportPage = yield from self._ask(
                "ListExports",
                lambda t=token: self._exports.page(next_token=t),  # type: ignore[misc]
            )
            pages += 1
            for summary in page.summaries:
                if summary.arn in unseen:
                    unseen.discard(summary.arn)
                    if summary.status != "IN_PROGRESS":
                        yield from self._settle(summary.arn)
            token = page.next_token
            if token is None:
                break
        self._pages = max(1, pages)
        for arn in () if self._over() else unseen:
            yield from self._settle(arn)

    def _settle(self, arn: str) -> Pending:
        try:
            export: Export = yield from self._ask("DescribeExport", lambda: self._exports.describe(arn))
        except (Throttled, Unreachable):
            raise
        except DdbBackupError as error:
            self._waiting.pop(arn).set_exception(error)
            return
        if export.status != "IN_PROGRESS":
            self._ended += 1
            self._waiting.pop(arn).set_result(export)

    def _ask(self, operation: str, work: Callable[[], Any]) -> Pending:
        """The answer of ``work``, which gets its turn and goes on trying while AWS slows it down or is away.

        Raises ``Throttled`` or ``Unreachable`` when patience or the time of the run is over.
        """
        since = self._clock.monotonic()
        tries = 0
        while True:
            turn = self._pace.turn(operation, self._clock.monotonic())
            if turn > 0:
                yield self._pause(turn)
            try:
                return (yield self._calls.call(work))
            except (Throttled, Unreachable):
                if self._clock.monotonic() - since > PATIENCE_SECONDS or self._over():
                    raise
                tries += 1
                yield self._pause(self._random.uniform(0.5, 1.0) * min(120.0, 2.0**tries))

    def _pause(self, seconds: float) -> Wait:
        """Never beyond the deadline, at which there is something to say."""
        if self._deadline is not None:
            seconds = min(seconds, self._deadline - self._clock.monotonic())
        return Wait(max(0.0, seconds))

    def _over(self) -> bool:
        return self._deadline is not None and self._clock.monotonic() >= self._deadline

    def _give_up(self, error: DdbBackupError) -> None:
        while self._waiting:
            self._waiting.popitem()[1].set_exception(error)

    def _time_out(self) -> None:
        while self._waiting:
            arn, future = self._waiting.popitem()
            future.set_exception(
                TimedOut(
                    f"the export {arn} is still running though the time to wait for it is over",
                    hint="run `ddbbackup wait` later: it takes the export up and starts no other",
                )
            )
