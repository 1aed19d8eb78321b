"""`indexes: after-load`: the global secondary indexes of the target are added after its data, one at a time.

AWS accepts one index at a time, and fills it while the table is ACTIVE. An item with an index key of another type, or
an empty one, is left out of the index (DynamoDB guide: Managing global secondary indexes); a table that has the index
refuses the item.
"""

from __future__ import annotations

from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused, StepFailed, Unreachable
from ddbbackup.model.json_value import JsonObject
from ddbbackup.model.progress import Progress
from ddbbackup.model.table_description import index_names
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.progress import save_progress
from ddbbackup.restore.settings import missing_indexes
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.permissions import ADDS_INDEXES, Permission
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("dynamodb:UpdateTable", "target", ("restore",), ADDS_INDEXES),)
# Observed on AWS for empty tables and tables with one item.
OBSERVED_MINUTES: Final = "8 to 17"


async def add_indexes(job: RestoreJob, table: TableFacts, *, method: str) -> TableFacts:
    """The target with all recorded indexes, if the restore adds them. It has all data already.

    Continues where an interrupted run stopped: an index that exists is not created again. Raises what AWS raises,
    ``StepFailed`` for an index that AWS drops, and ``TimedOut`` while AWS is still filling one.
    """
    if job.restore.target.indexes != "after-load":
        return table
    call_aws = AwsCaller(job.context, job.cloud)
    table = await wait_for_table(call_aws, job.target, until="idle")
    missing = missing_indexes(job.resolved, table)
    for number, (index, change) in enumerate(missing.items()):
        _show(job, number, len(missing))
        await _create(call_aws, job.target, index, change)
        table = await wait_for_table(call_aws, job.target, until="idle")
        if index not in index_names(table.description):
            raise StepFailed(
                f"AWS accepted the index {index} of {job.target}, but the table does not have it",
                hint="run the same restore again: it continues with the indexes",
            )
        log.info(events.INDEX_ADDED, target=job.target, index=index, done=number + 1, total=len(missing))
        await save_progress(
            job, "loaded", method=method
        )  # shows that the restore is alive: indexes take hours
    if missing:
        _show(job, len(missing), len(missing))
    return table


async def _create(call_aws: AwsCaller, table: str, index: str, change: JsonObject) -> None:
    """Raises what AWS raises, unless the table has the index all the same: only the response was lost then."""
    try:
        await call_aws("UpdateTable", lambda cloud: cloud.settings.update_table(table, change))
    except (Refused, Unreachable):
        described = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(table))
        if index not in index_names(described.description):
            raise


def _show(job: RestoreJob, done: int, total: int) -> None:
    job.context.on_progress(Progress(job.target, "index", done=done, total=total, unit="indexes"))
