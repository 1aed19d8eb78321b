"""Restore method ``write``: ddbbackup puts every item of the backup, and the counts must match."""

from __future__ import annotations

import secrets
from typing import Final, assert_never

import structlog

from ddbbackup import events
from ddbbackup.bulk import open_ledger
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import Existing, WriteJob, WriteResult
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.json_value import Json
from ddbbackup.ports import TableFacts
from ddbbackup.restore.blockers import write_blockers
from ddbbackup.restore.estimate import estimate_write
from ddbbackup.restore.index_keys import AFTER_LOAD_HINT, index_keys, join_keys, refused_keys
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.progress import save_progress
from ddbbackup.restore.proof import holds_sample_of, prove_written
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.source import RestoreSource
from ddbbackup.restore.target import prepare_target
from ddbbackup.steps.permissions import INTO_TABLES, PUTS_ALL, Permission

log = structlog.get_logger()

PERMISSIONS: Final = (
    Permission("dynamodb:BatchWriteItem", "target", ("restore",), PUTS_ALL),
    Permission(
        "dynamodb:PutItem",
        "target",
        ("restore",),
        INTO_TABLES,
        note="one by one for `existing: keep`, and when an interrupted restore is continued",
    ),
)


async def load(job: RestoreJob) -> LoadResult:
    """Raises ``DataIncomplete`` unless every item of the manifest is written or kept."""
    table = await prepare_target(job, method="write")
    source, context, limits = job.backup, job.context, job.restore.limits
    notes = list(source.opened.notes)
    log_start(job, method="write", resumed=job.continues, notes=notes)
    progress = await save_progress(
        job, "writing", method="write", table_id=table.table_id, run=context.run_id
    )
    write_job = WriteJob(
        files=job.files.files,
        table=job.target,
        keys=table.keys,
        state_dir=job.state.directory,
        existing=_existing(job),
        write_units_per_second=limits.write_units_per_second,
        workers=limits.workers,
    )
    identity = RestoreIdentity(restore_id=progress.restore_id, table_id=table.table_id)
    if job.continues and not await _ledger_holds(job, table, identity):
        progress = await save_progress(job, "writing", method="write", restore_id=secrets.token_hex(16))
        identity = RestoreIdentity(restore_id=progress.restore_id, table_id=table.table_id)
    with open_ledger(job.state.directory, identity) as ledger:
        result = await context.heavy(
            context.write_items, write_job, ledger=ledger, target=job.cloud, source=context.source
        )
    await context.call(_check_counts, source, result, table)
    if (
        job.restore.existing == "fail"
    ):  # with the others, the table may be in use, and every put was acknowledged
        await prove_written(job, table, result.sample)
    facts: dict[str, Json] = {
        "items": source.opened.item_count,
        "written": result.written + result.equal,  # equal items are those that an interrupted run wrote
        "kept": result.kept,
        "size_bytes": result.size_bytes,
        "resumed_files": result.resumed_files,
        "throttled": result.throttled,
        "notes": notes,
    }
    return LoadResult(table, facts)


async def _ledger_holds(job: RestoreJob, table: TableFacts, identity: RestoreIdentity) -> bool:
    """Whether the files that the ledger calls finished are in the table, as far as a spread sample shows."""
    with open_ledger(job.state.directory, identity) as ledger:
        finished = {file.key for file in ledger.finished_files()}
    return await holds_sample_of(job, table, [file for file in job.files.files if file.key in finished])


def _existing(job: RestoreJob) -> Existing:
    """What happens to an existing item. ``fail`` has ensured that the table was empty, so every item is put.

    When such a restore is continued, others may have written to the table meanwhile: their items are compared.
    """
    match job.restore.existing:
        case "keep":
            return "keep"
        case "fail":
            return "verify" if job.continues else "overwrite"
        case "overwrite":
            return "overwrite"
        case _:
            assert_never(job.restore.existing)


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    return can_resume(job, earlier, method="write")


def _check_counts(source: RestoreSource, result: WriteResult, table: TableFacts) -> None:
    """Every item must be in the table. With a rejected or a different item, the table is not restored. Blocking."""
    expected = source.opened.item_count
    refused = result.rejected + result.different
    in_table = f"{result.written} were written and {result.kept + result.equal} kept"
    if refused:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in result.reasons)
        log.error(
            events.ITEMS_REJECTED, rejected=refused, rejects_file=str(result.rejects_file), reasons=reasons
        )
        if keys := refused_keys(result.rejects_file, index_keys(table.description)):
            raise DataIncomplete(
                f"{refused} of {expected} items were rejected ({reasons}) because of an index of {table.name}: "
                f"{join_keys(keys)}; {in_table}",
                hint=AFTER_LOAD_HINT,
            )
        raise DataIncomplete(
            f"{refused} of {expected} items were rejected ({reasons}); {in_table}",
            hint=f"correct the rejected items in {result.rejects_file}, then put them into the table",
        )
    if result.item_count != expected:
        raise DataIncomplete(
            f"{in_table}, but the backup holds {expected} items",
            hint="verify the backup, then run the restore again with `existing: overwrite`",
        )
    if result.suspect_files:
        raise DataIncomplete(
            f"{len(result.suspect_files)} data files arrived damaged after some of their items had been put, first "
            f"{result.suspect_files[0]}; they were read again and put, but the table may hold damaged items too",
            hint="restore into a new table",
        )


METHOD: Final = RestoreMethod(write_blockers, estimate_write, _continues, load)
