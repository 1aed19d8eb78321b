"""``existing: mirror``: the target is compared with the restore point, and only what differs is written.

Before anything is written, the deletes are held against ``limits.max_deletes_percent``. An item that others change
after the comparison is left, and the restore then fails, because the table does not equal the restore point. An
interrupted restore begins again with a new comparison: what was written is equal then.
"""

from __future__ import annotations

from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.bulk.compare import CompareJob, Counts, PointComparison
from ddbbackup.bulk.mirror import mirror_point
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.errors import Refused, StepFailed
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.restore.method import LoadResult, RestoreJob, log_start
from ddbbackup.restore.progress import save_progress
from ddbbackup.restore.target import prepare_target
from ddbbackup.sources.data_files import DataFiles
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import MIRRORS, Permission

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:Scan", "target", ("restore",), MIRRORS, note="compares the table"),
    Permission("dynamodb:BatchGetItem", "target", ("restore",), MIRRORS),
    Permission("dynamodb:PutItem", "target", ("restore",), MIRRORS),
    Permission("dynamodb:DeleteItem", "target", ("restore",), MIRRORS),
)


async def load_mirror(job: RestoreJob) -> LoadResult:
    """Raises ``Refused`` for too many deletes, and what comparing and writing raise."""
    table = await prepare_target(job, method="write")
    source, context = job.backup, job.context
    log_start(job, method="write", resumed=False, notes=source.notes)
    comparison = job.comparison or await compare_target(context, job.restore, table, job.files, job.cloud)
    try:
        counts = comparison.counts
        refuse_deletes(counts, job.restore, job.target, allowed=job.allowed_deletes)
        await save_progress(job, "writing", method="write", table_id=table.table_id, run=context.run_id)
        result = await context.heavy(
            mirror_point, comparison, write_units_per_second=job.restore.limits.write_units_per_second
        )
    finally:
        await context.call(comparison.close)
    notes = list(source.notes)
    if result.doubtful:
        notes.append(
            f"the response to {result.doubtful} writes was lost: an attribute that others added to these items at "
            "that moment is lost too"
        )
    return LoadResult(
        table,
        {
            "items": counts.point_items,
            "missing": counts.missing,
            "changed": counts.changed,
            "extra": counts.extra,
            "written": result.written,
            "deleted": result.deleted,
            "kept": result.left,
            "size_bytes": sum(file.size_bytes or 0 for file in comparison.job.point.all_files),
            "throttled": result.throttled + comparison.throttled,
            "notes": notes,
        },
        shortfall=_shortfall(job.target, result.left),
    )


async def compare_target(
    context: RunContext, restore: Restore, table: TableFacts, files: DataFiles, cloud: Cloud
) -> PointComparison:
    """The caller closes it."""
    compare = CompareJob(
        point=PointData(files.files, table.keys, table.name, files.windows),
        table=table.name,
        keys=table.keys,
        directory=context.state_dir / "comparisons",
        live_items=table.item_count,
        live_bytes=table.size_bytes,
        read_units_per_second=restore.limits.read_units_per_second,
        processes=restore.limits.workers,
    )
    comparison = await context.heavy(context.compare_point, compare, target=cloud, source=context.source)
    counts = comparison.counts
    log.info(
        events.TABLE_COMPARED,
        target=table.name,
        equal=counts.equal,
        missing=counts.missing,
        changed=counts.changed,
        extra=counts.extra,
    )
    return comparison


def refuse_deletes(counts: Counts, restore: Restore, target: str, *, allowed: int | None) -> None:
    """Raises ``Refused`` if more of the items of the table are to be deleted than the plan or the user allows."""
    limit = restore.limits.max_deletes_percent
    if counts.extra * 100 <= limit * counts.live_items or (allowed is not None and counts.extra <= allowed):
        return
    raise Refused(
        f"{grouped(counts.extra)} of {counted(counts.live_items, 'item')} of {target} "
        f"{agreeing(counts.extra, 'is', 'are')} not in the restore point and would be deleted, more than "
        f"`max_deletes_percent: {limit}` allows; nothing was written",
        hint=f"look at them with `ddbbackup diff --show-keys`, then pass --yes-delete {counts.extra} to delete them",
    )


def _shortfall(target: str, left: int) -> StepFailed | None:
    if not left:
        return None
    return StepFailed(
        f"others changed {counted(left, 'item')} of {target} after the comparison, and what they wrote was left as "
        "it is, so the table does not equal the restore point",
        hint="run the same command again",
    )
