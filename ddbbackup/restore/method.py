"""The restore method: what it is given and what it returns. ``RESTORE_METHODS`` lists the methods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from ddbbackup import events
from ddbbackup.bulk.compare import PointComparison
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.model.assessment import Blocker
from ddbbackup.model.json_value import Json
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.pricing.prices import Prices
from ddbbackup.restore.estimate import Estimate
from ddbbackup.restore.live_source import LiveSource
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.state import RestoreState, resumable
from ddbbackup.sources.backup_source import BackupSource
from ddbbackup.sources.data_files import DataFiles
from ddbbackup.sources.snapshot_source import SnapshotSource
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """One restore: the request, its resolved source and target, and what an earlier run left.

    ``continues``: this run continues what an earlier run of this restore started. ``remote_job`` is the job of AWS
    that the earlier run started, if the method has such jobs and AWS still knows it. ``adopts``: the user wants to
    continue with a table that no run has recorded, if AWS proves that this restore requested it.
    ``accepts_incomplete``: the user wants what can be proven of a damaged backup. For ``existing: mirror``:
    ``allowed_deletes`` is how many deletes the user allows, whatever the plan says, and ``comparison`` the one that
    the user was shown.
    """

    context: RunContext
    restore: Restore
    target: str
    resolved: ResolvedRestore
    state: RestoreState
    continues: bool = False
    data_files: DataFiles | None = None
    remote_job: object = None
    adopts: bool = False
    accepts_incomplete: bool = False
    allowed_deletes: int | None = None
    comparison: PointComparison | None = None

    @property
    def cloud(self) -> Cloud:
        """AWS in the account and region of the target."""
        return self.resolved.cloud

    @property
    def backup(self) -> BackupSource:
        """For methods that restore a backup."""
        if self.resolved.backup is None:
            raise _not_resolved("a backup")
        return self.resolved.backup

    @property
    def files(self) -> DataFiles:
        """For methods that restore a backup."""
        if self.data_files is None:
            raise _not_resolved("data files")
        return self.data_files

    @property
    def snapshot(self) -> SnapshotSource:
        """For the method that restores an on-demand backup."""
        if self.resolved.snapshot is None:
            raise _not_resolved("an on-demand backup")
        return self.resolved.snapshot

    @property
    def live(self) -> LiveSource:
        """For methods that restore an earlier state of the live table."""
        if self.resolved.live is None:
            raise _not_resolved("a live table")
        return self.resolved.live


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The target with all data. ``facts`` are for the report: flat, printable, without item data.

    ``shortfall`` says why the target does not equal the restore point, which it should.
    """

    table: TableFacts
    facts: Mapping[str, Json] = field(default_factory=dict)
    shortfall: DdbBackupError | None = None


@dataclass(frozen=True, slots=True)
class RestoreMethod:
    """One way to load the data into the target.

    ``blockers`` and ``estimate`` are pure. ``continues`` says whether the run can continue what an earlier run left.
    ``find_remote_job`` finds the job of AWS that an earlier run started; it raises ``Refused`` if AWS is working on
    the target for somebody else. ``find_quota_blockers`` says why AWS would not start such a job now, given the data
    files. ``objection`` says why a table that no run has recorded is not proven to be the one that an earlier run of
    this restore requested; None if it is (``--adopt``). ``load`` raises ``DataIncomplete`` unless every item is
    accounted for.

    ``creates_table``: AWS creates the target, so it must not exist. ``uses_live_table``: the source is the live
    table, not a backup. ``reads_folder``: AWS reads every object of the data folder. ``experimental`` is one sentence
    that says why the method is experimental, or empty.
    """

    blockers: Callable[[MethodInputs], Sequence[Blocker]]
    estimate: Callable[[MethodInputs, Prices], Estimate | None]
    continues: Callable[[RestoreJob, RestoreProgress], bool]
    load: Callable[[RestoreJob], Awaitable[LoadResult]]
    find_remote_job: Callable[[RestoreJob], Awaitable[object]] | None = None
    objection: Callable[[RestoreJob, RestoreProgress | None, TableFacts], str | None] | None = None
    find_quota_blockers: Callable[[RestoreJob], Awaitable[Sequence[Blocker]]] | None = None
    creates_table: bool = False
    uses_live_table: bool = False
    reads_folder: bool = False
    experimental: str = ""


def log_start(job: RestoreJob, *, method: str, resumed: bool, notes: Sequence[str]) -> None:
    """Logs that the restore starts or resumes."""
    opened = job.resolved.backup.opened if job.resolved.backup else None
    log.info(
        events.RESTORE_RESUMED if resumed else events.RESTORE_STARTED,
        backup=job.resolved.label,
        method=method,
        items=opened.item_count if opened else None,
        files=len(opened.files) if opened else None,
        target=job.target,
        notes=list(notes),
    )


def can_resume(job: RestoreJob, earlier: RestoreProgress, *, method: str) -> bool:
    """For methods that write into a table: whether its items come from an earlier run of this restore."""
    target = job.resolved.target
    return target is not None and resumable(
        earlier,
        source=job.resolved.source_key,
        existing=job.restore.existing,
        method=method,
        table_id=target.table_id,
        now=job.context.clock.now(),
    )


def _not_resolved(what: str) -> Bug:
    return Bug(f"a restore method uses {what}, which the restore has not resolved")
