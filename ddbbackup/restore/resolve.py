"""Resolve a restore: find its source and its target, and the facts by which its method is selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from ddbbackup.errors import Bug, DdbBackupError, TableMissing
from ddbbackup.model.json_value import Json, JsonObject
from ddbbackup.plan.model import Restore
from ddbbackup.plan.restore_from import FromBackup, Origin
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.restore.edits import identify
from ddbbackup.restore.live_source import LiveSource, resolve_live_source
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.sources.backup_source import BackupSource
from ddbbackup.sources.resolve import resolve_source
from ddbbackup.sources.snapshot_source import SnapshotSource
from ddbbackup.sources.wanted import WantedPoint
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.target_place import target_place
from ddbbackup.times import to_iso

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResolvedRestore:
    """One of ``backup``, ``live`` (for a point-in-time restore) and ``snapshot`` is the source.

    ``preview`` resolves ``live`` too.
    ``cloud`` is AWS in the account and region of the target. ``target`` is None if the table does not exist.
    """

    backup: BackupSource | None
    live: LiveSource | None
    cloud: Cloud
    target_arn: str
    target: TableFacts | None
    inputs: MethodInputs
    snapshot: SnapshotSource | None = None

    @property
    def recorded(self) -> BackupSource | SnapshotSource | None:
        """The source if it is a backup of either kind, which may have a record; None for the live table."""
        return self.backup or self.snapshot

    @property
    def source(self) -> BackupSource | SnapshotSource | LiveSource:
        source = self.recorded or self.live
        if source is None:
            raise Bug("a restore was resolved without a source")
        return source

    @property
    def label(self) -> str:
        """The name of the source for people."""
        return self.source.label

    @property
    def table_arn(self) -> str:
        """The table that the data comes from."""
        return self.source.table_arn

    @property
    def description(self) -> JsonObject:
        """DescribeTable of the table that the data comes from: recorded or live; empty if there is no record."""
        return self.source.description

    @property
    def origin(self) -> Origin | None:
        """The account and Region of the backup, if they are not those that the plan runs in."""
        return self.recorded.origin if self.recorded is not None else None

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Which newer backups cannot be restored, and why; empty for a backup that was asked for by its ID."""
        if self.recorded is None or isinstance(self.inputs.restore.source, FromBackup):
            return ()
        return self.recorded.passed_over

    @property
    def source_facts(self) -> dict[str, Json]:
        """The source for reports and previews; ``origin`` in the form that ``--from`` takes."""
        if self.origin is None:
            return {"backup": self.label}
        return {"backup": self.label, "origin": f"{self.origin.account}/{self.origin.region}"}

    @property
    def source_key(self) -> str:
        """Identifies what is restored: the folder of the export and its change, the on-demand backup, or the live
        table and the time. A part of a backup is another source than all of it.
        """
        if self.snapshot is not None:
            return self.snapshot.snapshot_arn
        if self.backup is not None:
            key, restore = self.backup.key, self.inputs.restore
            if restore.change is not None:
                key += f" changed {identify(restore.change)}"
            return key if restore.only is None else f"{key}#only={restore.only.digest}"
        time = self.live.time if self.live is not None else None
        return f"{self.table_arn}@{to_iso(time) or 'latest'}"


def resolve_restore(
    context: RunContext,
    restore: Restore,
    target: str,
    *,
    all_sources: bool = False,
    accepts_incomplete: bool = False,
) -> ResolvedRestore:
    """Only reads. Blocking.

    ``all_sources`` also resolves the source that this restore does not use, so that ``preview`` can assess every
    method. Raises what resolving the source of this restore raises, and ``AccessDenied`` for a wrong account.
    """
    from_live = restore.method == "point-in-time"
    recorded = live = backup_error = live_error = None
    if all_sources or not from_live:
        recorded, backup_error = _try(
            lambda: resolve_source(context, WantedPoint.by(restore, accepts_incomplete=accepts_incomplete)),
            required=not from_live,
        )
    backup = recorded if isinstance(recorded, BackupSource) else None
    snapshot = recorded if isinstance(recorded, SnapshotSource) else None
    if all_sources or from_live:
        live, live_error = _try(lambda: resolve_live_source(context, restore), required=from_live)
    cloud = context.source.at(target_place(restore))
    target_arn = cloud.tables.arn(target)
    table = _describe_if_exists(cloud, target)
    inputs = MethodInputs(
        restore=restore,
        target=target,
        target_description=table.description if table else None,
        description=recorded.description if recorded else {},
        items=backup.opened.item_count if backup else None,
        files=len(backup.opened.files) if backup else None,
        for_aws=backup is None or backup.opened.for_aws,
        windows=len(backup.windows) if backup else 0,
        changes=backup.change_count if backup else 0,
        backup_error=backup_error,
        from_snapshot=snapshot is not None,
        live_description=live.description if live else {},
        live_error=live_error,
        same_account=(snapshot.account if snapshot else context.source.identity.account)
        == cloud.identity.account,
        bulk_put_available=cloud.bulk_puts.available,
    )
    return ResolvedRestore(
        backup=None if from_live else backup,
        live=live,
        cloud=cloud,
        target_arn=target_arn,
        target=table,
        inputs=inputs,
        snapshot=None if from_live else snapshot,
    )


def with_current_target(resolved: ResolvedRestore) -> ResolvedRestore:
    """Describes the target again: another process may have changed it until its lock was ours. Blocks."""
    table = _describe_if_exists(resolved.cloud, resolved.inputs.target)
    return replace(
        resolved,
        target=table,
        inputs=replace(resolved.inputs, target_description=table.description if table else None),
    )


def _describe_if_exists(cloud: Cloud, table: str) -> TableFacts | None:
    try:
        return cloud.tables.describe(table)
    except TableMissing:
        return None


def _try(resolve: Callable[[], T], *, required: bool) -> tuple[T | None, DdbBackupError | None]:
    """The source, or the error of a source that this restore does not require."""
    try:
        return resolve(), None
    except DdbBackupError as error:
        if required:
            raise
        return None, error
