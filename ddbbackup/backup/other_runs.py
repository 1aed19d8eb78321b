"""Says that another run has not finished the newest backup of a table, beside which a run makes its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from ddbbackup import events
from ddbbackup.catalog import Location, Record, StoredRecord
from ddbbackup.catalog.queries import IN_PROGRESS_AT_MOST
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


def in_progress(record: Record) -> str:
    """The sentence about it, in the preview and in the report."""
    return (
        f"the backup {record.id} of run {record.run} is still in progress: `ddbbackup wait` continues with it"
    )


async def notes_on_other_run(context: RunContext, location: Location) -> tuple[str, ...]:
    """The sentence, for a preview; none if the newest backup has ended, or is this run's own.

    Only the newest record is read: a run of a thousand tables must not read their history.
    """
    record = await _in_progress(context, location)
    return () if record is None else (in_progress(record),)


async def warn_of_other_run(context: RunContext, location: Location) -> tuple[str, ...]:
    """As ``notes_on_other_run``; it is also logged at once."""
    record = await _in_progress(context, location)
    if record is None:
        return ()
    log.warning(events.BACKUP_UNFINISHED, backup=record.id, message=in_progress(record))
    return (in_progress(record),)


def with_notes(outcome: Outcome, notes: Sequence[str]) -> Outcome:
    """For the report."""
    return replace(outcome, facts={**outcome.facts, "notes": list(notes)}) if notes else outcome


async def _in_progress(context: RunContext, location: Location) -> Record | None:
    newest = await context.call(lambda: next(context.catalog.of_table(location), None))
    if not isinstance(newest, StoredRecord):
        return None
    record = newest.record
    is_old = context.clock.now() - record.started_at > IN_PROGRESS_AT_MOST
    return None if record.state != "in_progress" or record.run == context.run_id or is_old else record
