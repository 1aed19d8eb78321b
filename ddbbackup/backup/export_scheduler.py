"""Starts and polls all exports of a run within the quotas and rate limits of AWS.

DynamoDB runs up to 300 exports at a time (DynamoDB guide: Quotas). It throttles after about twenty starts in a row,
and it throttles bursts of DescribeExport (both observed on AWS). One poll therefore serves all running exports.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from ddbbackup.errors import AccessDenied, DdbBackupError, Throttled, TimedOut, Unreachable
from ddbbackup.model.progress import Progress
from ddbbackup.ports import EXPORTS_IN_FLIGHT, Export, ExportRequest
from ddbbackup.steps.aws_caller import AwsCaller, read_pages
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.poll import PollPolicy, poll
from ddbbackup.steps.retry import NO_RETRY, OUTAGE, RetryPolicy, retry

START_BURST: Final = 12
START_SECONDS: Final = 1.5

# AWS throttles starts while the quota of the account is used up, for as long as other exports run.
_START: Final = RetryPolicy(
    (Throttled,), first_seconds=2 * START_SECONDS, longest_seconds=120.0, give_up_seconds=None
)
# Small tables finish soon, so the first interval is short. At the longest, an end is noticed after 12 seconds on
# average (decision 11). Calls of a sweep are retried one by one.
SWEEPS: Final = PollPolicy(first_seconds=1.0, growth=1.5, longest_seconds=(22.0, 28.0), retry=NO_RETRY)

PERMISSIONS: Final = (
    Permission("dynamodb:ListExports", "everything", ("backup",)),
    Permission("dynamodb:DescribeExport", "export", ("backup",)),
)


class ExportScheduler:
    """Starts exports at a rate that AWS accepts, and reports the end of each export to its step."""

    def __init__(
        self,
        context: RunContext,
        *,
        in_flight: int = EXPORTS_IN_FLIGHT,
        sweeps: PollPolicy = SWEEPS,
        retry: RetryPolicy = OUTAGE,
    ) -> None:
        self._context = context
        self._call_aws = AwsCaller(context, context.source)
        self._retry = retry
        self._slots = asyncio.Semaphore(in_flight)
        self._sweeps = sweeps
        self._ended_count = 0
        self._next_start = context.clock.monotonic() - START_BURST * START_SECONDS
        self._running: dict[str, asyncio.Future[Export]] = {}
        self._watch_task: asyncio.Task[None] | None = None
        self._may_list = True
        self._page_count = 1

    # ---- starting ----

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the exports in flight; hold it until the export has ended."""
        async with self._slots:
            yield

    async def start(self, request: ExportRequest) -> Export:
        """Starts an export. Waits while AWS throttles or the quota of the account is used up.

        Raises what ``ports.Exports.start`` raises; ``Throttled`` only at the run's deadline.
        """
        return await retry(
            self._context, "ExportTableToPointInTime", lambda: self._try_to_start(request), _START
        )

    async def _try_to_start(self, request: ExportRequest) -> Export:
        await asyncio.sleep(self._reserve_start())
        try:
            return await self._context.call(self._context.source.exports.start, request)
        except Throttled:
            self._next_start = max(self._next_start, self._now()) + 2 * START_SECONDS  # slow down all steps
            raise

    def _reserve_start(self) -> float:
        """Seconds to wait before a start: a bucket of ``START_BURST`` tokens, one more every ``START_SECONDS``."""
        now = self._now()
        self._next_start = max(self._next_start, now - START_BURST * START_SECONDS) + START_SECONDS
        return max(0.0, self._next_start - now)

    # ---- waiting ----

    async def wait_until_ended(self, export_arn: str) -> Export:
        """The export when it is COMPLETED or FAILED. Raises ``TimedOut`` at the run's deadline."""
        future = self._running.get(export_arn)
        if future is None:
            future = self._running[export_arn] = asyncio.get_running_loop().create_future()
        if self._watch_task is None or self._watch_task.done():
            self._watch_task = asyncio.create_task(
                self._watch(),
                name="watch exports",
                context=contextvars.Context(),  # its log lines belong to no single step
            )
        return await asyncio.shield(future)

    async def _watch(self) -> None:
        """Sweeps until no export is running. Errors are passed to the steps that wait."""
        try:
            await poll(
                self._context,
                "DescribeExport",
                self._sweep,
                until=lambda running: not running,
                policy=self._sweeps,
                timed_out=lambda running: _timed_out(", ".join(running)),
            )
        except TimedOut:
            for arn in list(self._running):
                self._fail(arn, _timed_out(arn))
        except Exception as error:  # noqa: BLE001 - nobody awaits this task; the steps get the error
            for arn in list(self._running):
                self._fail(arn, error)

    async def _sweep(self) -> tuple[str, ...]:
        """Settles every export that has ended and returns the ARNs of those that still run."""
        if self._may_list and len(self._running) > max(3, self._page_count):  # listing needs fewer calls
            try:
                await self._sweep_by_list()
            except AccessDenied:
                self._may_list = False
                await self._settle_all(self._running)
        else:
            await self._settle_all(self._running)
        total = self._ended_count + len(self._running)
        self._context.on_progress(Progress("", "export", done=self._ended_count, total=total, unit="exports"))
        return tuple(self._running)

    async def _sweep_by_list(self) -> None:
        """Settles what ListExports shows as ended, or does not show. It lists newest first, 25 per page."""
        unseen, page_count = set(self._running), 0
        pages = read_pages(
            self._call_aws,
            "ListExports",
            lambda cloud, token: cloud.exports.page(next_token=token),
            policy=self._retry,
        )
        async for page in pages:
            page_count += 1
            shown = {summary.arn: summary.status for summary in page.summaries if summary.arn in unseen}
            unseen -= shown.keys()
            await self._settle_all([arn for arn, status in shown.items() if status != "IN_PROGRESS"])
            if not unseen or self._is_over():
                break
        self._page_count = max(1, page_count)
        await self._settle_all(unseen)

    async def _settle_all(self, arns: Iterable[str]) -> None:
        for arn in list(arns):
            if self._is_over():
                return
            await self._settle(arn)

    async def _settle(self, arn: str) -> None:
        """Describes one export and, if it has ended, passes it to the step that waits."""
        try:
            export = await self._call_aws(
                "DescribeExport", lambda cloud: cloud.exports.describe(arn), policy=self._retry
            )
        except (Throttled, Unreachable):
            raise
        except DdbBackupError as error:
            self._fail(arn, error)
            return
        if export.status != "IN_PROGRESS":
            self._ended_count += 1
            future = self._running.pop(arn)
            if not future.done():
                future.set_result(export)

    def _fail(self, arn: str, error: Exception) -> None:
        future = self._running.pop(arn)
        if not future.done():
            future.set_exception(error)

    def _now(self) -> float:
        return self._context.clock.monotonic()

    def _is_over(self) -> bool:
        return self._context.deadline is not None and self._now() >= self._context.deadline


def _timed_out(export_arn: str) -> TimedOut:
    return TimedOut(
        f"the export {export_arn} is still running after --timeout",
        hint="run `ddbbackup wait` later: it continues with this export and does not start another",
    )


def scheduler_of(context: RunContext) -> ExportScheduler:
    """The scheduler that all steps of the run share."""
    return context.once.shared(ExportScheduler, lambda: ExportScheduler(context))
