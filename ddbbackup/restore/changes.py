"""Write the changes of a chain into a table that something else has filled with the full backup before them."""

from __future__ import annotations

from typing import Final

from ddbbackup.bulk import open_ledger
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import WriteJob, WriteResult
from ddbbackup.model.json_value import Json
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.progress import save_progress
from ddbbackup.restore.written_counts import check_counts
from ddbbackup.steps.permissions import IMPORTS_CHAINS, Permission

PERMISSIONS: Final = (
    Permission(
        "dynamodb:BatchWriteItem",
        "target",
        ("restore",),
        IMPORTS_CHAINS,
        note="the changes that follow the imported full backup",
    ),
)


async def write_changes(job: RestoreJob, table: TableFacts, *, method: str) -> WriteResult | None:
    """Puts and deletes the last state of each changed item; None if the restore point is a full backup.

    A run that is interrupted meanwhile is continued: what it wrote is in the ledger. Raises ``DataIncomplete`` unless
    every change is accounted for.
    """
    if not job.backup.windows:
        return None
    progress = await save_progress(job, "writing", method=method, table_id=table.table_id)
    write_job = WriteJob(
        files=(),
        windows=job.files.windows,
        deletes=True,
        table=job.target,
        keys=table.keys,
        state_dir=job.state.directory,
        write_units_per_second=job.restore.limits.write_units_per_second,
        workers=job.restore.limits.workers,
    )
    identity = RestoreIdentity(restore_id=progress.restore_id, table_id=table.table_id)
    with open_ledger(job.state.directory, identity) as ledger:
        result = await job.context.heavy(
            job.context.write_items,
            write_job,
            ledger=ledger,
            target=job.cloud,
            source=job.context.source,
        )
    await job.context.call(check_counts, result, table, expected=job.backup.change_count)
    return result


def chain_facts(job: RestoreJob, result: WriteResult) -> dict[str, Json]:
    """For reports: of a restore point that needs windows, how its counts close. Empty for a full backup."""
    if not job.backup.windows:
        return {}
    return {
        "windows": len(job.backup.windows),
        "changes": job.backup.change_count,
        "superseded": result.superseded,
        "deleted": result.deleted,
    }
