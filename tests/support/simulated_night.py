"""Nights of backups in the simulated AWS, what follows them, and the documents that the program makes of all that.

Everything but AWS, the clock and the data is the program's own: planning, executor, steps, records, documents.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from ddbbackup.backup.planning import backup_steps
from ddbbackup.bulk.model import WriteJob, WriteResult
from ddbbackup.bulk.verify_data import VerifiedData, VerifyJob
from ddbbackup.catalog import Catalog, StoredRecord
from ddbbackup.catalog.queries import catalog_tables, readable_records
from ddbbackup.checks.doctor import run_checks
from ddbbackup.cli.look_ahead import preview_backup, preview_of, preview_prune, preview_restores
from ddbbackup.cli.plan_changes import compare_with_reference
from ddbbackup.cli.plan_reference import Reference
from ddbbackup.cli.run_progress import RunProgress, columns
from ddbbackup.errors import AccessDenied
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.model.table_status import TableStatus
from ddbbackup.notify.document import run_notification
from ddbbackup.plan.document import Document
from ddbbackup.plan.load import load_with_document
from ddbbackup.plan.model import Plan, When
from ddbbackup.plan.selection import select
from ddbbackup.ports import Cloud, PitrWindow
from ddbbackup.report.documents.doctor import DoctorReport, doctor_report
from ddbbackup.report.documents.list import BackupList, backup_list
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.documents.preview import Preview
from ddbbackup.report.documents.run_report import RunReport, run_report
from ddbbackup.report.documents.status import StatusReport, plan_status, status_report
from ddbbackup.report.run_summary import RunSummary
from ddbbackup.restore.confirmation import Destruction, find_destruction
from ddbbackup.restore.planning import restore_step
from ddbbackup.retention.planning import plan_prune
from ddbbackup.sources.selected_tables import restores_of_tables
from ddbbackup.status.table_status import read_statuses
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.step import AnyStep
from ddbbackup.verify.verify_backup import VerifyBackup
from tests.support.contexts import run_context, verify_in_memory
from tests.support.memory_cloud import MemoryBulkPuts, MemoryImports, MemorySnapshots
from tests.support.simulated_aws import EXPORTED, SimulatedAws
from tests.support.simulated_cloud import SimulatedCloud
from tests.support.simulated_tables import table_names, table_size
from tests.support.virtual_time import SimulatedThreads, VirtualClock, run_virtually

_PLAN: Final = """
version: 1
name: prod
destinations: {vault: {bucket: acme-vault, prefix: "ddb/{table}/"}}
defaults: {destination: vault, rpo: 25h, retention: {keep_last: 2}}
tables: [{match: "*"}]
restores: {rollback: {match: "*", existing: overwrite, method: write}}
"""
_PLAN_BEFORE: Final = """
version: 1
name: prod
destinations: {vault: {bucket: acme-vault, prefix: "ddb/{table}/"}}
defaults: {destination: vault, rpo: 24h, retention: {keep_last: 7}}
tables: [{match: "[A-Zabcps]*"}, {match: "users-*", verify: listing}]
"""
_LATER_NIGHTS: Final = 2
_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True)
class Night:
    """``before`` is the preview of the run, ``progress`` its lines while exports are queued, by width.

    ``verification`` is of the morning after: of 50 tables or more, a data file of the first is damaged then.
    ``question`` is what a person is asked before ``restored``. ``prune`` is what the first run of `prune` would do
    after some more nights, ``pruned`` what it does, and ``idle_prune`` the preview of the next one.
    """

    before: Preview
    against: Preview
    checks: DoctorReport
    progress: Mapping[int, tuple[str, ...]]
    report: RunReport
    status: StatusReport
    backups: BackupList
    notification: RunNotification
    verification: RunReport
    status_problems: StatusReport
    backups_problems: BackupList
    restore: Preview
    question: tuple[Destruction, ...]
    restored: RunReport
    restore_notification: RunNotification
    prune: Preview
    pruned: RunReport
    idle_prune: Preview


def simulated_night(tables: int, directory: Path) -> Night:
    """One of 50 tables or more fails in AWS; of 100 or more, each sixteenth has no point-in-time recovery."""
    return _Simulation(tables, directory).run()


class _Simulation:
    def __init__(self, tables: int, directory: Path) -> None:
        random.seed(7)  # the jitter of pauses
        self.names = table_names(tables)
        self.clock = VirtualClock()
        arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/{}".format
        self.is_large = tables >= 50
        self.failing = self.names[tables // 2 + 1] if self.is_large else ""
        aws = SimulatedAws(
            self.clock, seed=7, minutes=(2.0, 9.0), failing=[arn(self.failing)], size_of=table_size
        )
        self.cloud = cast("Any", SimulatedCloud(aws, self.names))
        self.cloud.server_time = self.clock.now
        self.cloud.imports, self.cloud.bulk_puts = MemoryImports(), MemoryBulkPuts()
        self.cloud.snapshots = MemorySnapshots(self.cloud.tables)
        self.cloud.at = lambda place: self.cloud
        self.cloud.buckets.versioning = tables != 50
        if tables >= 100:
            recoverable = self.cloud.tables.pitr
            off = frozenset(self.names[8::16])
            self.cloud.tables.pitr = lambda table: (
                PitrWindow(enabled=False) if table in off else recoverable(table)
            )
        self.directory = directory
        self.document, self.plan = self._load("plan.yaml", _PLAN)
        self.run_number = 4710

    def _load(self, name: str, text: str) -> tuple[Document, Plan]:
        (self.directory / name).write_text(text, encoding="utf-8")
        return load_with_document([str(self.directory / name)], {}, now=self.clock.now())

    def run(self) -> Night:
        return run_virtually(self._night(), self.clock)

    def context(self, **members: Any) -> RunContext:
        self.run_number += 1
        return run_context(
            self.clock,
            plan=self.plan,
            run_id=str(self.run_number),
            threads=SimulatedThreads(call_seconds=0.1, heavy_seconds=0.5),
            source=self.cloud,
            catalog=Catalog(self.cloud.objects, plan=self.plan.name, clock=self.clock),
            verify_data=_verify_samples,
            write_items=self._write,
            state_dir=self.directory / "state",
            **members,
        )

    async def _night(self) -> Night:
        shown = RunProgress("backup", self.clock.monotonic())
        context = self.context(on_progress=lambda what: shown.report(what, self.clock.monotonic()))
        looking = replace(context, estimating=True)
        before = preview_of(looking, await preview_backup(looking), detailed_exit_code=False)
        against = await self._against(looking)
        checks = doctor_report(self.plan.name, await run_checks(context), now=self.clock.now())
        report, progress = await self._back_up(context, shown)
        tables = await self._statuses(context)
        status = self._status(tables, problems=False)
        backups = self._backups(context, problems=False)
        verification = await self._verify(self.context())
        restoring = self.context()
        estimating = replace(restoring, estimating=True)
        restore = await preview_restores(estimating, [self.plan.restores["rollback"]])
        question, restored = await self._restore(restoring)
        prunes = await self._prune()
        return Night(
            before=before,
            against=against,
            checks=checks,
            progress=progress,
            report=run_report(report),
            status=status,
            backups=backups,
            notification=self._notification(report, tables),
            verification=run_report(verification),
            status_problems=self._status(tables, problems=True),
            backups_problems=self._backups(context, problems=True),
            restore=preview_of(estimating, restore, detailed_exit_code=False),
            question=question,
            restored=run_report(restored),
            restore_notification=self._notification(restored, ()),
            prune=prunes[0],
            pruned=prunes[1],
            idle_prune=prunes[2],
        )

    # ---- the plan and its backups

    async def _against(self, context: RunContext) -> Preview:
        """The same preview, compared with a plan that selects fewer tables and keeps more."""
        document, plan = self._load("before.yaml", _PLAN_BEFORE)
        reference = Reference("origin/main", "0123456789abcdef0123456789abcdef01234567", plan, document)
        inventory = await take_inventory(context, others=[plan])
        found = await preview_backup(context, inventory=inventory)
        changes = await compare_with_reference(context, self.document, reference, inventory, only=())
        return preview_of(context, replace(found, against=changes), detailed_exit_code=False)

    async def _back_up(
        self, context: RunContext, shown: RunProgress | None = None
    ) -> tuple[Report, Mapping[int, tuple[str, ...]]]:
        """The report, and the lines of the progress as they were after a while, by the width of the terminal."""
        progress = shown or RunProgress("backup", self.clock.monotonic())
        seen: dict[int, tuple[str, ...]] = {}

        def started(step: AnyStep) -> None:
            progress.step_started(step.id)

        def ended(outcome: Outcome) -> None:
            progress.step_ended(outcome.step, failed=outcome.status == "failed")

        def look() -> None:
            now = self.clock.monotonic()
            for width in (80, 140):
                seen[width] = (*progress.headline(now, width), *columns(progress.active(now), width))

        selection = select(self.plan, await take_inventory(context))
        steps = backup_steps(self.plan, selection, export_time=None)
        begun = self.clock.now()
        progress.started = self.clock.monotonic()
        progress.begin({step.id: step.table for step in steps})
        self.clock.at(self.clock.monotonic() + (200.0 if len(steps) >= 100 else 45.0), look)
        outcomes = await run_steps(steps, context, on_start=started, on_outcome=ended)
        return self._report("backup", context, begun, outcomes), seen

    def _report(self, verb: str, context: RunContext, begun: Any, outcomes: Sequence[Outcome]) -> Report:
        identity = self.cloud.identity
        return Report(
            verb,
            context.run_id,
            "prod",
            identity.account,
            identity.region,
            begun,
            self.clock.now(),
            tuple(outcomes),
        )

    async def _statuses(self, context: RunContext) -> tuple[TableStatus, ...]:
        selection = select(self.plan, await take_inventory(context))
        found = read_statuses(context, selection.chosen)
        assert not found.unreadable
        return tuple(found.tables)

    def _status(self, tables: Sequence[TableStatus], *, problems: bool) -> StatusReport:
        exit_code = 4 if any(each.breaks_rpo for each in tables) else 0
        status = plan_status("prod", ["plan.yaml"], self.cloud.identity, tables, (), (), exit_code=exit_code)
        return status_report([status], now=self.clock.now(), exit_code=exit_code, problems=problems)

    def _backups(self, context: RunContext, *, problems: bool) -> BackupList:
        return backup_list(self.plan.name, self._records(context), {}, [], problems=problems)

    def _records(self, context: RunContext) -> list[StoredRecord]:
        found = catalog_tables(context.catalog, context.plan, self.cloud.identity, only=())
        records = readable_records(found.tables, limit=None, since=None).records
        read = [each for each in records if isinstance(each, StoredRecord)]
        assert len(read) == len(records)
        return read

    def _notification(self, report: Report, tables: Sequence[TableStatus]) -> RunNotification:
        conditions: frozenset[When] = frozenset(("always", "partial") if report.exit_code else ("always",))
        if any(each.breaks_rpo for each in tables):
            conditions |= {"stale"}
        return run_notification(
            RunSummary(
                plan="prod",
                verb=report.verb,
                run=report.run,
                started_at=report.started_at,
                ended_at=report.ended_at,
                exit_code=report.exit_code,
                account=self.cloud.identity.account,
                region=self.cloud.identity.region,
                conditions=conditions,
                report=report,
                tables=tuple(tables),
            )
        )

    async def _verify(self, context: RunContext) -> Report:
        """All complete backups, the newest first, as ``verify`` does."""
        complete = [each for each in self._records(context) if each.record.state == "complete"]
        bodies: dict[str, bytes] = self.cloud.objects.bodies
        if self.is_large:
            data = min(key for key in bodies if "/data/" in key)
            bodies[data] = bodies[data][:-1] + b"?"
        begun = self.clock.now()
        steps = [VerifyBackup(each, level="checksums") for each in complete]
        return self._report("verify", context, begun, await run_steps(steps, context))

    # ---- restores

    async def _restore(self, context: RunContext) -> tuple[tuple[Destruction, ...], Report]:
        """All tables are overwritten; one of many may not be written."""
        restores = await restores_of_tables(context, self.plan.restores["rollback"])
        steps = [
            restore_step(each, run=context.run_id, today=context.started_at, confirmed=False)
            for each in restores
        ]
        found = [await find_destruction(context, step) for step in steps]
        begun = self.clock.now()
        outcomes = await run_steps([replace(step, confirmed=True) for step in steps], context)
        return tuple(each for each in found if each), self._report("restore", context, begun, outcomes)

    def _write(self, job: WriteJob, *, ledger: Any, target: Cloud, source: Cloud) -> WriteResult:
        if self.is_large and job.table == self.names[3]:
            raise AccessDenied(
                f"could not write items to {job.table}: AccessDeniedException",
                hint="allow dynamodb:BatchWriteItem on the table, then run the restore again",
            )
        return WriteResult(
            written=sum(file.item_count for file in job.files),
            kept=0,
            equal=0,
            different=0,
            rejected=0,
            superseded=0,
            deleted=0,
            changed=0,
            files=len(job.files),
            resumed_files=0,
            size_bytes=sum(file.size_bytes or 0 for file in job.files),
            consumed_write_units=0.0,
            throttled=0,
            rejects_file=None,
        )

    # ---- retention

    async def _prune(self) -> tuple[Preview, RunReport, Preview]:
        for _ in range(_LATER_NIGHTS):
            self.clock.advance(_DAY_SECONDS)
            await self._back_up(self.context())
        context = self.context()
        looking = replace(context, estimating=True)
        preview = preview_of(looking, await preview_prune(looking, confirmed=True), detailed_exit_code=False)
        found = await plan_prune(context, confirmed=True)
        begun = self.clock.now()
        outcomes = await run_steps(found.steps, context)
        idle = preview_of(looking, await preview_prune(looking), detailed_exit_code=False)
        return preview, run_report(self._report("prune", context, begun, outcomes)), idle


def _verify_samples(job: VerifyJob, *, source: Cloud) -> VerifiedData:
    """Reads the data files that are not as the simulated AWS wrote them, and believes the manifest for the others."""
    bodies: dict[str, bytes] = cast("Any", source.objects).bodies
    changed = [file for file in job.files if bodies[file.key] != EXPORTED]
    if changed:
        samples = tuple(replace(file, item_count=1, size_bytes=len(bodies[file.key])) for file in changed)
        verify_in_memory(replace(job, files=samples), source=source)
    return VerifiedData(
        sum(file.item_count for file in job.files), sum(file.size_bytes or 0 for file in job.files), 0
    )
