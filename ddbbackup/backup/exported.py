"""Whether an export that AWS describes is the one that a record claims."""

from __future__ import annotations

from ddbbackup.archive.layout import export_prefix
from ddbbackup.catalog import StoredRecord
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import Export


def is_of(export: Export, stored: StoredRecord) -> bool:
    """Whether table, token and bucket are those of the record's run, and the data lies where the plan puts it."""
    location, record = stored.location, stored.record
    return (
        export.table_arn == location.table_arn
        and record.export is not None
        and (export.export_type == "INCREMENTAL_EXPORT") == (record.kind == "window")
        and export.client_token == record.export.client_token
        and export.bucket == location.bucket
        and (export.prefix or None) == export_prefix(location.prefix)
    )


def require_own(export: Export, stored: StoredRecord) -> None:
    """Raises ``DataIncomplete`` for an export that is not of the record's run."""
    if not is_of(export, stored):
        raise DataIncomplete(
            f"the export that the record {stored.record.id} names is not the one that its run started",
            hint=f"run `ddbbackup backup --only {stored.location.table}`, and find out who changed the record",
        )
