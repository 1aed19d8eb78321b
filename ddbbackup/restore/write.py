"""Restore method ``write``: every item of the backup goes into the table as a put, and the counts must close."""

from __future__ import annotations

from typing import Final, Literal, assert_never

import structlog

from ddbbackup import events
from ddbbackup.bulk.model import WriteJob, WriteResult
from ddbbackup.errors import DataIncomplete
from ddbbackup.plan.model import Restore
from ddbbackup.restore.blockers import against_write, mirror_is_not_built
from ddbbackup.restore.estimate import by_writing
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.source import RestoreSource
from ddbbackup.restore.state import RestoreProgress, mark
from ddbbackup.restore.target import prepare_target
from ddbbackup.steps.permissions import KEEPS, PUTS_ALL, Permission

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:BatchWriteItem", "target", ("restore",), PUTS_ALL),
    Permission("dynamodb:PutItem", "target", ("restore",), KEEPS),
)


async def load(job: RestoreJob) -> LoadResult:
    """Raises ``DataIncomplete`` unless every item of the manifest is accounted for."""
    table = await prepare_target(job, method="write")
    source, context, limits = job.backup, job.context, job.restore.limits
    notes = list(source.opened.notes)
    log_start(job, method="write", resumed=job.continues, notes=notes)
    mark(
        job.state,
        job.state.read(),
        stage="writing",
        now=context.clock.now(),
        table_id=table.table_id,
        run=context.run_id,
    )
    wanted = WriteJob(
        files=job.files.files,
        table=job.target,
        keys=table.keys,
        state_dir=job.state.directory,
        existing=_existing(job.restore),
        write_units_per_second=limits.write_units_per_second,
        workers=limits.workers,
    )
    result = await context.heavy(context.write_items, wanted, target=job.cloud, source=context.source)
    _account(source, result)
    facts = {
        "items": source.opened.item_count,
        "written": result.written,
        "kept": result.kept,
        "size_bytes": result.size_bytes,
        "resumed_files": result.resumed_files,
        "throttled": result.throttled,
        "notes": notes,
    }
    return LoadResult(table, facts)


def _existing(restore: Restore) -> Literal["keep", "overwrite"]:
    """What becomes of an item that is there. Into a table that was found empty every item is put."""
    match restore.existing:
        case "keep":
            return "keep"
        case "fail" | "overwrite":
            return "overwrite"
        case "mirror":
            raise mirror_is_not_built()
        case _:
            assert_never(restore.existing)


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return can_resume(job, earlier, method="write")


def _account(source: RestoreSource, result: WriteResult) -> None:
    """Every item is written, kept or rejected, and a restore with rejected items has not restored the table."""
    expected = source.opened.item_count
    counted = result.written + result.kept + result.rejected
    if result.rejected:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in result.reasons)
        log.error(
            events.ITEMS_REJECTED,
            rejected=result.rejected,
            rejects_file=str(result.rejects_file),
            reasons=reasons,
        )
        raise DataIncomplete(
            f"{result.rejected} of {expected} items were rejected ({reasons}); "
            f"{result.written} were written and {result.kept} kept",
            hint=f"the rejected items are in {result.rejects_file}: mend and put them, then compare the table",
        )
    if counted != expected:
        raise DataIncomplete(
            f"{result.written} items were written and {result.kept} kept, but the backup holds {expected}",
            hint="verify the backup, then run the restore again with `existing: overwrite`",
        )


METHOD: Final = RestoreMethod(against_write, by_writing, _continues, load)
