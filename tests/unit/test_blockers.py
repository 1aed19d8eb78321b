"""Everything that blocks a step: ``preview`` and the run report the same sentence and the same hint.

``ROWS`` has a row for every place in the code that creates a blocker, and for every error that keeps a restore from
being planned or resolved. A place without a row fails ``test_every_place_that_blocks_a_step_has_a_row``.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest

import ddbbackup
from ddbbackup.backup.export_time import choose_export_time
from ddbbackup.backup.finish_backup import FinishBackup
from ddbbackup.backup.finish_scan import FinishScan
from ddbbackup.backup.planning import backup_steps
from ddbbackup.backup.snapshot import FinishSnapshot
from ddbbackup.catalog import (
    BadRecord,
    Catalog,
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedVerification,
    StoredRecord,
    description_document,
    locate,
)
from ddbbackup.cli.look_ahead import LookAhead, preview_backup, preview_prune, preview_restores
from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import (
    AwsSettings,
    Change,
    Destination,
    Expect,
    Limits,
    Only,
    Plan,
    Restore,
    Retention,
    TableEntry,
    Target,
)
from ddbbackup.plan.restore_from import (
    FromBackup,
    FromExport,
    FromFolder,
    FromLatest,
    FromTime,
    Origin,
    RestoreFrom,
)
from ddbbackup.plan.selection import select
from ddbbackup.ports import Archive, Export, Import, PitrWindow, RetrievalTier
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.preview import preview
from ddbbackup.report.renderers import renderer
from ddbbackup.restore import blockers, import_quota
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.planning import restore_step
from ddbbackup.restore.resolve import resolve_restore
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.state import RestoreState
from ddbbackup.retention.planning import plan_prune
from ddbbackup.steps.assessing import assess
from ddbbackup.steps.bad_record import ReportBadRecord
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.executor import run_steps
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.times import to_iso
from ddbbackup.verify.verify_backup import VerifyBackup
from tests.support.contexts import run_context
from tests.support.memory_cloud import BACKED_UP, BUCKET, EXPORT_ID, VAULT, MemoryCloud, describe
from tests.support.records import NOW, record, scan_record, snapshot_record
from tests.support.virtual_time import VirtualClock, run_virtually

PACKAGE = Path(ddbbackup.__file__).parent
PACKAGES = ("backup", "restore", "retention", "sources", "steps", "status", "verify")
RAISE_TO_BLOCK = ("sources.resolve", "sources.folder_source", "restore.live_source", "restore.planning")
ROOT = f"ddb/orders/AWSDynamoDB/{EXPORT_ID}/"
FOLDER = f"s3://{BUCKET}/{ROOT}"


class Subject(Protocol):
    """What a row previews and runs."""

    @property
    def kind(self) -> str: ...
    @property
    def table(self) -> str:
        """The table of the step that is compared; empty for the only step of its kind."""

    async def preview(self, context: RunContext) -> LookAhead: ...
    async def run(self, context: RunContext) -> tuple[Outcome, ...]: ...


@dataclass
class World:
    """A cloud with the table ``orders``, a complete backup of it, and a plan that backs it up."""

    tmp_path: Path
    monkeypatch: pytest.MonkeyPatch
    clock: VirtualClock = field(default_factory=VirtualClock)
    cloud: MemoryCloud = field(default_factory=MemoryCloud)
    destination: Destination = VAULT
    tables: tuple[TableEntry, ...] = (TableEntry(0, "vault", name="orders"),)
    common_time: bool = False

    def __post_init__(self) -> None:
        self.cloud.tables.add(describe("orders"))
        self.cloud.put_backup()

    def context(self, *, estimating: bool) -> RunContext:
        plan = Plan(
            "prod",
            "prod.yaml",
            AwsSettings(),
            {"vault": self.destination},
            self.tables,
            {},
            export_time="common" if self.common_time else "latest",
        )
        return run_context(
            self.clock,
            plan=plan,
            run_id="r1",
            source=self.cloud,
            catalog=Catalog(self.cloud.objects, plan="prod", clock=self.clock),
            state_dir=self.tmp_path,
            estimating=estimating,
        )


@dataclass(frozen=True)
class OneRestore:
    """``ddbbackup restore NAME``; ``confirmed``: with ``--yes``."""

    restore: Restore
    confirmed: bool = True
    adopts: bool = False
    retrieve: RetrievalTier | None = None
    kind: str = "restore"
    table: str = ""

    async def preview(self, context: RunContext) -> LookAhead:
        return await preview_restores(context, [self.restore])

    async def run(self, context: RunContext) -> tuple[Outcome, ...]:
        try:
            step = restore_step(
                self.restore,
                run=context.run_id,
                today=context.started_at,
                confirmed=self.confirmed,
                adopts=self.adopts,
                retrieve=self.retrieve,
            )
        except DdbBackupError as error:  # the program reports it in the same way
            return (Outcome("restore", "restore", self.restore.table, "failed", error=error),)
        return await run_steps([step], context)


@dataclass(frozen=True)
class AllBackups:
    """``ddbbackup backup``. ``kind`` and ``table`` are those of the step that is compared."""

    kind: str = "backup"
    table: str = "orders"

    async def preview(self, context: RunContext) -> LookAhead:
        return await preview_backup(context)

    async def run(self, context: RunContext) -> tuple[Outcome, ...]:
        selection = select(context.plan, await take_inventory(context))
        export_time = await choose_export_time(context, selection)
        return await run_steps(backup_steps(context.plan, selection, export_time=export_time), context)


@dataclass(frozen=True)
class OnePrune:
    """``ddbbackup prune --apply``."""

    kind: str = "prune"
    table: str = ""

    async def preview(self, context: RunContext) -> LookAhead:
        return await preview_prune(context)

    async def run(self, context: RunContext) -> tuple[Outcome, ...]:
        return await run_steps((await plan_prune(context)).steps, context)


@dataclass(frozen=True)
class OneUnfinished:
    """``ddbbackup wait`` for one record. There is no preview of it; its step is assessed in the same way."""

    stored: StoredRecord
    planned: bool
    kind: str = "finish"
    table: str = ""

    async def preview(self, context: RunContext) -> LookAhead:
        return LookAhead(backups=(await assess(self._step(), context),))

    async def run(self, context: RunContext) -> tuple[Outcome, ...]:
        return await run_steps([self._step()], context)

    def _step(self) -> FinishBackup | FinishSnapshot:
        finish = FinishSnapshot if self.stored.record.made_by == "snapshot" else FinishBackup
        return finish(self.stored, self.planned)


@dataclass(frozen=True)
class OneScan:
    """``ddbbackup wait`` for one scan; ``entry`` as in its step."""

    stored: StoredRecord
    entry: TableEntry | None
    kind: str = "finish"
    table: str = ""

    async def preview(self, context: RunContext) -> LookAhead:
        return LookAhead(backups=(await assess(FinishScan(self.stored, self.entry), context),))

    async def run(self, context: RunContext) -> tuple[Outcome, ...]:
        return await run_steps([FinishScan(self.stored, self.entry)], context)


@dataclass(frozen=True)
class OneBadRecord:
    """``ddbbackup verify`` and ``wait`` for a record that cannot be used. There is no preview of them either."""

    bad: BadRecord
    kind: str = "record"
    table: str = ""

    async def preview(self, context: RunContext) -> LookAhead:
        return LookAhead(backups=(await assess(ReportBadRecord(self.bad), context),))

    async def run(self, context: RunContext) -> tuple[Outcome, ...]:
        return await run_steps([ReportBadRecord(self.bad)], context)


@dataclass(frozen=True)
class Row:
    """One place that blocks a step: ``module.function#number``.

    ``scenario`` changes a world so that the blocker applies. ``words`` are a part of its sentence. ``shown``: where
    the preview shows the sentence. Some blockers cannot be part of a preview: "note" is a blocker that ``--yes``
    removes; "candidate" blocks only a method that the previewed restore does not use; "run" needs to read items or
    to list jobs, which a preview does not do; "option" explains why an option of the run, which the preview does not
    have, does not help, so that the preview shows what blocks the run without it.
    """

    place: str
    words: str
    scenario: Callable[[World], Subject]
    shown: Literal["blocker", "note", "candidate", "run", "option"] = "blocker"


def restore(method: str = "write", /, **members: Any) -> OneRestore:
    """Restores the latest backup of ``orders`` to the table ``copy``."""
    defaults: dict[str, Any] = {
        "source": FromLatest(),
        "target": Target("copy"),
        "destination": "vault",
        "method": method,
    }
    return OneRestore(Restore("copy", "orders", **{**defaults, **members}))


def to(table: str = "copy", **members: Any) -> dict[str, Any]:
    return {"target": Target(table, **members)}


def source(source: RestoreFrom) -> dict[str, Any]:
    return {"source": source}


# ---- scenarios


def missing_bucket(world: World) -> Subject:
    world.cloud.buckets.names.clear()
    return AllBackups()


def missing_table(world: World) -> Subject:
    world.cloud.tables.descriptions.clear()
    return AllBackups()


def disabled_recovery(world: World) -> Subject:
    world.cloud.tables.windows.clear()
    return AllBackups()


def recovery_enabled_too_late(world: World) -> Subject:
    """Of two tables with a common export time, one has recovery disabled."""
    world.cloud.tables.add(describe("users"), pitr=False)
    world.tables = (*world.tables, TableEntry(1, "vault", name="users", pitr="enable"))
    world.common_time = True
    return AllBackups(table="users")


def common_time_before_the_window(world: World) -> Subject:
    world.cloud.tables.add(describe("users"))
    world.cloud.tables.windows["users"] = PitrWindow(
        True, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    )
    world.tables = (*world.tables, TableEntry(1, "vault", name="users"))
    world.common_time = True
    return AllBackups(table="users")


def recovery_window_that_fell_behind(world: World) -> Subject:
    world.cloud.tables.add(describe("users"))
    world.cloud.tables.windows["users"] = PitrWindow(True, NOW - timedelta(days=9), NOW - timedelta(hours=2))
    world.tables = (*world.tables, TableEntry(1, "vault", name="users"))
    world.common_time = True
    return AllBackups(table="users")


def common_time_of_long_ago(world: World) -> Subject:
    """A run ID is used again after two days, or a record that lies says so."""
    started = world.clock.now() - timedelta(days=2)
    world.cloud.put_record(record(run="r1", at=started, export={"requested_time": started}))
    world.common_time = True
    return AllBackups()


def missing_requirement(world: World) -> Subject:
    world.cloud.buckets.versioning = False
    world.destination = replace(world.destination, require=("versioning",))
    return AllBackups("check", "")


def too_few_tables(world: World) -> Subject:
    world.tables = (TableEntry(0, "vault", match="ord*", expect=Expect(min=5)),)
    return AllBackups("select", "")


def export_never_started(
    world: World, *, planned: bool = True, days: int = 2, data_days: int = 2, common: bool = True
) -> Subject:
    """``data_days``: how old the data is that the record asks for; ``common``: the plan has a common time."""
    world.common_time = common
    now = world.clock.now()
    asked = {"requested_time": now - timedelta(days=data_days)}
    unfinished = record(run="interrupted", at=now - timedelta(days=days), export=asked)
    return one_unfinished(world, unfinished, planned=planned)


def one_unfinished(world: World, unfinished: Record, *, planned: bool) -> Subject:
    world.cloud.put_record(unfinished)
    catalog = world.context(estimating=False).catalog
    (location,) = catalog.tables(world.destination, world.cloud.identity).values()
    stored = catalog.find(location, unfinished.id)
    assert stored is not None
    return OneUnfinished(stored, planned)


def missing_bucket_of_a_snapshot(world: World) -> Subject:
    world.tables = (TableEntry(0, "vault", name="orders", method="snapshot"),)
    return missing_bucket(world)


def snapshot_never_created(world: World, *, planned: bool = True) -> Subject:
    unfinished = snapshot_record(run="interrupted", at=world.clock.now() - timedelta(days=2))
    return one_unfinished(world, unfinished, planned=planned)


def put_snapshot(world: World) -> Record:
    """A complete on-demand backup of ``orders``, older than the export."""
    at = BACKED_UP - timedelta(hours=1)
    description = world.cloud.put_document("orders", description_document(describe("orders")))
    complete = snapshot_record(
        run="snapshots",
        at=at,
        arn=f"{world.cloud.tables.arn('orders')}/backup/01795400000000-0badcafe",
        state="complete",
        completed_at=at,
        covers=RecordedCoverage(
            kind="interval", start=at - timedelta(minutes=1), end=at + timedelta(minutes=1)
        ),
        destination={"bucket": BUCKET},
        table_members={"description": description},
    )
    world.cloud.put_record(complete)
    return complete


def of_a_snapshot(world: World, **members: Any) -> Subject:
    put_snapshot(world)
    return restore("snapshot", **members)


def only_a_snapshot(world: World) -> Subject:
    no_backup(world)
    put_snapshot(world)
    return restore("write")


def by_scan(world: World) -> World:
    world.tables = (TableEntry(0, "vault", name="orders", method="scan"),)
    return world


def scan_in_progress(world: World, *, planned: bool = True) -> Subject:
    now = world.clock.now()
    begun = scan_record(run="interrupted", at=now - timedelta(days=7))
    world.cloud.put_record(begun)
    catalog = world.context(estimating=False).catalog
    (location,) = catalog.tables(world.destination, world.cloud.identity).values()
    stored = catalog.find(location, begun.id)
    assert stored is not None
    return OneScan(stored, by_scan(world).tables[0] if planned else None)


def damaged_record(world: World) -> Subject:
    stored = world.cloud.put_backup()
    location = locate(VAULT, world.cloud.identity, table="orders", plan="prod")
    world.cloud.objects.bodies[location.record_key(stored.id)] = b"{}"
    (bad,) = world.context(estimating=False).catalog.of_table(location)
    assert isinstance(bad, BadRecord)
    return OneBadRecord(bad)


def only_the_last(world: World) -> Subject:
    world.tables = (TableEntry(0, "vault", name="orders", retention=Retention(keep_last=1)),)
    return OnePrune()


def more_than_half(world: World) -> Subject:
    for days in (2, 3):
        world.cloud.put_backup(at=NOW - timedelta(days=days))
    return only_the_last(world)


def record_that_may_need_anything(world: World) -> Subject:
    damaged_record(world)
    return only_the_last(world)


def running_import(world: World) -> Subject:
    arn = world.cloud.tables.arn("copy")
    world.cloud.imports.listed.append(Import(f"{arn}/import/01", "IN_PROGRESS", arn, client_token="other"))
    return restore("import")


def single_region_key(world: World) -> Subject:
    key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    world.cloud.put_backup(SSEDescription={"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key})
    return restore(**to("copy", region="eu-central-1", settings=("encryption",)))


def items_without_the_key(world: World) -> Subject:
    """The recorded key schema matches, but the items do not have the key attribute."""
    world.cloud.put_export(ROOT, [{"other": {"S": "a"}}, {"other": {"S": "b"}}])
    return restore()


def an_unreadable_file(world: World) -> Subject:
    """The bucket lists the data file, but its content is not what the manifest describes."""
    key = min(each for each in world.cloud.objects.bodies if each.startswith(f"{ROOT}data/"))
    world.cloud.objects.bodies[key] = b"not gzip"
    return restore()


def without_a_record(method: str) -> Callable[[World], Subject]:
    return lambda world: restore(method, **source(FromFolder(FOLDER)))


def local_indexes(world: World) -> Subject:
    world.cloud.put_backup(
        LocalSecondaryIndexes=[{"IndexName": "by-date", "KeySchema": [], "Projection": {}}]
    )
    return restore("import")


def import_into_another_table(world: World) -> None:
    arn = world.cloud.tables.arn("other")
    world.cloud.imports.listed.append(Import(f"{arn}/import/01", "IN_PROGRESS", arn))


def imports_at_their_quota(world: World) -> Subject:
    world.monkeypatch.setattr(import_quota, "IMPORTS_AT_A_TIME", 1)
    import_into_another_table(world)
    return restore("import")


def imports_of_too_many_bytes(world: World) -> Subject:
    world.monkeypatch.setattr(import_quota, "_TERABYTE", 0)
    return restore("import")


def old_sdk(world: World) -> Subject:
    world.cloud.bulk_puts.available = False
    return restore("bulk-put")


def global_table(world: World) -> Subject:
    world.cloud.tables.add(describe("copy", items=0, Replicas=[{"RegionName": "eu-west-3"}]))
    return restore("bulk-put")


def window(world: World) -> Subject:
    world.cloud.put_window(world.cloud.put_backup())
    world.cloud.tables.add(describe("copy", items=0))
    return restore("bulk-put")


def live_table_without_recovery(world: World) -> Subject:
    world.cloud.tables.windows.clear()
    return restore("point-in-time")


def existing_target(world: World, method: str = "write", /, **members: Any) -> Subject:
    world.cloud.tables.add(describe("copy"))
    return restore(method, **members)


def target_of_another_run(world: World) -> Subject:
    """It was interrupted, perhaps, before it came to its other tables."""
    world.cloud.tables.add(describe("copy"))
    state = RestoreState(world.tmp_path, target_arn=world.cloud.tables.arn("copy"), shared=None)
    table = world.cloud.tables.describe("copy")
    subject = restore()
    resolved = resolve_restore(world.context(estimating=True), subject.restore, "copy")
    state.write(
        RestoreProgress(
            run="r0",
            restore_id="0badcafe",
            source=resolved.source_key,
            existing="fail",
            stage="done",
            updated_at=world.clock.now(),
            target_arn=table.arn,
            backup="orders",
            table_id=table.table_id,
        )
    )
    return subject


def target_with_another_key(world: World) -> Subject:
    world.cloud.tables.add(
        describe("copy", items=0)
        | {
            "KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "number", "AttributeType": "N"}],
        }
    )
    return restore()


def missing_data_file(world: World) -> Subject:
    key = next(key for key in world.cloud.objects.bodies if "/data/" in key)
    del world.cloud.objects.bodies[key]
    return restore()


def archived_data_file(
    world: World, *, retrieving: bool = False, retrieve: RetrievalTier | None = None
) -> Subject:
    """One of two; ``retrieving``: S3 is already making it readable."""
    key = next(key for key in world.cloud.objects.bodies if "/data/" in key)
    world.cloud.objects.archives[key] = Archive("GLACIER", retrieving=retrieving)
    return replace(restore(), retrieve=retrieve)


def unexpected_object(world: World) -> Subject:
    world.cloud.objects.bodies[f"{ROOT}data/notes.txt"] = b""
    return restore("import")


def no_backup(world: World, method: str = "write", /, **members: Any) -> Subject:
    world.cloud.objects.bodies.clear()
    return restore(method, **members)


def too_many_files(world: World) -> Subject:
    world.monkeypatch.setattr(blockers, "FILES_PER_JOB", 1)
    return restore("import")


def plain_folder(world: World) -> Subject:
    world.cloud.objects.bodies["dump/a.json"] = b'{"id":{"S":"a"}}'
    return restore("import", **source(FromFolder(f"s3://{BUCKET}/dump/")))


def described_export(world: World, **members: Any) -> Subject:
    arn = f"{world.cloud.tables.arn('orders')}/export/{EXPORT_ID}"
    key = f"{ROOT}manifest-summary.json"
    export = Export(arn, "COMPLETED", world.cloud.tables.arn("orders"), BUCKET, manifest_key=key)
    world.cloud.exports.described[arn] = replace(export, **members)
    return restore(**source(FromExport(arn)), destination=None)


def broken_chain(world: World) -> Subject:
    taken = world.cloud.put_backup()
    missing = "20200101T000000Z-0badcafe"
    chain = RecordedChain(base=missing, previous=missing, needs=(missing, taken.id))
    covers = RecordedCoverage(kind="window", start=BACKED_UP - timedelta(hours=1), end=BACKED_UP)
    world.cloud.put_record(replace(taken, chain=chain, covers=covers))
    return restore(**source(FromBackup(taken.id)))


def only_a_damaged_one(world: World) -> Subject:
    damaged = RecordedVerification(level="items", at=BACKED_UP, result="damaged")
    world.cloud.put_record(replace(world.cloud.put_backup(), verified=damaged))
    return restore()


def incomplete_backup(world: World) -> Subject:
    unfinished = record(run="another", at=NOW - timedelta(hours=11))
    world.cloud.put_record(unfinished)
    return restore(**source(FromBackup(unfinished.id)))


def incremental_export(world: World) -> Subject:
    world.cloud.put_export(ROOT, export_type="INCREMENTAL_EXPORT")
    return restore(**source(FromFolder(FOLDER)))


def no_live_table(world: World) -> Subject:
    world.cloud.tables.descriptions.clear()
    return restore("point-in-time")


def unrecorded_table(world: World, *, source: str = "orders", adopts: bool = False) -> Subject:
    """A run was killed after AWS had accepted its point-in-time restore."""
    tables, requested = world.cloud.tables, world.clock.now()
    state = RestoreState(world.tmp_path, target_arn=tables.arn("copy"), shared=None)
    state.write(
        RestoreProgress(
            run="r0",
            restore_id="0badcafe",
            source=f"{tables.arn('orders')}@latest",
            existing="fail",
            stage="requested",
            updated_at=requested,
            target_arn=tables.arn("copy"),
            backup="orders",
            method="point-in-time",
            requested_time=to_iso(NOW),
        )
    )
    summary = {
        "SourceTableArn": tables.arn(source),
        "RestoreDateTime": to_iso(NOW),
        "RestoreInProgress": True,
    }
    created = max(requested, NOW)
    tables.add(describe("copy", RestoreSummary=summary, CreationDateTime=to_iso(created)))
    return replace(restore("point-in-time"), adopts=adopts)


ROWS = (
    # ---- steps that back up
    Row("backup.assessment.assess_backup#1", "bucket vault does not exist", missing_bucket),
    Row("steps.assessing.blocked#1", "table orders does not exist", missing_table),
    Row("backup.assessment._pitr_blockers#1", "recovery is disabled for orders", disabled_recovery),
    Row("backup.assessment._pitr_blockers#2", "until this run enabled it", recovery_enabled_too_late),
    Row("backup.assessment._pitr_blockers#3", "is more than a day old", common_time_of_long_ago),
    Row("backup.assessment._pitr_blockers#4", "can only be exported as of", common_time_before_the_window),
    Row("backup.assessment._pitr_blockers#5", "has fallen behind", recovery_window_that_fell_behind),
    Row("backup.check_destination.assess#1", "versioning is disabled for vault", missing_requirement),
    Row("backup.planning.assess#1", "expects at least 5", too_few_tables),
    Row(
        "backup.finish_backup.assess#1",
        "the plan has no common export time",
        lambda world: export_never_started(world, common=False),
    ),
    Row(
        "backup.finish_backup.assess#2",
        "the plan does not back up orders",
        lambda world: export_never_started(world, planned=False),
    ),
    Row("backup.finish_backup.assess#3", "interrupted more than a day ago", export_never_started),
    Row("backup.snapshot.assess#1", "bucket vault does not exist", missing_bucket_of_a_snapshot),
    Row(
        "backup.snapshot.assess#1",
        "the plan does not back up orders",
        lambda world: snapshot_never_created(world, planned=False),
    ),
    Row("backup.snapshot.assess#2", "interrupted more than a day ago", snapshot_never_created),
    Row(
        "backup.scan_table.assess#1",
        "bucket vault does not exist",
        lambda world: missing_bucket(by_scan(world)),
    ),
    Row(
        "backup.finish_scan.assess#1",
        "the plan does not scan orders",
        lambda world: scan_in_progress(world, planned=False),
    ),
    Row("backup.finish_scan.assess#2", "began more than a week ago", scan_in_progress),
    Row("steps.bad_record.assess#1", "is not a valid record", damaged_record),
    # ---- steps that prune
    Row("retention.prune_table._blockers#1", "a record cannot be used", record_that_may_need_anything),
    Row("retention.prune_table._blockers#2", "2 of 3 restore points would be removed", more_than_half),
    # ---- restores: what the assessment finds
    Row("restore.assessment._assess#1", "another import into copy is running", running_import, "run"),
    Row("restore.blockers.other_import_running#1", "another import into copy", running_import, "run"),
    Row("restore.inspection.inspect#1", "is not an attribute", items_without_the_key, "run"),
    Row("restore.inspection.inspect#2", "is damaged", an_unreadable_file, "run"),
    Row(
        "restore.inspection._creation_blockers#1",
        "cannot be created as PROVISIONED",
        lambda world: restore(**to("copy", billing_mode="PROVISIONED")),
    ),
    Row("restore.inspection._creation_blockers#2", "the KMS key", single_region_key),
    # ---- restores: blockers of methods
    Row("restore.blockers.import_blockers#1", "no record that describes it", without_a_record("import")),
    Row("restore.blockers.import_blockers#2", "local secondary indexes", local_indexes),
    Row("restore.blockers.too_many_imports#1", "1 imports are running in eu-west-1", imports_at_their_quota),
    Row("restore.blockers.too_large_for_imports#1", "exceed the 0 GiB", imports_of_too_many_bytes),
    Row("restore.blockers.bulk_put_blockers#1", "does not support StartBulkPutItems", old_sdk),
    Row(
        "restore.blockers.bulk_put_blockers#2",
        "`existing: keep`",
        lambda world: restore("bulk-put", existing="keep"),
    ),
    Row(
        "restore.blockers.bulk_put_blockers#3",
        "cannot be limited to 100",
        lambda world: restore("bulk-put", limits=Limits(write_units_per_second=100)),
    ),
    Row("restore.blockers.bulk_put_blockers#4", "readers of copy would see an older state", window),
    Row("restore.blockers.bulk_put_blockers#5", "is a global table", global_table),
    Row(
        "restore.blockers.point_in_time_blockers#1",
        "recovery is disabled for orders",
        live_table_without_recovery,
        "candidate",
    ),
    Row(
        "restore.blockers.point_in_time_blockers#2",
        "in another account",
        lambda world: restore("point-in-time", **to("copy", account="210987654321")),
    ),
    Row(
        "restore.blockers.point_in_time_blockers#3",
        "the restore has `indexes: after-load`",
        lambda world: restore("point-in-time", **to("copy", indexes="after-load")),
    ),
    Row(
        "restore.blockers.point_in_time_blockers#4",
        "is an on-demand table",
        lambda world: restore("point-in-time", **to("copy", billing_mode="PROVISIONED")),
    ),
    Row(
        "restore.blockers.unconfirmed#1",
        "orders is the live table of this backup",
        lambda world: replace(restore(existing="overwrite", **to("orders")), confirmed=False),
        "note",
    ),
    Row("restore.blockers.adoptable#1", "AWS is restoring it from orders", unrecorded_table),
    Row(
        "restore.blockers.not_adoptable#1",
        "AWS says that it was restored from another table",
        lambda world: unrecorded_table(world, source="payroll", adopts=True),
        "option",
    ),
    Row(
        "restore.blockers.target_exists#1",
        "the restore has `create: new`",
        lambda world: existing_target(world, **to("copy", create="new")),
    ),
    Row("restore.blockers.target_holds_items#1", "already holds items", existing_target),
    Row(
        "restore.blockers.target_was_restored#1",
        "the run r0 restored this backup into it",
        target_of_another_run,
    ),
    Row(
        "restore.blockers.other_key_schema#1", "the key schema of copy is number (N)", target_with_another_key
    ),
    Row("restore.blockers.missing_files#1", "1 of 2 data files", missing_data_file),
    Row(
        "restore.retrieval.archived_blockers#1",
        "S3 is still retrieving 1 of 2 objects",
        lambda world: archived_data_file(world, retrieving=True),
    ),
    Row("restore.retrieval.archived_blockers#2", "1 of 2 objects of", archived_data_file),
    Row(
        "restore.retrieval.archived_blockers#3",
        "S3 is retrieving 1 of 2 objects",
        lambda world: archived_data_file(world, retrieve="bulk"),
        "option",
    ),
    Row("restore.blockers.unexpected_objects#1", "AWS would also read 1 object in", unexpected_object),
    Row(
        "restore.blockers.snapshot_blockers#1",
        "no complete backup of orders",
        lambda world: no_backup(world, "snapshot"),
        "candidate",
    ),
    Row(
        "restore.blockers.snapshot_blockers#2",
        "is not an on-demand backup",
        lambda world: restore("snapshot", **source(FromBackup(world.cloud.put_backup().id))),
    ),
    Row(
        "restore.blockers.snapshot_blockers#3",
        "only in the account in which it was created",
        lambda world: of_a_snapshot(world, target=Target("copy", account="210987654321")),
    ),
    Row(
        "restore.blockers.snapshot_blockers#4",
        "creates the table with its indexes",
        lambda world: of_a_snapshot(world, target=Target("copy", indexes="after-load")),
    ),
    Row(
        "restore.blockers.snapshot_blockers#5",
        "there is no provisioned capacity to copy",
        lambda world: of_a_snapshot(world, target=Target("copy", billing_mode="PROVISIONED")),
    ),
    Row(
        "restore.blockers._no_backup#2",
        "whose items only AWS can read",
        lambda world: restore("write", **source(FromBackup(put_snapshot(world).id))),
    ),
    Row("restore.blockers._no_backup#1", "no complete backup of orders", no_backup, "candidate"),
    Row(
        "restore.blockers._no_target#1",
        "the restore has `create: never`",
        lambda world: restore(**to("copy", create="never")),
    ),
    Row("restore.blockers._no_target#2", "no record that describes its table", without_a_record("write")),
    Row(
        "restore.blockers._mirror_of_a_part#1",
        "would delete all other items",
        lambda world: restore(existing="mirror", only=Only(partition="a")),
    ),
    Row(
        "restore.blockers._impossible_change#1",
        "the key of `change.hash` is empty",
        lambda world: restore(change=Change(hashed=(("id",),))),
    ),
    Row(
        "restore.blockers._impossible_change#2",
        "which is a key attribute",
        lambda world: restore(change=Change(drop=(("id",),))),
    ),
    Row(
        "restore.blockers._target_not_new#1",
        "but an import creates its table",
        lambda world: existing_target(world, "import"),
    ),
    Row(
        "restore.blockers._target_not_new#2",
        "an import creates its table, but the restore has `create: never`",
        lambda world: restore("import", **to("copy", create="never")),
    ),
    Row("restore.blockers._too_many_files#1", "at most 1 per import", too_many_files),
    Row("restore.blockers._other_format#1", "which imports and bulk puts read", plain_folder),
    Row(
        "restore.blockers._partial#1",
        "an import restores whole tables, but the restore has `only`",
        lambda world: restore("import", only=Only(partition="a")),
    ),
    Row(
        "restore.blockers._unfit_part#1",
        "a key of `only` is not a key of the table",
        lambda world: restore(only=Only(keys=({"other": "a"},))),
    ),
    # ---- restores: what keeps them from being planned or resolved
    Row(
        "restore.planning.restore_step#1",
        "3 to 255",
        lambda world: restore(**to("{table}" + "x" * 250)),
    ),
    Row(
        "sources.folder_source.open_folder#1",
        "there is no export at",
        lambda world: no_backup(world, **source(FromFolder(FOLDER))),
    ),
    Row(
        "sources.resolve._from_export#1",
        "is IN_PROGRESS, not COMPLETED",
        lambda world: described_export(world, status="IN_PROGRESS"),
    ),
    Row(
        "sources.resolve._from_export#2",
        "has a filter",
        lambda world: described_export(world, filtered=True),
    ),
    Row(
        "sources.resolve._point_of_backup#1",
        "there is no backup 20200101T000000Z-0badcafe",
        lambda world: restore(**source(FromBackup("20200101T000000Z-0badcafe"))),
    ),
    Row("sources.resolve._point_of_backup#2", "is in_progress, not complete", incomplete_backup),
    Row("sources.resolve._point_of_backup#3", "but it does not exist", broken_chain),
    Row(
        "sources.resolve._choose_point#1",
        "lies in the future",
        lambda world: restore(**source(FromTime(datetime(2999, 1, 1, tzinfo=UTC)))),
    ),
    Row(
        "sources.resolve._choose_point#2",
        "is an on-demand backup of DynamoDB",
        lambda world: restore("snapshot"),
    ),
    Row("sources.resolve._choose_point#3", "whose items only AWS can read", only_a_snapshot),
    Row("sources.resolve._choose_point#4", "found damaged by `verify --level items`", only_a_damaged_one),
    Row("sources.resolve._choose_point#5", "there is no complete backup of orders", no_backup),
    Row(
        "sources.resolve._location#1",
        "does not back up orders",
        lambda world: restore(destination=None),
    ),
    Row(
        "sources.resolve._check_origin#1",
        "there are no backups of orders from account 210987654321, region eu-west-1",
        lambda world: restore(**source(FromLatest(Origin(account="210987654321")))),
    ),
    Row("sources.resolve._refuse_partial#1", "INCREMENTAL_EXPORT", incremental_export),
    Row(
        "restore.live_source.resolve_live_source#1",
        "`from` names a backup",
        lambda world: restore("point-in-time", **source(FromBackup("20200101T000000Z-0badcafe"))),
    ),
    Row("restore.live_source.resolve_live_source#2", "table orders does not exist", no_live_table),
    Row(
        "restore.live_source.resolve_live_source#3",
        "recovery is disabled for orders",
        live_table_without_recovery,
    ),
    Row(
        "restore.live_source.resolve_live_source#4",
        "its recovery window is",
        lambda world: restore("point-in-time", **source(FromTime(NOW - timedelta(days=60)))),
    ),
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.place)
def test_preview_and_run_report_the_same_sentence_and_hint(world: World, row: Row) -> None:
    """In the JSON document of the preview, and in the outcome of the step."""
    subject = row.scenario(world)
    document = run_virtually(document_of(subject, world.context(estimating=True)), world.clock)
    outcomes = run_virtually(subject.run(world.context(estimating=False)), world.clock)

    errors = [
        each.error for each in outcomes if each.kind == subject.kind and subject.table in ("", each.table)
    ]
    (error,) = [each for each in errors if each is not None]
    assert row.words in error.message
    assert error.hint.partition(" ")[0].islower()
    expected = (type(error).__name__, error.message, error.hint, error.exit_code)
    shown = [blocker for step in steps_of(document, subject) for blocker in step["blockers"]]
    if row.shown in ("blocker", "candidate"):
        assert (shown[0]["kind"], shown[0]["message"], shown[0]["hint"], shown[0]["exit_code"]) == expected
    elif row.shown == "option":
        assert shown
    else:
        assert shown == []
    if row.shown == "note":
        assert any(note.startswith(error.message) for note in steps_of(document, subject)[0]["notes"])


@pytest.mark.parametrize("row", [row for row in ROWS if row.shown == "candidate"], ids=lambda row: row.place)
def test_a_source_that_is_not_used_blocks_the_other_methods_with_its_own_sentence(
    world: World, row: Row
) -> None:
    """A preview compares all methods. A run that used the other source would fail with that sentence."""
    subject = row.scenario(world)
    assert isinstance(subject, OneRestore)
    (outcome,) = run_virtually(subject.run(world.context(estimating=False)), world.clock)
    assert outcome.error is not None
    method = subject.restore.method
    other: Any = "write" if method == "point-in-time" else "point-in-time"
    another = OneRestore(replace(subject.restore, method=other))
    document = run_virtually(document_of(another, world.context(estimating=True)), world.clock)
    (step,) = document["restores"]
    (candidate,) = [each for each in step["facts"]["candidates"] if each["method"] == method]
    assert candidate["blockers"][0] == outcome.error.message


def test_the_record_of_one_table_asks_for_old_data_of_no_other(world: World) -> None:
    """A repeated run uses the common time that a record says, for all its tables."""
    world.cloud.tables.add(describe("users"))
    world.tables = (*world.tables, TableEntry(1, "vault", name="users"))
    subject = common_time_of_long_ago(world)
    outcomes = run_virtually(subject.run(world.context(estimating=False)), world.clock)
    errors = {each.table: each.error for each in outcomes}
    assert {type(error).__name__ for error in errors.values()} == {"ExportTimeInvalid"}
    assert errors.keys() == {"orders", "users"}


def test_wait_starts_no_export_of_old_data(world: World) -> None:
    """Even if the record says that its run began just now."""
    subject = export_never_started(world, days=0, data_days=2)
    (outcome,) = run_virtually(subject.run(world.context(estimating=False)), world.clock)
    assert outcome.error is not None
    assert "so `wait` records it as failed" in outcome.error.message


def test_every_place_that_blocks_a_step_has_a_row() -> None:
    """A new blocker needs a row in ``ROWS``."""
    assert Counter(row.place for row in ROWS) == Counter(places_that_block())


def test_every_kind_of_step_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for a step that verifies, which has no blockers."""
    kinds = {row.scenario(World(tmp_path, monkeypatch)).kind for row in ROWS}
    assert kinds == STEP_KINDS.keys() - {"verify"}


def test_a_step_that_verifies_has_no_blockers(world: World) -> None:
    """Only reading all of the data shows that it is damaged. It changes nothing."""
    context = world.context(estimating=True)
    (location,) = context.catalog.tables(world.destination, world.cloud.identity).values()
    (stored,) = context.catalog.of_table(location)
    assert isinstance(stored, StoredRecord)
    assessment = run_virtually(assess(VerifyBackup(stored), context), world.clock)
    assert (assessment.blockers, assessment.actions) == ((), ())


@pytest.mark.parametrize("method", RESTORE_METHODS)
def test_a_restore_that_nothing_blocks_has_no_blockers(world: World, method: str) -> None:
    """So the rows show the blockers that they name, not those of an incomplete world."""
    put_snapshot(world)
    document = run_virtually(document_of(restore(method), world.context(estimating=True)), world.clock)
    assert document["restores"][0]["blockers"] == []
    assert document["restores"][0]["changes"]


def test_a_backup_that_nothing_blocks_has_no_blockers(world: World) -> None:
    document = run_virtually(document_of(AllBackups(), world.context(estimating=True)), world.clock)
    assert document["backups"][0]["blockers"] == []
    assert document["backups"][0]["actions"] == [
        "export orders to s3://vault/ddb/orders/",
        "record the backup",
    ]


async def document_of(subject: Subject, context: RunContext) -> dict[str, Any]:
    """The JSON document that the program prints."""
    found = await subject.preview(context)
    document = preview(
        plan=context.plan.name,
        run=context.run_id,
        now=context.clock.now(),
        identity=context.source.identity,
        prices=packaged(),
        selection=found.selection,
        unselected_tables=found.unselected_tables,
        destinations=found.destinations,
        backups=found.backups,
        restores=found.restores,
        prunes=found.prunes,
        notes=found.notes,
    )
    rendered: dict[str, Any] = json.loads(renderer("json").render(document))
    return rendered


def steps_of(document: dict[str, Any], subject: Subject) -> list[dict[str, Any]]:
    steps = [*document["backups"], *document["restores"], *document["prunes"]]
    return [each for each in steps if each["kind"] == subject.kind and subject.table in ("", each["table"])]


def places_that_block() -> Iterator[str]:
    """``module.function#number`` of every call that creates a blocker or raises an error that blocks a restore."""
    for path in sorted(each for package in PACKAGES for each in (PACKAGE / package).glob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = sum(_blocks(module, node.name, each) for each in _own_nodes(node))
                yield from (f"{module}.{node.name}#{number + 1}" for number in range(count))


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of nested functions, and without annotations."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arg):
            continue
        if isinstance(child, ast.AnnAssign):
            yield from _own_nodes(ast.Expr(child.value)) if child.value is not None else ()
            continue
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and child is function.returns:
            continue
        yield child
        yield from _own_nodes(child)


def _blocks(module: str, function: str, node: ast.AST) -> bool:
    """Blockers by any use of their name, so that ``map(Blocker, errors)`` counts too."""
    if module == "restore.blockers" and function == "_refused":
        return False  # every call of it counts
    if isinstance(node, ast.Name) and node.id in ("Blocker", "_refused"):
        return True
    if module in RAISE_TO_BLOCK and isinstance(node, ast.Raise):
        return node.exc is not None and not _calls(node.exc, "Bug")
    return module == "restore.blockers" and isinstance(node, ast.Return) and _calls(node.value, "Refused")


def _calls(node: ast.expr | None, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
