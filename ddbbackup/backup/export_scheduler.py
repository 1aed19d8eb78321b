"""All exports of a run: at most as many as the quota allows, started and watched at a rate that AWS accepts.

One watch for all exports in flight, because DynamoDB lets 300 exports run at a time (DynamoDB guide: Quotas), answers
about twenty rapid starts before it throttles, and throttles bursts of DescribeExport too (both observed on AWS).
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from ddbbackup.errors import AccessDenied, DdbBackupError, Throttled, TimedOut, Unreachable
from ddbbackup.model.progress import Progress
from ddbbackup.ports import EXPORTS_IN_FLIGHT, Export, ExportPage, ExportRequest
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.retry import OUTAGE, RetryPolicy, announce_retry, jittered

T = TypeVar("T")

START_BURST: Final = 12
START_SECONDS: Final = 1.5
SWEEP_SECONDS: Final = (
    22.0,
    28.0,
)  # from one look at an export to the next: its end is known half of it later
FIRST_SWEEP_SECONDS: Final = 1.0  # small tables need not wait long; from then on ever longer
_LONGEST_START_PAUSE_SECONDS: Final = 120.0

PERMISSIONS: Final = (
    Permission("dynamodb:ListExports", "everything", ("backup",)),
    Permission("dynamodb:DescribeExport", "export", ("backup",)),
)


class ExportScheduler:
    """Starts exports at a pace that AWS accepts and tells each step when its export has ended."""

    def __init__(
        self,
        context: RunContext,
        *,
        in_flight: int = EXPORTS_IN_FLIGHT,
        sweep_seconds: tuple[float, float] = SWEEP_SECONDS,
        retry: RetryPolicy = OUTAGE,
    ) -> None:
        self._context = context
        self._ask = AwsCaller(context, context.source)
        self._retry = retry
        self._slots = asyncio.Semaphore(in_flight)
        self._sweep_seconds = sweep_seconds
        self._ended_count = 0
        self._next_start = context.clock.monotonic() - START_BURST * START_SECONDS
        self._waiting: dict[str, asyncio.Future[Export]] = {}
        self._watch_task: asyncio.Task[None] | None = None
        self._may_list = True
        self._pages = 1

    # ---- starting ----

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A place among the exports in flight, held until the export has ended."""
        async with self._slots:
            yield

    async def start(self, request: ExportRequest) -> Export:
        """Starts an export, waiting while AWS throttles or the account's quota is full.

        Raises what ``ports.Exports.start`` raises, but ``Throttled`` only when the run's deadline is over.
        """
        attempts = 0
        while True:
            await asyncio.sleep(self._seconds_to_start())
            try:
                return await self._context.call(self._context.source.exports.start, request)
            except Throttled as error:
                attempts += 1
                delay = jittered(min(_LONGEST_START_PAUSE_SECONDS, START_SECONDS * 2**attempts))
                self._next_start = max(self._next_start, self._now()) + delay
                if self._over():
                    raise
                announce_retry("ExportTableToPointInTime", error, delay)

    def _seconds_to_start(self) -> float:
        """Seconds until this start may go: a bucket of ``START_BURST``, refilled every ``START_SECONDS``."""
        now = self._now()
        self._next_start = max(self._next_start, now - START_BURST * START_SECONDS) + START_SECONDS
        return max(0.0, self._next_start - now)

    # ---- waiting ----

    async def ended(self, export_arn: str) -> Export:
        """The export once AWS reports it COMPLETED or FAILED. Raises ``TimedOut`` at the run's deadline."""
        future = self._waiting.get(export_arn)
        if future is None:
            future = self._waiting[export_arn] = asyncio.get_running_loop().create_future()
        if self._watch_task is None or self._watch_task.done():
            self._watch_task = asyncio.create_task(
                self._watch(),
                name="watch exports",
                context=contextvars.Context(),  # it belongs to no single step
            )
        return await asyncio.shield(future)

    async def _watch(self) -> None:
        """Sweeps over everything in flight until nothing is; whatever goes wrong is for those who wait."""
        try:
            pause = FIRST_SWEEP_SECONDS
            begun = self._now()
            while self._waiting:
                seconds = min(pause, random.uniform(*self._sweep_seconds))  # noqa: S311 - jitter, not a secret
                pause *= 1.5
                await self._sleep(begun + seconds - self._now())
                begun = self._now()
                try:
                    await self._sweep()
                except (Throttled, Unreachable) as error:
                    self._give_up(error)
                self._report_progress()
                if self._over():
                    self._time_out()
        except Exception as error:  # noqa: BLE001 - nobody awaits this task; those who wait for exports are told
            self._give_up(error)

    async def _sweep(self) -> None:
        """Settles every export that has ended, by whichever of the two calls needs fewer requests."""
        if self._may_list and len(self._waiting) > max(3, self._pages):
            try:
                await self._sweep_by_list()
                return
            except AccessDenied:
                self._may_list = False
        for arn in list(self._waiting):
            await self._settle(arn)

    async def _sweep_by_list(self) -> None:
        """Settles what ListExports shows as ended, or no longer shows. It lists newest first, 25 a page."""
        unseen, token, pages = set(self._waiting), None, 0
        while unseen and not self._over():
            page = await self._page(token)
            pages += 1
            for summary in page.summaries:
                if summary.arn in unseen:
                    unseen.discard(summary.arn)
                    if summary.status != "IN_PROGRESS":
                        await self._settle(summary.arn)
            token = page.next_token
            if token is None:
                break
        self._pages = max(1, pages)
        for arn in () if self._over() else unseen:
            await self._settle(arn)

    async def _page(self, token: str | None) -> ExportPage:
        return await self._ask(
            "ListExports", lambda cloud: cloud.exports.page(next_token=token), policy=self._retry
        )

    async def _settle(self, arn: str) -> None:
        try:
            export = await self._ask(
                "DescribeExport", lambda cloud: cloud.exports.describe(arn), policy=self._retry
            )
        except (Throttled, Unreachable):
            raise
        except DdbBackupError as error:
            self._fail(arn, error)
            return
        if export.status != "IN_PROGRESS":
            self._ended_count += 1
            future = self._waiting.pop(arn)
            if not future.done():
                future.set_result(export)

    def _fail(self, arn: str, error: Exception) -> None:
        future = self._waiting.pop(arn)
        if not future.done():
            future.set_exception(error)

    def _report_progress(self) -> None:
        total = self._ended_count + len(self._waiting)
        self._context.on_progress(Progress("", "export", done=self._ended_count, total=total, unit="exports"))

    async def _sleep(self, seconds: float) -> None:
        """Never beyond the deadline, at which there is something to say."""
        if self._context.deadline is not None:
            seconds = min(seconds, self._context.deadline - self._now())
        await asyncio.sleep(max(0.0, seconds))

    def _now(self) -> float:
        return self._context.clock.monotonic()

    def _over(self) -> bool:
        return self._context.deadline is not None and self._now() >= self._context.deadline

    def _give_up(self, error: Exception) -> None:
        for arn in list(self._waiting):
            self._fail(arn, error)

    def _time_out(self) -> None:
        for arn in list(self._waiting):
            error = TimedOut(
                f"the export {arn} is still running after --timeout",
                hint="run `ddbbackup wait` later: it continues with this export and starts no other",
            )
            self._fail(arn, error)


def scheduler_of(context: RunContext) -> ExportScheduler:
    """The one scheduler of a run."""
    return context.once.shared(ExportScheduler, lambda: ExportScheduler(context))
