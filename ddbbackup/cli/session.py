"""Sets up one run (plan, log, AWS, threads) and shuts it down, also after an interruption."""

from __future__ import annotations

import functools
import os
import threading
from argparse import Namespace
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog

from ddbbackup import __version__, events
from ddbbackup.aws import AwsCloud, Connection, connect
from ddbbackup.catalog import Catalog
from ddbbackup.cli import logs
from ddbbackup.cli.bulk_operations import BulkOperations
from ddbbackup.cli.command_line_restore import with_command_line
from ddbbackup.cli.event_loop import run_interruptibly
from ddbbackup.cli.option_words import OptionWords, option_words
from ddbbackup.cli.plan_secrets import add_secrets_of_plan
from ddbbackup.cli.progress_display import ProgressDisplay, progress_display
from ddbbackup.cli.proxies import check_proxies
from ddbbackup.cli.run_hooks import RunHooks
from ddbbackup.cli.run_id import choose_run_id
from ddbbackup.cli.signals import CONTINUES_AS, Terminated
from ddbbackup.cli.state_dir import inspect_state_dir, prepare_state_dir
from ddbbackup.clock import SystemClock
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.progress import OnProgress
from ddbbackup.model.report import Report
from ddbbackup.plan import load_with_document
from ddbbackup.plan.document import Document
from ddbbackup.plan.model import AwsSettings, Plan
from ddbbackup.plan.only import Only
from ddbbackup.plan.selection import Inventory
from ddbbackup.pricing.prices import Prices, load_prices, packaged
from ddbbackup.safe_text import SECRETS
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.standing import Standing
from ddbbackup.steps.step import Step
from ddbbackup.steps.threads import ThreadPools

T = TypeVar("T")
_CONTINUED: Final = ("backup", "restore")  # verbs that `--run-id` continues
STOP_SECONDS: Final = 0.8  # the time that an interrupted run gives its workers to stop
log = structlog.get_logger()

Conclude = Callable[[tuple[Outcome, ...]], Awaitable[tuple[Outcome, ...]]]


async def _as_it_is(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    return outcomes


@dataclass(frozen=True, slots=True)
class Session:
    """One run of one verb, with everything that its steps use. ``document`` is what the plan was built from.

    ``words`` are those of messages about the restore of the command line.
    """

    verb: str
    context: RunContext
    run_hooks: RunHooks
    document: Document
    display: ProgressDisplay
    words: OptionWords

    @property
    def plan(self) -> Plan:
        return self.context.plan

    async def inventory(self, *, only: Only = ()) -> Inventory:
        """The tables and tags that the selectors of the plan need. ``only``: of these tables."""
        return await take_inventory(self.context, only=only)

    async def carry_out(
        self,
        steps: Sequence[Step[Any]],
        *,
        conclude: Conclude = _as_it_is,
        on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    ) -> Report:
        """Runs the steps, logs the end of the run, and returns its report. ``on_outcome`` is told of each step.

        ``conclude`` makes the final outcomes of those of all steps.
        """
        context = self.context
        ends = self.run_hooks.step_ends

        def note(outcome: Outcome) -> None:
            ends[outcome.step] = context.clock.now()
            self.display.step_ended(outcome)
            on_outcome(outcome)

        self.display.begin(tuple(steps))
        outcomes = await run_steps(
            steps,
            context,
            on_start=self.display.step_started,
            on_outcome=note,
            on_error=self.words.say,
        )
        outcomes = await conclude(outcomes)
        report = Report(
            verb=self.verb,
            run=context.run_id,
            plan=context.plan.name,
            account=context.source.identity.account,
            region=context.source.identity.region,
            started_at=context.started_at,
            ended_at=context.clock.now(),
            outcomes=outcomes,
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


def run_session(
    options: Namespace,
    body: Callable[[Session], Coroutine[Any, Any, T]],
    *,
    wait: bool = True,
    estimating: bool = False,
) -> T:
    """Loads the plan of ``options``, connects to AWS, runs ``body`` and returns its result.

    Raises ``PlanInvalid``, ``AccessDenied`` (no credentials, or another account than the plan's) and
    ``Unreachable``.
    """
    document, plan = load_plan_with_document(options)
    clock = SystemClock()
    started_at = clock.now()
    run_id = choose_run_id(options.__dict__.get("run_id"), os.environ, started_at)
    logs.configure_for(options, run=run_id, plan=plan.name)
    log.info(events.RUN_STARTED, verb=options.verb, version=__version__)
    with RunHooks(plan, verb=options.verb, run=run_id, clock=clock, started_at=started_at) as run_hooks:
        cloud = connect_to(plan)
        identity = cloud.identity
        log.info(
            events.PLAN_RESOLVED,
            account=identity.account,
            region=identity.region,
            region_origin=identity.region_origin,
            entries=len(plan.tables),
            restores=len(plan.restores),
        )
        with (
            progress_display(options) as display,
            open_context(
                options,
                plan,
                cloud,
                display,
                run_id=run_id,
                clock=clock,
                started_at=started_at,
                wait=wait,
                estimating=estimating,
            ) as context,
        ):
            run_hooks.connected(context)
            words = option_words(options)
            try:
                return run_interruptibly(
                    body(Session(options.verb, context, run_hooks, document, display, words))
                )
            except DdbBackupError as error:
                words.say(error)
                raise
            except (KeyboardInterrupt, Terminated) as stop:
                for line in context.standing.lines():
                    stop.add_note(line)
                is_continued = options.verb in _CONTINUED and not context.run_id_is_key
                if is_continued and context.standing.is_of_many:
                    vars(stop)[CONTINUES_AS] = run_id
                raise
            finally:
                context.catalog.rejections.conclude()


@contextmanager
def open_context(
    options: Namespace,
    plan: Plan,
    cloud: AwsCloud,
    display: OnProgress,
    *,
    run_id: str,
    clock: SystemClock,
    started_at: datetime,
    wait: bool = True,
    estimating: bool = False,
) -> Iterator[RunContext]:
    """The context of steps, valid inside the ``with`` block. An interruption of the block stops its threads."""
    timeout = options.__dict__.get("timeout")
    find_state_dir = inspect_state_dir if estimating else prepare_state_dir
    threads, stop = ThreadPools(), threading.Event()
    standing = Standing()
    on_progress = standing.counting(display)
    bulk = BulkOperations(cloud, on_progress, stop)
    context = RunContext(
        plan=plan,
        run_id=run_id,
        run_id_is_key=options.__dict__.get("run_id") is not None,
        started_at=started_at,
        clock=clock,
        threads=threads,
        source=cloud,
        catalog=Catalog(cloud.objects, plan=plan.name, clock=clock),
        write_items=bulk.write,
        compare_items=bulk.compare_sample,
        compare_point=bulk.compare_point,
        verify_data=bulk.verify,
        scan_items=bulk.scan,
        on_progress=on_progress,
        stop=stop,
        find_state_dir=functools.cache(functools.partial(find_state_dir, os.environ)),
        wait=wait,
        deadline=clock.monotonic() + timeout if timeout else None,
        estimating=estimating,
        prices=prices_of(options),
        standing=standing,
    )
    try:
        yield context
    except BaseException:
        stop.set()
        threads.close(wait_seconds=STOP_SECONDS)
        raise
    threads.close()


def prices_of(options: Namespace) -> Prices:
    """The built-in prices, with those of ``--prices`` or of the environment for verbs that estimate costs."""
    if "prices" not in options.__dict__:
        return packaged()
    return load_prices(options.prices or os.environ.get("DDBBACKUP_PRICES"))


def load_plan(options: Namespace) -> Plan:
    """The plan of ``options``, with the restore that they describe or change; no output shows its secrets.

    Raises ``PlanInvalid``, and ``UsageError`` for a restore that the plan could not contain.
    """
    return load_plan_with_document(options)[1]


def load_plan_with_document(options: Namespace) -> tuple[Document, Plan]:
    """The same, and the document of the files that it was built from."""
    now = SystemClock().now()
    document, plan = load_with_document(options.file, os.environ, now=now)
    plan = with_command_line(plan, document, options, now=now)
    add_secrets_of_plan(SECRETS, plan)
    return document, plan


def connect_to(plan: Plan) -> AwsCloud:
    """Sends nothing yet. Raises ``UsageError`` if a proxy of the environment cannot be used."""
    check_proxies(plan.aws.endpoint_urls, os.environ)
    return connect(connection_of(plan.aws))


def connection_of(aws: AwsSettings) -> Connection:
    """The connection that the `aws` section of the plan describes."""
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
