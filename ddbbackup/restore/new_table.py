"""What point-in-time restores and restores of on-demand backups share: AWS makes a new table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ddbbackup.errors import TableMissing
from ddbbackup.model.json_value import JsonObject, get_object
from ddbbackup.ports import TableFacts
from ddbbackup.restore.adoption import restore_summary
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_selection import MethodName
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.target import wait_until_writable
from ddbbackup.steps.remote_jobs import wait_until_ended

Objection = Callable[[RestoreJob, RestoreProgress | None, TableFacts], str | None]
"""Why a table is not proven to be the one that an earlier run requested; None if it is."""
_VISIBLE_SECONDS: Final = 60.0  # DescribeTable may not find a table that was just requested


async def wait_until_restored(job: RestoreJob, what: str) -> TableFacts:
    """Waits until the restore is over and the table accepts writes. ``what`` names the job with its ARN.

    RestoreSummary disappears once the table is ACTIVE (observed on AWS).
    """
    clock = job.context.clock
    visible_at = clock.monotonic() + _VISIBLE_SECONDS

    def describe() -> TableFacts | None:
        try:
            return job.cloud.tables.describe(job.target)
        except TableMissing:
            if clock.monotonic() > visible_at:
                raise
            return None

    await wait_until_ended(
        job.context,
        "DescribeTable",
        describe,
        ended=lambda table: table is not None and table.status != "CREATING" and not _is_restoring(table),
        job=what,
    )
    return await wait_until_writable(job)


async def find_own_table(job: RestoreJob, objection: Objection) -> TableFacts | None:
    """The table if the SDK's first request created it and the SDK repeated the request after losing the response."""
    try:
        table = await job.context.call(lambda: job.cloud.tables.describe(job.target))
    except TableMissing:
        return None
    saved = await job.context.call(job.state.read)
    return table if objection(job, saved, table) is None else None


def continues_with(
    job: RestoreJob, earlier: RestoreProgress, method: MethodName, objection: Objection
) -> bool:
    """The recorded TableId decides. A table without it is only adopted, and only with AWS's own proof."""
    table = job.resolved.target
    if table is None or earlier.stage not in ("requested", "writing", "loaded"):
        return False
    if earlier.table_id is not None:
        return earlier.method == method and earlier.table_id == table.table_id
    return job.adopts and objection(job, earlier, table) is None


def encryption_elsewhere(description: JsonObject, *, region: str, job: RestoreJob) -> JsonObject | None:
    """The SSESpecificationOverride that AWS requires if the source is in another region than the target.

    KMS keys are regional, so KMS becomes ``aws/dynamodb`` of the other region.
    """
    if region == job.cloud.identity.region:
        return None
    uses_kms = get_object(description, "SSEDescription").get("SSEType") == "KMS"
    return {"Enabled": True, "SSEType": "KMS"} if uses_kms else {"Enabled": False}


def _is_restoring(table: TableFacts) -> bool:
    return bool(restore_summary(table).get("RestoreInProgress"))
