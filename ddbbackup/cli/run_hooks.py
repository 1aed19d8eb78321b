"""Sends the notifications of a run and writes its metrics."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final

import structlog

from ddbbackup import events
from ddbbackup.cli.exit_status import error_of, exit_code_of
from ddbbackup.cli.verbs import VERBS
from ddbbackup.clock import Clock
from ddbbackup.errors import DdbBackupError
from ddbbackup.plan.model import Plan, TableEntry
from ddbbackup.tls_trust import find_ca_bundle

if TYPE_CHECKING:
    from ddbbackup.http_client import HttpClient
    from ddbbackup.model.report import Report
    from ddbbackup.model.table_status import TableStatus
    from ddbbackup.steps.context import RunContext
    from ddbbackup.tls_trust import CaBundle

log = structlog.get_logger()

INTERRUPTED_SECONDS: Final = 2.0  # the time limit for all notifications of an interrupted run


class RunHooks:
    """A context manager around a run. An error in here is logged and never changes the result of the run."""

    def __init__(self, plan: Plan, *, verb: str, run: str, clock: Clock, started_at: datetime) -> None:
        self._plan, self._verb, self._run = plan, verb, run
        self._clock, self._started_at = clock, started_at
        self._notifications = [each for each in plan.notifications if verb in each.verbs]
        self._writes_metrics = bool(plan.metrics) and VERBS[verb].writes_metrics
        self._context: RunContext | None = None
        self._tables: Mapping[str, TableEntry] = {}
        self._before: list[TableStatus] = []
        self._report: Report | None = None
        self._exit_code = 0
        self._after: list[TableStatus] = []
        self._settle: Callable[[], None] | None = None
        self.step_ends: dict[str, datetime] = {}

    @property
    def needs_all_tables(self) -> bool:
        """Whether a notification or a metric is about all tables of the plan, whatever ``--only`` selects."""
        by_status = any(set(each.when) & {"stale", "recovered"} for each in self._notifications)
        return self._writes_metrics or by_status

    def connected(self, context: RunContext) -> None:
        self._context = context

    async def follow(self, select_tables: Callable[[], Awaitable[Mapping[str, TableEntry]]]) -> None:
        """Reads the status of all tables of the plan before the run, if a notification or a metric needs it.

        ``select_tables`` ignores ``--only``: alerts are about the whole plan.
        """
        if not self.needs_all_tables:
            return
        try:
            self._tables = await select_tables()
        except DdbBackupError as error:
            reason = f"could not read the status of the tables: {error.message}"
            log.warning(events.NOTIFICATION_FAILED, reason=reason)
            return
        if any("recovered" in each.when for each in self._notifications):
            self._before = await asyncio.to_thread(self._table_statuses)

    def ended(
        self, *, report: Report | None = None, exit_code: int = 0, tables: Sequence[TableStatus] = ()
    ) -> None:
        """``tables``: their status after the run, if the verb has read it."""
        self._report, self._after = report, list(tables)
        self._exit_code = report.exit_code if report is not None else exit_code

    def __enter__(self) -> RunHooks:
        if self._notifications:
            from ddbbackup.notify import announce  # noqa: PLC0415 - only plans with notifications need it

            self._settle = announce(
                self._notifications, verb=self._verb, run=self._run, http=self._http_client()
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not (self._notifications or self._writes_metrics):
            return
        try:
            self._send(error)
        except Exception as bug:  # noqa: BLE001 - a bug in here must not change the result of the run
            log.warning(events.NOTIFICATION_FAILED, reason=f"unexpected error: {type(bug).__name__}")

    def _send(self, error: BaseException | None) -> None:
        from ddbbackup.metrics import record  # noqa: PLC0415 - only plans with metrics or notifications need it
        from ddbbackup.notify import conditions, deliver  # noqa: PLC0415 - as above
        from ddbbackup.report.run_summary import RunSummary  # noqa: PLC0415 - as above

        interrupted = error is not None and not isinstance(error, Exception)
        after = self._table_statuses() if self._tables and not interrupted else self._after
        exit_code = exit_code_of(error) if error is not None else self._exit_code
        identity = self._context.source.identity if self._context is not None else None
        # If `wait` found nothing in progress, the status of the tables is left to `backup` and `status`.
        idle = error is None and self._report is not None and not self._report.outcomes
        summary = RunSummary(
            plan=self._plan.name,
            verb=self._verb,
            run=self._run,
            started_at=self._started_at,
            ended_at=self._clock.now(),
            exit_code=exit_code,
            account=identity.account if identity is not None else self._plan.aws.account,
            region=identity.region if identity is not None else self._plan.aws.region,
            conditions=frozenset(("always",)) if idle else conditions(exit_code, self._before, after),
            report=self._report,
            error=error_of(error) if isinstance(error, Exception) else None,
            tables=tuple(after),
            step_ends=self.step_ends,
        )
        if self._writes_metrics and not interrupted and not idle:
            record(self._plan.metrics, summary, os.environ, http=self._http_client())
        if self._settle is not None and not interrupted:
            self._settle()
        topics = self._context.source.topics if self._context is not None else None
        deliver(
            self._notifications,
            summary,
            topics,
            at_most_seconds=INTERRUPTED_SECONDS if interrupted else None,
            http=self._http_client(),
        )

    def _http_client(self) -> HttpClient:
        """Trusts what the SDK trusts: the profile may name certificates."""
        from ddbbackup.aws.session import Connection  # noqa: PLC0415 - only plans with receivers need it
        from ddbbackup.http_client import HttpClient  # noqa: PLC0415 - as above

        def ca_bundle() -> CaBundle | None:
            try:
                return Connection(profile=self._plan.aws.profile).ca_bundle()
            except Exception:  # noqa: BLE001 - the run itself reports what is wrong with the profile
                return find_ca_bundle(os.environ)

        return HttpClient(ca_bundle)

    def _table_statuses(self) -> list[TableStatus]:
        """Empty if they cannot be read: the run itself reports the error, and notifications are sent without them."""
        from ddbbackup.status.table_status import read_table_statuses  # noqa: PLC0415 - as above

        if self._context is None:
            return []
        try:
            return read_table_statuses(self._context, self._tables)
        except Exception:  # noqa: BLE001 - whatever it is, notifications are sent
            return []
