"""The facts by which a person decides whether a restore may destroy what its target holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from ddbbackup.bulk.compare import Counts
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.backup_id import is_backup_id, time_of_id
from ddbbackup.plan.model import Restore
from ddbbackup.plan.restore_from import FromBackup, FromLatest
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.restore.destruction import destroys, may_destroy
from ddbbackup.restore.mirror import compare_target, refuse_deletes
from ddbbackup.restore.resolve import resolve_restore
from ddbbackup.restore.restore_table import RestoreTable
from ddbbackup.sources.backup_source import BackupSource
from ddbbackup.sources.data_files import list_data_files
from ddbbackup.steps.context import RunContext


@dataclass(frozen=True, slots=True)
class Destruction:
    """``step`` restores the restore point that is shown, also if a newer one appears before the answer.

    ``items_now`` is what DynamoDB counted last, up to six hours ago. ``items_in_backup`` counts the full backup, and
    ``changes`` those of its windows. ``lost`` is a sentence without its period. ``differences``: of a mirror, which
    the comparison of ``step`` found. ``passed_over`` says which newer backups cannot be restored, and why.
    """

    step: RestoreTable
    account: str
    region: str
    backup: str
    time: datetime | None
    items_now: int
    items_in_backup: int | None
    changes: int
    lost: str
    differences: Counts | None = None
    passed_over: tuple[str, ...] = ()


async def find_destruction(context: RunContext, step: RestoreTable) -> Destruction | None:
    """None if the step only writes items that cannot replace others, or cannot be carried out. Only reads.

    The step of a mirror then holds a comparison to close. Raises ``Refused`` if it would delete too many items.
    """
    restore = step.restore
    if step.confirmed or not may_destroy(restore):
        return None
    try:
        resolved = await context.call(resolve_restore, context, restore, step.target)
    except DdbBackupError:
        return None  # the step will say why
    target, backup = resolved.target, resolved.backup
    if target is None or backup is None or not destroys(context, restore, resolved):
        return None
    identity = resolved.cloud.identity
    summary = backup.opened.summary
    recorded = time_of_id(backup.label) if is_backup_id(backup.label) else None
    time = recorded or (summary.export_time if summary is not None else None)
    step = replace(_pinned(step, backup.label), passed_over=resolved.passed_over)
    if restore.existing == "mirror":
        step = await _compared(context, step, resolved.cloud, backup, target)
        if step.comparison is None:
            return None
    return Destruction(
        step=step,
        account=identity.account,
        region=identity.region,
        backup=backup.label,
        time=time,
        items_now=target.item_count,
        items_in_backup=backup.opened.item_count,
        changes=backup.change_count,
        lost=_lost(restore),
        differences=step.comparison.counts if step.comparison is not None else None,
        passed_over=resolved.passed_over,
    )


async def _compared(
    context: RunContext, step: RestoreTable, cloud: Cloud, backup: BackupSource, target: TableFacts
) -> RestoreTable:
    """The step with its comparison; without one if it cannot be carried out."""
    if recorded_keys(backup.description) not in ((), target.keys):
        return step
    try:
        files = await context.call(list_data_files, context.source.objects, backup.opened, backup.windows)
        if files.missing or (files.archived is not None and files.archived.resting):
            return step
        comparison = await compare_target(context, step.restore, target, files, cloud)
    except DdbBackupError:
        return step  # the run meets it too, and says so
    try:
        refuse_deletes(comparison.counts, step.restore, step.target, allowed=step.allowed_deletes)
    except BaseException:
        await context.call(comparison.close)
        raise
    return replace(step, comparison=comparison)


def confirmed(steps: Sequence[RestoreTable], shown: Sequence[Destruction]) -> list[RestoreTable]:
    """The steps of a run after a person has agreed to all that was shown."""
    agreed = {each.step.id: replace(each.step, confirmed=True) for each in shown}
    return [agreed.get(step.id, step) for step in steps]


def _pinned(step: RestoreTable, label: str) -> RestoreTable:
    """The newest restore point may be another one when the answer comes."""
    source = step.restore.source
    if not isinstance(source, FromLatest) or not is_backup_id(label):
        return step
    return replace(step, restore=replace(step.restore, source=FromBackup(label, source.origin)))


def _lost(restore: Restore) -> str:
    match restore.existing:
        case "fail":
            return "nothing"
        case "keep":
            return "nothing; items that were deleted since the restore point come back"
        case "overwrite":
            return "changes since the restore point to items that it holds; other items stay"
        case "mirror":
            return "every change since the restore point, except those that are made from now on"
        case _:
            assert_never(restore.existing)
