"""A night of backups in the simulated AWS, and the documents that the program makes of it.

Everything but AWS, the clock and the data is the program's own: planning, executor, steps, records, documents.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from ddbbackup.backup.planning import backup_steps
from ddbbackup.catalog import Catalog, StoredRecord
from ddbbackup.catalog.queries import catalog_tables, readable_records
from ddbbackup.checks.doctor import run_checks
from ddbbackup.cli.look_ahead import preview_backup, preview_of
from ddbbackup.cli.run_progress import RunProgress, columns
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.progress import Progress
from ddbbackup.model.report import Report
from ddbbackup.notify.document import run_notification
from ddbbackup.plan import load
from ddbbackup.plan.selection import select
from ddbbackup.ports import PitrWindow
from ddbbackup.report.documents.doctor import DoctorReport, doctor_report
from ddbbackup.report.documents.list import BackupList, backup_list
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.documents.preview import Preview
from ddbbackup.report.documents.run_report import RunReport, run_report
from ddbbackup.report.documents.status import StatusReport, plan_status, status_report
from ddbbackup.report.run_summary import RunSummary
from ddbbackup.status.table_status import read_statuses
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.step import AnyStep
from ddbbackup.verify.verify_backup import VerifyBackup
from tests.support.contexts import run_context
from tests.support.simulated_aws import SimulatedAws
from tests.support.simulated_cloud import SimulatedCloud
from tests.support.virtual_time import SimulatedThreads, VirtualClock, run_virtually

_PLAN = """
version: 1
name: prod
destinations: {vault: {bucket: acme-vault, prefix: "ddb/{table}/"}}
defaults: {destination: vault, rpo: 25h}
tables: [{match: "*"}]
"""


@dataclass(frozen=True)
class Night:
    """``before`` is the preview of the run, ``progress`` its lines while exports are queued.

    ``verification`` is of the morning after: of 50 tables or more, a data file of the first is damaged then.
    """

    before: Preview
    checks: DoctorReport
    progress: tuple[str, ...]
    report: RunReport
    status: StatusReport
    backups: BackupList
    notification: RunNotification
    verification: RunReport


def simulated_night(tables: int, directory: Path) -> Night:
    """One of 50 tables or more fails in AWS; of 100 or more, each sixteenth has no point-in-time recovery."""
    random.seed(7)  # the jitter of pauses
    clock = VirtualClock()
    name = "arn:aws:dynamodb:eu-west-1:123456789012:table/table-{:04d}".format
    aws = SimulatedAws(
        clock, seed=7, minutes=(2.0, 9.0), failing=[name(tables // 2 + 1)] if tables >= 50 else []
    )
    cloud = cast("Any", SimulatedCloud(aws, tables))
    cloud.server_time = clock.now
    if tables >= 100:
        recoverable = cloud.tables.pitr
        off = {f"table-{number:04d}" for number in range(8, tables, 16)}
        cloud.tables.pitr = lambda table: PitrWindow(enabled=False) if table in off else recoverable(table)
    (directory / "plan.yaml").write_text(_PLAN, encoding="utf-8")
    plan = load([str(directory / "plan.yaml")], {})
    seen: list[tuple[str, ...]] = []
    progress = RunProgress("backup", clock.monotonic())

    def told(what: Progress) -> None:
        progress.report(what, clock.monotonic())

    def started(step: AnyStep) -> None:
        progress.step_started(step.id)

    def ended(outcome: Outcome) -> None:
        progress.step_ended(outcome.step, failed=outcome.status == "failed")

    def look() -> None:
        now = clock.monotonic()
        seen.append((progress.summary(now), *columns(progress.active(now))))

    context = run_context(
        clock,
        plan=plan,
        run_id="4711",
        threads=SimulatedThreads(call_seconds=0.1, heavy_seconds=0.5),
        source=cloud,
        catalog=Catalog(cloud.objects, plan=plan.name, clock=clock),
        on_progress=told,
    )

    async def night() -> Night:
        looking = replace(context, estimating=True)
        before = preview_of(looking, await preview_backup(looking), detailed_exit_code=False)
        checks = doctor_report(plan.name, await run_checks(context), now=clock.now())
        selection = select(plan, await take_inventory(context))
        steps = backup_steps(plan, selection, export_time=None)
        begun = clock.now()
        progress.started = clock.monotonic()
        progress.begin({step.id: step.table for step in steps})
        clock.at(clock.monotonic() + (200.0 if tables >= 100 else 45.0), look)
        outcomes = await run_steps(steps, context, on_start=started, on_outcome=ended)
        identity = cloud.identity
        report = Report(
            "backup", "4711", "prod", identity.account, identity.region, begun, clock.now(), outcomes
        )
        found = read_statuses(context, selection.chosen)
        breaches = 4 if any(each.breaks_rpo for each in found.tables) else 0
        status = plan_status(
            "prod", ["plan.yaml"], identity, found.tables, found.unreadable, (), exit_code=breaches
        )
        summary = RunSummary(
            plan="prod",
            verb="backup",
            run="4711",
            started_at=begun,
            ended_at=clock.now(),
            exit_code=report.exit_code,
            account=identity.account,
            region=identity.region,
            conditions=frozenset(("always", "partial")) if report.exit_code else frozenset(("always",)),
            report=report,
            tables=tuple(found.tables),
        )
        return Night(
            before=before,
            checks=checks,
            progress=seen[0],
            report=run_report(report),
            status=status_report([status], now=clock.now(), exit_code=breaches),
            backups=_backups(context),
            notification=run_notification(summary),
            verification=await _verify(context, damaged=tables >= 50),
        )

    return run_virtually(night(), clock)


async def _verify(context: RunContext, *, damaged: bool) -> RunReport:
    """All complete backups, the newest first, as ``verify`` does."""
    found = catalog_tables(context.catalog, context.plan, context.source.identity, only=())
    records = readable_records(found.tables, limit=None, since=None).records
    complete = [
        each for each in records if isinstance(each, StoredRecord) and each.record.state == "complete"
    ]
    if damaged:
        objects: Any = context.source.objects
        data = min(key for key in objects.bodies if "/data/" in key)
        objects.bodies[data] = objects.bodies[data][:-1] + b"?"
    begun = context.clock.now()
    outcomes = await run_steps([VerifyBackup(each, level="checksums") for each in complete], context)
    identity = context.source.identity
    return run_report(
        Report(
            "verify", "4712", "prod", identity.account, identity.region, begun, context.clock.now(), outcomes
        )
    )


def _backups(context: RunContext) -> BackupList:
    found = catalog_tables(context.catalog, context.plan, context.source.identity, only=())
    records = readable_records(found.tables, limit=None, since=None).records
    assert all(isinstance(each, StoredRecord) for each in records)
    return backup_list(context.plan.name, records, {}, [])
