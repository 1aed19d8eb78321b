"""Whether an on-demand backup that AWS describes is the one that a record claims."""

from __future__ import annotations

from ddbbackup.catalog.record import RecordedSnapshot
from ddbbackup.catalog.store import StoredRecord
from ddbbackup.errors import Bug
from ddbbackup.ports import Snapshot


def made_by_snapshot(stored: StoredRecord) -> RecordedSnapshot:
    """Raises ``Bug`` for the record of another backup: no caller has any."""
    if stored.record.snapshot is None:
        raise Bug(f"the backup {stored.record.id} is made by {stored.record.made_by}")
    return stored.record.snapshot


def snapshot_arn(stored: StoredRecord) -> str:
    """Raises ``Bug`` if the backup was not created yet."""
    arn = made_by_snapshot(stored).arn
    if arn is None:
        raise Bug(f"the backup {stored.record.id} has no on-demand backup yet")
    return arn


def is_snapshot_of(snapshot: Snapshot, stored: StoredRecord) -> bool:
    """Whether name and table of a described backup are those of the record's run."""
    return (
        snapshot.name == made_by_snapshot(stored).name
        and snapshot.table_arn == stored.location.table_arn
        and snapshot.table_id in (None, stored.record.table.id)
    )
