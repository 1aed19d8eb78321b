"""The facts by which a person decides whether a restore may destroy what its target holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.backup_id import is_backup_id, time_of_id
from ddbbackup.plan.model import Restore
from ddbbackup.plan.restore_from import FromBackup, FromLatest
from ddbbackup.restore.destruction import destroys, may_destroy
from ddbbackup.restore.resolve import resolve_restore
from ddbbackup.restore.restore_table import RestoreTable
from ddbbackup.steps.context import RunContext


@dataclass(frozen=True, slots=True)
class Destruction:
    """``step`` restores the restore point that is shown, also if a newer one appears before the answer.

    ``items_now`` is what DynamoDB counted last, up to six hours ago. ``items_in_backup`` counts the full backup, and
    ``changes`` those of its windows. ``lost`` is a sentence without its period.
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


async def find_destruction(context: RunContext, step: RestoreTable) -> Destruction | None:
    """None if the step only writes items that cannot replace others, or cannot be carried out. Only reads."""
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
    return Destruction(
        step=_pinned(step, backup.label),
        account=identity.account,
        region=identity.region,
        backup=backup.label,
        time=time,
        items_now=target.item_count,
        items_in_backup=backup.opened.item_count,
        changes=backup.change_count,
        lost=_lost(restore),
    )


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
        case _:
            assert_never(restore.existing)
