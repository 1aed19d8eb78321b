"""Says that another run has not finished the newest backup of a table, beside which a run makes its own."""

from __future__ import annotations

import structlog

from ddbbackup import events
from ddbbackup.catalog import Location, Record, StoredRecord
from ddbbackup.catalog.queries import IN_PROGRESS_AT_MOST
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


def in_progress(record: Record) -> str:
    """The sentence about it, in the preview and in the report."""
    return (
        f"the backup {record.id} of run {record.run} is still in progress: `ddbbackup wait` continues with it"
    )


async def warn_of_other_run(context: RunContext, location: Location) -> tuple[str, ...]:
    """The sentence, which is also logged at once; none if the newest backup has ended, or is this run's own.

    Only the newest record is read: a run of a thousand tables must not read their history.
    """
    newest = await context.call(lambda: next(context.catalog.of_table(location), None))
    if not isinstance(newest, StoredRecord):
        return ()
    record = newest.record
    is_old = context.clock.now() - record.started_at > IN_PROGRESS_AT_MOST
    if record.state != "in_progress" or record.run == context.run_id or is_old:
        return ()
    log.warning(events.BACKUP_UNFINISHED, backup=record.id, message=in_progress(record))
    return (in_progress(record),)
