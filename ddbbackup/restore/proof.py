"""Whether a table still holds what a restore put into it. A ledger, or a state file, is only a claim."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog

from ddbbackup import events
from ddbbackup.bulk import sample_chain, sample_items, sample_matching
from ddbbackup.bulk.item_filter import item_filter
from ddbbackup.bulk.model import DataFile, SampledItem
from ddbbackup.bulk.read_back import Comparison
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import Progress
from ddbbackup.ports import TableFacts
from ddbbackup.restore.edits import edits_of
from ddbbackup.restore.method import RestoreJob
from ddbbackup.sources.backup_source import BackupSource

log = structlog.get_logger()


async def is_still_there(job: RestoreJob, *, lost: Collection[str] = ()) -> bool:
    """Reads a spread sample of the whole backup back from the target, except for the ``lost`` files (URIs).

    Where there is no backup to compare with, as for a point-in-time restore, AWS's table ID has to do.
    """
    backup, target = job.resolved.backup, job.resolved.target
    if target is None:
        return False
    return backup is None or await holds_sample_of(job, target, _files_of_chain(backup), lost=lost)


async def holds_sample_of(
    job: RestoreJob, table: TableFacts, files: Sequence[DataFile], *, lost: Collection[str] = ()
) -> bool:
    """Whether a spread sample of these files is in the table, as it is in the backup unless the plan keeps others.

    ``lost`` are the URIs of files that cannot be read.
    """
    comparison = await _compare(job, table, await _sample(job, table, files, lost))
    changed = len(comparison.different) if job.restore.existing != "keep" else 0
    if gone := len(comparison.missing) + changed:
        log.warning(
            events.TARGET_WARNED,
            target=job.target,
            message=f"{counted(gone, 'sampled item')} of an earlier run {agreeing(gone, 'is', 'are')} gone or "
            "changed, so nothing is skipped",
        )
    return not gone


async def prove_loaded(job: RestoreJob, table: TableFacts) -> None:
    """For jobs of AWS, whose counts say what was written and not what the table holds now.

    Raises ``DataIncomplete`` as ``prove_written`` does.
    """
    await prove_written(job, table, await _sample(job, table, _files(job.backup)))


async def prove_written(job: RestoreJob, table: TableFacts, sample: Sequence[SampledItem]) -> None:
    """Reads items back that were just written. Raises ``DataIncomplete`` unless all of them are in the table.

    Other attributes count only for ``existing: fail``: with ``keep`` and ``overwrite`` others may use the table.
    """
    comparison = await _compare(job, table, sample)
    different = len(comparison.different) if job.restore.existing == "fail" else 0
    if missing := len(comparison.missing) + different:
        read_back = f"{counted(len(sample), 'item')} that {agreeing(len(sample), 'was', 'were')} read back"
        are, differ = agreeing(missing, "is", "are"), agreeing(missing, "differs", "differ")
        raise DataIncomplete(
            f"of {read_back}, {grouped(missing)} {are} missing from {job.target} or {differ}",
            hint="find out who else writes to the table, then restore into a new one",
        )


async def _sample(
    job: RestoreJob, table: TableFacts, files: Sequence[DataFile], lost: Collection[str] = ()
) -> Sequence[SampledItem]:
    """Of a chain, items in their last state: of the full backup what no window changes, and of the last window."""
    files = [file for file in files if file.uri not in lost]
    if not files:
        return ()
    context, edits = job.context, edits_of(job.restore)
    context.on_progress(Progress(job.target, "prove", 0, None))
    readable = ([file for file in window.files if file.uri not in lost] for window in job.backup.windows)
    windows = [window for window in readable if any(file.item_count for file in window)]
    if job.restore.only is not None:
        only = item_filter(job.restore.only, table.keys)
        return await context.heavy(
            sample_matching,
            files,
            windows,
            context.source.objects,
            table.keys,
            only,
            stop=context.stop,
            edits=edits,
        )
    if windows:
        return await context.heavy(
            sample_chain, files, windows, context.source.objects, table.keys, stop=context.stop, edits=edits
        )
    return await context.heavy(
        sample_items,
        files,
        context.source.objects,
        table.keys,
        seed=len(files),
        stop=context.stop,
        edits=edits,
    )


async def _compare(job: RestoreJob, table: TableFacts, sample: Sequence[SampledItem]) -> Comparison:
    context = job.context
    if not sample:
        return Comparison()
    context.on_progress(Progress(job.target, "prove", 0, None))
    return await context.heavy(context.compare_items, job.target, table.keys, sample, target=job.cloud)


def _files(backup: BackupSource) -> Sequence[DataFile]:
    return [file for file in backup.opened.files if file.item_count]


def _files_of_chain(backup: BackupSource) -> Sequence[DataFile]:
    windows = (file for window in backup.windows for file in window.files if file.item_count)
    return [*_files(backup), *windows]
