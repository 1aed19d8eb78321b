"""The records of backups in buckets, and the exports that they describe."""

from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.catalog.location import Location, locate
from ddbbackup.catalog.observed_setting import ObservedSetting
from ddbbackup.catalog.record import (
    RECORD_VERSION,
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedDestination,
    RecordedExport,
    RecordedFailure,
    RecordedScan,
    RecordedSnapshot,
    RecordedTable,
    RecordedVerification,
    derive_client_token,
    new_backup_id,
)
from ddbbackup.catalog.restore_points import RestorePoint, restore_points
from ddbbackup.catalog.store import BadRecord, Catalog, StoredRecord
from ddbbackup.catalog.table_documents import description_document, settings_document

__all__ = [
    "RECORD_VERSION",
    "BadRecord",
    "Catalog",
    "Location",
    "ObservedSetting",
    "OpenedExport",
    "Record",
    "RecordedChain",
    "RecordedCoverage",
    "RecordedData",
    "RecordedDestination",
    "RecordedExport",
    "RecordedFailure",
    "RecordedScan",
    "RecordedSnapshot",
    "RecordedTable",
    "RecordedVerification",
    "RestorePoint",
    "StoredRecord",
    "derive_client_token",
    "description_document",
    "locate",
    "new_backup_id",
    "open_export",
    "restore_points",
    "settings_document",
]
