"""The records of backups in buckets, and the exports that they describe."""

from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.catalog.location import Location, locate
from ddbbackup.catalog.observed_setting import ObservedSetting
from ddbbackup.catalog.record import (
    RECORD_VERSION,
    Record,
    RecordedData,
    RecordedDestination,
    RecordedExport,
    RecordedFailure,
    RecordedTable,
    RecordedVerification,
    derive_client_token,
    new_backup_id,
)
from ddbbackup.catalog.store import BadRecord, Catalog, StoredRecord

__all__ = [
    "RECORD_VERSION",
    "BadRecord",
    "Catalog",
    "Location",
    "ObservedSetting",
    "OpenedExport",
    "Record",
    "RecordedData",
    "RecordedDestination",
    "RecordedExport",
    "RecordedFailure",
    "RecordedTable",
    "RecordedVerification",
    "StoredRecord",
    "derive_client_token",
    "locate",
    "new_backup_id",
    "open_export",
]
