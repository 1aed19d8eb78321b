"""Wires one run together: plan, log, AWS, executor; and takes it apart again, also when it is interrupted."""

from __future__ import annotations

import os
import threading
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from ddbbackup import __version__, events
from ddbbackup.aws import AwsCloud, Connection, connect
from ddbbackup.aws.items import BulkAccess
from ddbbackup.backup.export_scheduler import ExportScheduler
from ddbbackup.bulk import write_items
from ddbbackup.bulk.model import WriteJob, WriteResult
from ddbbackup.catalog import Catalog
from ddbbackup.cli import logs
from ddbbackup.cli.progress_display import showing
from ddbbackup.cli.run_hooks import RunHooks
from ddbbackup.cli.run_id import choose_run_id
from ddbbackup.clock import SystemClock
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.progress import OnProgress
from ddbbackup.model.report import Report
from ddbbackup.plan import load
from ddbbackup.plan.model import AwsSettings, Plan
from ddbbackup.plan.selection import Inventory
from ddbbackup.ports import Cloud
from ddbbackup.pricing.prices import Prices, load_prices, packaged
from ddbbackup.steps.context import RunContext, WriteItems
from ddbbackup.steps.executor import Executor, Threads
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.step import Step

STOP_SECONDS: Final = 2.0  # what an interrupted run gives its workers to leave
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """One run of one verb, with everything that its steps may use."""

    verb: str
    context: RunContext
    run_hooks: RunHooks

    @property
    def plan(self) -> Plan:
        return self.context.plan

    def inventory(self) -> Inventory:
        """What exists, as far as the plan's selectors need to know."""
        return take_inventory(self.plan, self.context.source, self.context.clock)

    def carry_out(self, steps: Sequence[Step]) -> Report:
        """Executes the steps and sums them up."""
        context = self.context
        ends = self.run_hooks.step_ends

        def note(outcome: Outcome) -> None:
            ends[outcome.step] = context.clock.now()

        executor = Executor(context.clock, on_outcome=note)
        outcomes = executor.run(steps, context, background=(context.desk.watch(),))
        report = Report(
            self.verb,
            context.run_id,
            context.plan.name,
            context.started_at,
            context.clock.now(),
            tuple(outcomes),
        )
        log.info(
            events.RUN_COMPLETED,
            verb=self.verb,
            exit_code=report.exit_code,
            seconds=round((report.ended_at - report.started_at).total_seconds(), 3),
            done=sum(o.error is None for o in outcomes),
            failed=sum(o.error is not None for o in outcomes),
        )
        self.run_hooks.ended(report=report)
        return report


@contextmanager
def running(options: Namespace, *, wait: bool = True) -> Iterator[Running]:
    """Opens the plan of ``options`` and connects to AWS.

    Raises ``PlanInvalid``, ``AccessDenied`` (no credentials, or another account than the plan's) and
    ``Unreachable``.
    """
    plan = load(options.file, os.environ)
    clock = SystemClock()
    started_at = clock.now()
    run = choose_run_id(options.__dict__.get("run_id"), os.environ, started_at)
    logs.configure(options.log_format, run=run, plan=plan.name)
    log.info(events.RUN_STARTED, verb=options.verb, version=__version__)
    with (
        RunHooks(plan, verb=options.verb, run=run, clock=clock, started_at=started_at) as run_hooks,
        _connected(options, plan, run=run, clock=clock, started_at=started_at, wait=wait) as context,
    ):
        run_hooks.connected(context)
        yield Running(options.verb, context, run_hooks)


@contextmanager
def _connected(
    options: Namespace, plan: Plan, *, run: str, clock: SystemClock, started_at: datetime, wait: bool
) -> Iterator[RunContext]:
    connection = connection_of(plan.aws)
    cloud = connect(connection)
    identity = cloud.identity
    log.info(
        events.PLAN_RESOLVED,
        account=identity.account,
        region=identity.region,
        entries=len(plan.tables),
        restores=len(plan.restores),
    )
    timeout = options.__dict__.get("timeout")
    deadline = clock.monotonic() + timeout if timeout else None
    calls, stop = Threads(), threading.Event()
    with showing(options.log_format) as on_progress:
        context = RunContext(
            plan=plan,
            run_id=run,
            started_at=started_at,
            clock=clock,
            calls=calls,
            source=cloud,
            catalog=Catalog(cloud.objects, plan=plan.name),
            desk=ExportScheduler(cloud.exports, clock, calls, deadline=deadline, on_progress=on_progress),
            write_items=_bind_writer(on_progress, stop),
            on_progress=on_progress,
            stop=stop,
            state_dir=state_dir(),
            wait=wait,
            deadline=deadline,
            prices=_prices(options),
        )
        try:
            yield context
        except BaseException:
            stop.set()
            calls.close(wait_seconds=STOP_SECONDS)
            raise
        calls.close()


def _prices(options: Namespace) -> Prices:
    """Those that ``--prices`` or the environment names, for verbs that estimate."""
    if "prices" not in options.__dict__:
        return packaged()
    return load_prices(options.prices or os.environ.get("DDBBACKUP_PRICES"))


def state_dir() -> Path:
    """Where this machine remembers how far a restore came: ``$DDBBACKUP_STATE_DIR``, else XDG's place for it."""
    if own := os.environ.get("DDBBACKUP_STATE_DIR"):
        return Path(own)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "ddbbackup"


def connection_of(aws: AwsSettings) -> Connection:
    """What the plan's `aws` says, as the SDK is told it."""
    role = aws.assume_role
    connection = Connection(
        region=aws.region,
        account=aws.account,
        profile=aws.profile,
        endpoint_urls=tuple(sorted(aws.endpoint_urls.items())),
    )
    if role is None:
        return connection
    return replace(connection.assuming(role.role_arn, role.external_id), account=aws.account)


def _bind_writer(on_progress: OnProgress, stop: threading.Event) -> WriteItems:
    def write(job: WriteJob, *, target: Cloud, source: Cloud) -> WriteResult:
        assert isinstance(target, AwsCloud), "this run was wired with AWS"
        assert isinstance(source, AwsCloud), "this run was wired with AWS"
        access = BulkAccess(target=target.connection, source=source.connection)
        return write_items(job, access=access, on_progress=on_progress, stop=stop)

    return write
