"""The records of backups in the bucket, and the exports that they point at."""

from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.catalog.reading import ObservedSetting
from ddbbackup.catalog.record import Record, derive_client_token, new_backup_id
from ddbbackup.catalog.store import Catalog, Location, StoredRecord, locate

__all__ = [
    "Catalog",
    "Location",
    "ObservedSetting",
    "OpenedExport",
    "Record",
    "StoredRecord",
    "derive_client_token",
    "locate",
    "new_backup_id",
    "open_export",
]
