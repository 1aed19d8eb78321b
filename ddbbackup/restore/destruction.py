"""Whether a restore destroys what its target holds."""

from __future__ import annotations

from ddbbackup.plan.model import Restore
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.steps.context import RunContext


def may_destroy(restore: Restore) -> bool:
    """Judged by the plan alone: ``fail`` writes only into a table without items."""
    return restore.existing != "fail" and not restore.schema_only


def destroys(context: RunContext, restore: Restore, resolved: ResolvedRestore) -> bool:
    """Whether items of a table that exists are replaced or deleted, or the live source of the backup is written."""
    if resolved.target is None or not may_destroy(restore):
        return False
    return restore.existing != "keep" or is_live_source(context, restore, resolved)


def is_live_source(context: RunContext, restore: Restore, resolved: ResolvedRestore) -> bool:
    """The table that was backed up, or, for a backup of another origin, the table of this name in our own."""
    live = {resolved.table_arn}
    if resolved.origin is not None:
        live.add(context.source.tables.arn(restore.table))
    return resolved.target_arn in live
