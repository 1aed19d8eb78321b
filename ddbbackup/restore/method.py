"""What a restore method is, what it is given and what it gives back; ``RESTORE_METHODS`` lists them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from ddbbackup import events
from ddbbackup.errors import Bug
from ddbbackup.model.assessment import Blocker
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.pricing.prices import Prices
from ddbbackup.restore.data_files import DataFiles
from ddbbackup.restore.estimate import Estimate
from ddbbackup.restore.live_source import LiveSource
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.source import RestoreSource
from ddbbackup.restore.state import RestoreProgress, RestoreState, resumable
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """One restore on its way: what is wanted, what was found, and what an earlier run left.

    ``continues``: what an earlier run of this restore began in the target is continued; ``started`` is the job of
    AWS that it started, if the method has jobs and AWS still knows it.
    """

    context: RunContext
    restore: Restore
    target: str
    resolved: ResolvedRestore
    state: RestoreState
    continues: bool = False
    data_files: DataFiles | None = None
    started: object = None

    @property
    def cloud(self) -> Cloud:
        """AWS where the target is."""
        return self.resolved.cloud

    @property
    def backup(self) -> RestoreSource:
        """Of a method that restores a backup."""
        if self.resolved.backup is None:
            raise _not_resolved("a backup")
        return self.resolved.backup

    @property
    def files(self) -> DataFiles:
        if self.data_files is None:
            raise _not_resolved("data files")
        return self.data_files

    @property
    def live(self) -> LiveSource:
        """Of a method that restores the live table's past."""
        if self.resolved.live is None:
            raise _not_resolved("a live table")
        return self.resolved.live


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The target once all data is in it. ``facts`` are for the report: flat, printable, without item data."""

    table: TableFacts
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestoreMethod:
    """One way to get the data into the target.

    ``blockers`` and ``estimate`` are pure. ``continues``: whether what an earlier run left is a part of this restore,
    so that the run goes on with it. ``find_started`` reads which job of AWS an earlier run started, and raises
    ``Refused`` if what AWS is doing to the target is somebody else's. ``load`` raises ``DataIncomplete`` unless every
    item is accounted for.

    ``makes_table``: AWS makes the target itself, so it must not exist. ``from_live``: the data comes from the
    live table, not from a backup. ``reads_folder``: AWS reads every object of the data folder. ``experimental`` says
    why, in a sentence, or is empty.
    """

    blockers: Callable[[MethodInputs], Sequence[Blocker]]
    estimate: Callable[[MethodInputs, Prices], Estimate | None]
    continues: Callable[[RestoreJob, RestoreProgress], bool]
    load: Callable[[RestoreJob], Awaitable[LoadResult]]
    find_started: Callable[[RestoreJob], Awaitable[object]] | None = None
    makes_table: bool = False
    from_live: bool = False
    reads_folder: bool = False
    experimental: str = ""


def log_start(job: RestoreJob, *, method: str, resumed: bool, notes: Sequence[str]) -> None:
    """One event that says what begins, or goes on, to happen to the target."""
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


def _not_resolved(what: str) -> Bug:
    return Bug(
        f"a restore method asks for {what} that its restore does not have", hint="report it with the plan"
    )


def can_resume(job: RestoreJob, earlier: RestoreProgress, *, method: str) -> bool:
    """For methods that write into a table of ours: whether what is in it is a part of this restore."""
    target = job.resolved.target
    return target is not None and resumable(
        earlier,
        run=job.context.run_id,
        existing=job.restore.existing,
        method=method,
        table_id=target.table_id,
        now=job.context.clock.now(),
    )
