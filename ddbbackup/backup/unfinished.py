"""What the steps of ``wait`` share: each completes a backup that an earlier run left in progress, or gives it up."""

from __future__ import annotations

from dataclasses import replace

from ddbbackup.catalog import Record, RecordedFailure, StoredRecord
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.steps.context import RunContext


def finish_id(record: Record) -> str:
    """The ID of the step."""
    return f"finish {record.id} of {record.table.name}"


def will_complete(record: Record, summary: str, *, kind: str) -> Assessment[None]:
    """The assessment of a backup that can be completed."""
    action = f"complete the record {record.id}"
    facts = {"backup": record.id}
    return Assessment(
        finish_id(record), kind, record.table.name, summary, None, actions=(action,), facts=facts
    )


def will_refuse(assessment: Assessment[None], blocker: Blocker) -> Assessment[None]:
    """The assessment of a backup that the run leaves as it is."""
    return replace(assessment, actions=(), blockers=(blocker,))


def will_record_failed(assessment: Assessment[None], record: Record, blocker: Blocker) -> Assessment[None]:
    """The assessment of a backup that cannot be completed any more; its blocker is raised after that is recorded."""
    action = f"record the backup {record.id} as failed"
    return replace(assessment, summary=action, actions=(action,), blockers=(blocker,))


async def record_failed(context: RunContext, stored: StoredRecord, code: str, message: str) -> None:
    """Writes the record as failed. ``code`` is that of AWS, or the name of our error."""
    failed = replace(
        stored.record,
        state="failed",
        completed_at=context.clock.now(),
        failure=RecordedFailure(code=code, message=message),
    )
    await context.call(context.catalog.update, stored, failed)
