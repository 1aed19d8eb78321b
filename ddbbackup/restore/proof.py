"""Whether a table still holds what a restore put into it. A ledger, or a state file, is only a claim."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from ddbbackup import events
from ddbbackup.bulk import sample_items
from ddbbackup.bulk.model import DataFile, SampledItem
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.source import RestoreSource

log = structlog.get_logger()


async def is_still_there(job: RestoreJob) -> bool:
    """Reads a spread sample of the whole backup back from the target.

    Where there is no backup to compare with, as for a point-in-time restore, AWS's table ID has to do.
    """
    backup, target = job.resolved.backup, job.resolved.target
    if target is None:
        return False
    return backup is None or await holds_sample_of(job, target, _files(backup))


async def holds_sample_of(job: RestoreJob, table: TableFacts, files: Sequence[DataFile]) -> bool:
    """Whether a spread sample of these files is in the table, as it is in the backup unless the plan keeps others."""
    context = job.context
    if not files:
        return True
    sample = await context.heavy(
        sample_items, files, context.source.objects, table.keys, seed=len(files), stop=context.stop
    )
    missing = await count_missing(job, table, sample)
    if missing:
        log.warning(
            events.TARGET_WARNED,
            target=job.target,
            message=f"{missing} of {len(sample)} items that an earlier run restored are gone or changed, so nothing "
            "is skipped",
        )
    return missing == 0


async def count_missing(job: RestoreJob, table: TableFacts, sample: Sequence[SampledItem]) -> int:
    """How many items of a sample the table lacks, or holds with other attributes than the backup."""
    if not sample:
        return 0
    context = job.context
    comparison = await context.heavy(context.compare_items, job.target, table.keys, sample, target=job.cloud)
    different = 0 if job.restore.existing == "keep" else len(comparison.different)
    return len(comparison.missing) + different


def _files(backup: RestoreSource) -> Sequence[DataFile]:
    return [file for file in backup.opened.files if file.item_count]
