"""Whether a table is the one that an interrupted run requested by a restore into a new table.

RestoreTableToPointInTime and RestoreTableFromBackup have no client token. A run that is killed between the answer of
AWS and its own note leaves a table that no later run knows. What AWS says about the table can prove where it comes
from; ``--adopt`` accepts that proof. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ddbbackup.model.json_value import JsonObject, get_object, get_text
from ddbbackup.ports import TableFacts
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.times import from_iso, to_iso

_CLOCK_SKEW: Final = timedelta(minutes=2)  # the largest expected difference of the clock of AWS and ours
_NOT_REQUESTED: Final = "no earlier run of this restore has recorded a request without its answer"
_NO_SUMMARY: Final = "AWS says where a table was restored from only until the restore has ended"


def restore_summary(table: TableFacts) -> JsonObject:
    """What AWS says about the restore that made the table: only until it is ACTIVE (observed on AWS)."""
    return get_object(table.description, "RestoreSummary")


def restored_time(table: TableFacts) -> datetime | None:
    return from_iso(get_text(restore_summary(table), "RestoreDateTime"))


def objection(
    saved: RestoreProgress | None,
    table: TableFacts,
    *,
    source_key: str,
    source_arn: str,
    time: datetime | None,
) -> str | None:
    """Why the table is not proven to be the one that the saved request made; None if it is.

    ``time`` is that of the request, None for the latest restorable time.
    """
    if saved is None or (saved.method, saved.stage, saved.table_id) != ("point-in-time", "requested", None):
        return _NOT_REQUESTED
    summary, restored = restore_summary(table), restored_time(table)
    if not summary:
        return _NO_SUMMARY
    if summary.get("SourceTableArn") != source_arn:
        return "AWS says that it was restored from another table"
    if reason := _not_under_way(saved, table):
        return reason
    if saved.source != source_key:
        return f"the earlier run requested another time; AWS restores the table as of {to_iso(restored)}"
    created = _created(table)
    if restored is None or created is None or not _is_requested(restored, time, saved, created):
        return f"AWS restores it as of {to_iso(restored)}, which the earlier run did not request"
    return None


def snapshot_objection(
    saved: RestoreProgress | None, table: TableFacts, *, source_key: str, snapshot_arn: str
) -> str | None:
    """The same for a restore of an on-demand backup."""
    if saved is None or (saved.method, saved.stage, saved.table_id) != ("snapshot", "requested", None):
        return _NOT_REQUESTED
    summary = restore_summary(table)
    if not summary:
        return _NO_SUMMARY
    if summary.get("SourceBackupArn") != snapshot_arn or saved.source != source_key:
        return "AWS says that it was not restored from this on-demand backup"
    return _not_under_way(saved, table)


def _not_under_way(saved: RestoreProgress, table: TableFacts) -> str | None:
    """Why the table is not being restored for the saved request."""
    if restore_summary(table).get("RestoreInProgress") is not True:
        return "its restore has ended, so others may have written to it"
    created = _created(table)
    if created is None or created < saved.updated_at - _CLOCK_SKEW:
        return f"it is older than the request of {to_iso(saved.updated_at)}"
    return None


def _created(table: TableFacts) -> datetime | None:
    return from_iso(get_text(table.description, "CreationDateTime"))


def _is_requested(
    restored: datetime, time: datetime | None, saved: RestoreProgress, created: datetime
) -> bool:
    """The requested second; or, for the latest restorable time, between that before the request and the creation."""
    restored = restored.replace(microsecond=0)
    if time is not None:
        return restored == time.replace(microsecond=0)
    earliest = from_iso(saved.requested_time) if saved.requested_time is not None else None
    return earliest is not None and earliest.replace(microsecond=0) <= restored <= created
