"""What becomes of a run besides its report: those whom the plan names are told, and its numbers are written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final

import structlog

from ddbbackup import events
from ddbbackup.cli.exit_status import code_of
from ddbbackup.clock import Clock
from ddbbackup.errors import DdbBackupError
from ddbbackup.plan.model import Plan, TableEntry

if TYPE_CHECKING:
    from ddbbackup.model.report import Report
    from ddbbackup.status.table_status import TableStatus
    from ddbbackup.steps.context import RunContext

log = structlog.get_logger()

INTERRUPTED_SECONDS: Final = 2.0  # for all that is told by a run that was asked to stop
METRIC_VERBS: Final = ("backup", "wait")


class RunHooks:
    """Used as a context around the whole run. Nothing that goes wrong here changes how the run ends."""

    def __init__(self, plan: Plan, *, verb: str, run: str, clock: Clock, started_at: datetime) -> None:
        self._plan, self._verb, self._run = plan, verb, run
        self._clock, self._started_at = clock, started_at
        self._notifications = [each for each in plan.notifications if verb in each.verbs]
        self._measures = bool(plan.metrics) and verb in METRIC_VERBS
        self._context: RunContext | None = None
        self._chosen: Mapping[str, TableEntry] = {}
        self._before: list[TableStatus] = []
        self._report: Report | None = None
        self._exit_code = 0
        self._after: list[TableStatus] = []
        self._settle: Callable[[], None] | None = None
        self.step_ends: dict[str, datetime] = {}

    @property
    def _follows_tables(self) -> bool:
        looks = any(set(each.when) & {"stale", "recovered"} for each in self._notifications)
        return self._measures or looks

    def connected(self, context: RunContext) -> None:
        self._context = context

    async def follow(self, choose: Callable[[], Awaitable[Mapping[str, TableEntry]]]) -> None:
        """Chooses all tables of the plan, whatever ``--only`` says, if anybody wants to know of them.

        How they stand now is what they may recover from.
        """
        if not self._follows_tables:
            return
        try:
            self._chosen = await choose()
        except DdbBackupError as error:
            reason = f"the tables could not be looked at: {error.message}"
            log.warning(events.NOTIFICATION_FAILED, reason=reason)
            return
        if any("recovered" in each.when for each in self._notifications):
            self._before = await asyncio.to_thread(self._standings)

    def ended(
        self, *, report: Report | None = None, exit_code: int = 0, tables: Sequence[TableStatus] = ()
    ) -> None:
        """``tables``: how they stand, where the verb has looked itself."""
        self._report, self._after = report, list(tables)
        self._exit_code = report.exit_code if report is not None else exit_code

    def __enter__(self) -> RunHooks:
        if self._notifications:
            from ddbbackup.notify import announce  # noqa: PLC0415 - only plans with notifications need it

            self._settle = announce(self._notifications, verb=self._verb, run=self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not (self._notifications or self._measures):
            return
        try:
            self._tell(error)
        except Exception as bug:  # noqa: BLE001 - whatever it is, the run ended as it did
            log.warning(events.NOTIFICATION_FAILED, reason=f"a bug in ddbbackup: {type(bug).__name__}")

    def _tell(self, error: BaseException | None) -> None:
        from ddbbackup.metrics import record  # noqa: PLC0415 - only plans that say so need it
        from ddbbackup.notify import conditions, deliver  # noqa: PLC0415 - as above
        from ddbbackup.report.run_summary import RunSummary  # noqa: PLC0415 - as above

        interrupted = error is not None and not isinstance(error, Exception)
        after = self._standings() if self._chosen and not interrupted else self._after
        exit_code = code_of(error) if error is not None else self._exit_code
        # `wait` found nothing in progress: how the tables stand is for `backup` and `status` to tell and to count.
        idle = error is None and self._report is not None and not self._report.outcomes
        news = RunSummary(
            plan=self._plan.name,
            verb=self._verb,
            run=self._run,
            started_at=self._started_at,
            ended_at=self._clock.now(),
            exit_code=exit_code,
            conditions=frozenset(("always",)) if idle else conditions(exit_code, self._before, after),
            report=self._report,
            error=error if isinstance(error, DdbBackupError) else None,
            tables=tuple(after),
            step_ends=self.step_ends,
        )
        if self._measures and not interrupted and not idle:
            record(self._plan.metrics, news, os.environ)
        if self._settle is not None and not interrupted:
            self._settle()
        topics = self._context.source.topics if self._context is not None else None
        deliver(
            self._notifications, news, topics, at_most_seconds=INTERRUPTED_SECONDS if interrupted else None
        )

    def _standings(self) -> list[TableStatus]:
        """None where they cannot be read: the run itself says why."""
        from ddbbackup.status.table_status import table_statuses  # noqa: PLC0415 - as above

        if self._context is None:
            return []
        try:
            return table_statuses(self._context, self._chosen)
        except DdbBackupError:
            return []
