"""Restore method ``write``: ddbbackup puts every item of the backup, and the counts must match.

It deletes nothing (docs/decisions/0025): of a chain, the lines of items that a window deleted are left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from itertools import chain
from typing import Final, assert_never

from ddbbackup.bulk import open_ledger
from ddbbackup.bulk.item_filter import item_filter
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import Existing, WriteJob, WriteResult
from ddbbackup.errors import Bug, DataIncomplete
from ddbbackup.model.json_value import Json
from ddbbackup.ports import TableFacts
from ddbbackup.restore.blockers import write_blockers
from ddbbackup.restore.changes import chain_facts
from ddbbackup.restore.damaged_hint import damaged_hint
from ddbbackup.restore.edits import edits_of
from ddbbackup.restore.estimate import estimate_write
from ddbbackup.restore.incomplete import lost_facts, proven_files
from ddbbackup.restore.method import LoadResult, RestoreJob, RestoreMethod, can_resume, log_start
from ddbbackup.restore.mirror import load_mirror
from ddbbackup.restore.progress import save_progress
from ddbbackup.restore.proof import holds_sample_of, prove_written
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.target import prepare_target
from ddbbackup.restore.written_counts import check_counts
from ddbbackup.steps.permissions import INTO_TABLES, PUTS_ALL, Permission

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
    """Raises ``DataIncomplete`` unless every item is written or kept, and every other line accounted for.

    ``existing: mirror`` is another way to write, in ``mirror``.
    """
    if job.restore.existing == "mirror":
        return await load_mirror(job)
    table = await prepare_target(job, method="write")
    source, context, limits = job.backup, job.context, job.restore.limits
    notes = list(source.notes)
    log_start(job, method="write", resumed=job.continues, notes=notes)
    progress = await save_progress(
        job, "writing", method="write", table_id=table.table_id, run=context.run_id
    )
    proven = await proven_files(job)
    write_job = WriteJob(
        files=proven.files,
        windows=proven.windows,
        table=job.target,
        keys=table.keys,
        state_dir=job.state.directory,
        existing=_existing(job),
        write_units_per_second=limits.write_units_per_second,
        workers=limits.workers,
        edits=edits_of(job.restore),
        only=item_filter(job.restore.only, table.keys) if job.restore.only is not None else None,
    )
    identity = RestoreIdentity(restore_id=progress.restore_id, table_id=table.table_id)
    lost = {each.uri for each in proven.lost}
    if job.continues and not await _ledger_holds(job, table, identity, lost):
        progress = await save_progress(job, "writing", method="write", restore_id=secrets.token_hex(16))
        identity = RestoreIdentity(restore_id=progress.restore_id, table_id=table.table_id)
    with open_ledger(job.state.directory, identity) as ledger:
        try:
            result = await context.heavy(
                context.write_items, write_job, ledger=ledger, target=job.cloud, source=context.source
            )
        except DataIncomplete as error:
            hint = await context.call(damaged_hint, job)
            raise DataIncomplete(error.message, hint=hint) from error
    expected = proven.line_count if job.accepts_incomplete else source.line_count
    await context.call(check_counts, result, table, expected=expected, accepts_rejects=job.accepts_incomplete)
    if (
        job.restore.existing == "fail"
    ):  # with the others, the table may be in use, and every put was acknowledged
        await prove_written(job, table, result.sample)
    facts: dict[str, Json] = {
        "items": result.item_count,
        "written": result.written + result.equal,  # equal items are those that an interrupted run wrote
        "kept": result.kept,
        "size_bytes": result.size_bytes,
        "resumed_files": result.resumed_files,
        "throttled": result.throttled,
        **chain_facts(job, result),
        **({"changed": result.changed} if job.restore.change is not None else {}),
        **_partial_facts(job, result),
        **lost_facts(proven.lost, rejected=result.rejected + result.different),
        "notes": notes,
    }
    return LoadResult(table, facts)


def _partial_facts(job: RestoreJob, result: WriteResult) -> dict[str, Json]:
    """Of a restore with ``only``: what it selects, and how many items and changes it left out."""
    only = job.restore.only
    return {} if only is None else {"only": only.label, "left_out": result.left_out}


async def _ledger_holds(
    job: RestoreJob, table: TableFacts, identity: RestoreIdentity, lost: Collection[str]
) -> bool:
    """Whether the files that the ledger calls finished are in the table, as far as a spread sample shows."""
    with open_ledger(job.state.directory, identity) as ledger:
        finished = {file.key for file in ledger.finished_files()}
    files = (*job.files.files, *chain.from_iterable(job.files.windows))
    return await holds_sample_of(job, table, [file for file in files if file.key in finished], lost=lost)


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
        case "mirror":
            raise Bug("a mirror compares items before it writes them")
        case _:
            assert_never(job.restore.existing)


def _continues(job: RestoreJob, earlier: RestoreProgress) -> bool:
    """A mirror begins with a comparison each time: what an earlier run wrote is equal."""
    return job.restore.existing != "mirror" and can_resume(job, earlier, method="write")


METHOD: Final = RestoreMethod(write_blockers, estimate_write, _continues, load)
