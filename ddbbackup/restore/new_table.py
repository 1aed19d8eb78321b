"""What point-in-time restores and restores of on-demand backups share: AWS makes a new table."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import TableMissing
from ddbbackup.model.json_value import JsonObject, get_object
from ddbbackup.ports import TableFacts
from ddbbackup.restore.adoption import restore_summary
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.target import wait_until_writable
from ddbbackup.steps.remote_jobs import wait_until_ended

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
