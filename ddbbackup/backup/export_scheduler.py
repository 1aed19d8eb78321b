"""Starts all exports of a run and waits for their ends, within the quotas and rate limits of AWS.

DynamoDB runs up to 300 exports at a time (DynamoDB guide: Quotas). It throttles after about twenty starts in a row,
and bursts of DescribeExport (both observed on AWS). It lists exports by the names of their tables, so that the
history of one table comes before the newest export of the next (DynamoDB API: ListExports): no call shows many
running ones.

S3 is not so limited, and the last manifest of an export contains its end. An export is therefore described when its
manifest is in the bucket, and otherwise only when its turn comes (decision 20).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from ddbbackup.catalog import Location
from ddbbackup.errors import DdbBackupError, Throttled, TimedOut
from ddbbackup.model.export_pace import PACE, START_BURST, START_SECONDS
from ddbbackup.model.progress import Phase, Progress
from ddbbackup.ports import EXPORTS_IN_FLIGHT, Export, ExportRequest
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import EXPORTS, Permission
from ddbbackup.steps.poll import PollPolicy, poll
from ddbbackup.steps.retry import NO_RETRY, OUTAGE, RetryPolicy, retry

# AWS throttles starts while the quota of the account is used up, for as long as other exports run.
_START: Final = RetryPolicy(
    (Throttled,), first_seconds=2 * START_SECONDS, longest_seconds=120.0, give_up_seconds=None
)
# Small tables finish soon, so the first intervals are short. At the longest, an end is noticed after 12 seconds on
# average (decision 20).
LOOKS: Final = PollPolicy(first_seconds=1.0, growth=1.5, longest_seconds=(20.0, 26.0), retry=NO_RETRY)
# From the last manifest to COMPLETED.
SETTLING: Final = PollPolicy(first_seconds=2.0, growth=2.0, longest_seconds=(20.0, 26.0), retry=NO_RETRY)
# Failed exports have no manifest. So all are described in turn, one in this time: 300 running ones within 15 minutes.
TURN_SECONDS: Final = 3.0

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeExport", "export", ("backup",), EXPORTS),
    Permission("s3:GetObject", "object", ("backup",), EXPORTS),
)


@dataclass(slots=True)
class _Waiting:
    """One running export, and when it was last described (monotonic seconds)."""

    arn: str
    location: Location
    described_at: float


class ExportScheduler:
    """Starts exports at a rate that AWS accepts, and reports the end of each export to its step."""

    def __init__(self, context: RunContext, *, in_flight: int = EXPORTS_IN_FLIGHT) -> None:
        self._context = context
        self._call_aws = AwsCaller(context, context.source)
        self._slots = asyncio.Semaphore(in_flight)
        self._next_start = context.clock.monotonic() - START_BURST * START_SECONDS
        self._running_count = 0
        self._describing = asyncio.Lock()

    # ---- starting ----

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the exports in flight; hold it until the export has ended."""
        async with self._slots:
            yield

    async def turn(self, table: str) -> None:
        """Waits until an export may be started. Only then is its record written: what has not begun has none."""
        self._report(table, "queue", reason=PACE)
        await asyncio.sleep(self._reserve_start())

    async def start(self, request: ExportRequest, *, in_turn: bool = False) -> Export:
        """Starts an export. Waits for its turn, unless it was waited for, and while AWS throttles or the quota of the
        account is used up.

        Raises what ``ports.Exports.start`` raises; ``Throttled`` only at the run's deadline.
        """
        turns = iter((in_turn,))
        return await retry(
            self._context,
            "ExportTableToPointInTime",
            lambda: self._try_to_start(request, in_turn=next(turns, False)),
            _START,
        )

    async def _try_to_start(self, request: ExportRequest, *, in_turn: bool) -> Export:
        if not in_turn:
            await self.turn(request.table_arn.rpartition("/")[2])
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

    # ---- waiting

    async def wait_until_ended(self, export_arn: str, location: Location) -> Export:
        """The export when it is COMPLETED or FAILED. ``location`` is where it writes.

        Raises ``TimedOut`` at the run's deadline, and what describing it raises.
        """
        waiting = _Waiting(export_arn, location, described_at=self._now())
        self._report(location.table, "export")
        with self._counted():
            export = await poll(
                self._context,
                "HeadObject",
                lambda: self._look(waiting),
                until=lambda export: export is not None,
                policy=LOOKS,
                timed_out=lambda _: _timed_out(export_arn),
            )
            if export is not None and export.status != "IN_PROGRESS":
                return export
            return await poll(
                self._context,
                "DescribeExport",
                lambda: self._describe(waiting),
                until=lambda export: export.status != "IN_PROGRESS",
                policy=SETTLING,
                timed_out=lambda _: _timed_out(export_arn),
            )

    async def _look(self, waiting: _Waiting) -> Export | None:
        """The export if S3 shows its last manifest, or if it was described in its turn and has ended."""
        if self._is_over():
            return None
        if await self._shows_manifest(waiting):
            return await self._describe(waiting)
        turn_comes = self._now() - waiting.described_at >= TURN_SECONDS * self._running_count
        if not turn_comes or self._describing.locked():
            return None
        export = await self._describe(waiting)
        return export if export.status != "IN_PROGRESS" else None

    async def _shows_manifest(self, waiting: _Waiting) -> bool:
        """A hint only: if S3 does not answer, the export is found in its turn."""
        location, folder = waiting.location, waiting.location.export_folder(waiting.arn)
        if folder is None:
            return False
        try:
            found = await self._call_aws(
                "HeadObject",
                lambda cloud: cloud.objects.head(
                    folder.bucket, folder.summary_key, owner=location.bucket_owner
                ),
                policy=NO_RETRY,
            )
        except DdbBackupError:
            return False
        return found is not None

    async def _describe(self, waiting: _Waiting) -> Export:
        """One at a time: while AWS throttles, all wait for the one that is retried."""
        async with self._describing:
            waiting.described_at = self._now()
            return await self._call_aws(
                "DescribeExport", lambda cloud: cloud.exports.describe(waiting.arn), policy=OUTAGE
            )

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._running_count += 1
        try:
            yield
        finally:
            self._running_count -= 1

    def _report(self, table: str, phase: Phase, *, reason: str = "") -> None:
        self._context.on_progress(Progress(table, phase, 0, None, "exports", reason=reason))

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
