"""AWS as the rest of ddbbackup sees it: one Protocol per subject, and the frozen values that they exchange.

``aws`` implements the Protocols with boto3, tests and simulations in memory. Times are aware datetimes in UTC, sizes
are in bytes. Every method may raise ``AccessDenied``, ``Unreachable``, ``Throttled`` or ``StepFailed``; its docstring
names the other errors.
"""

from ddbbackup.ports.access_keys import AccessKeys, KeyRequest, Side
from ddbbackup.ports.buckets import BucketEncryption, Buckets, LifecycleRule, ObjectLock
from ddbbackup.ports.bulk_access import BulkAccess, BulkOperation, BulkResponse, BulkTransport, ItemOperation
from ddbbackup.ports.bulk_puts import (
    MIN_WRITE_UNITS,
    BulkPut,
    BulkPutPage,
    BulkPutRequest,
    BulkPuts,
    BulkPutStatus,
    BulkPutSummary,
)
from ddbbackup.ports.cloud import Cloud, Identity, Place
from ddbbackup.ports.exports import (
    EXPORTS_IN_FLIGHT,
    Export,
    ExportPage,
    ExportRequest,
    Exports,
    ExportStatus,
    ExportSummary,
    ExportType,
    ExportView,
)
from ddbbackup.ports.imports import Import, ImportPage, ImportRequest, Imports, ImportStatus, ImportSummary
from ddbbackup.ports.kms import KmsKeyFacts, KmsKeys
from ddbbackup.ports.objects import (
    DELETE_AT_MOST,
    Archive,
    ArchiveTier,
    ObjectFacts,
    Objects,
    ObjectStream,
    RetrievalTier,
    Upload,
    UploadedPart,
)
from ddbbackup.ports.pitr_restores import PitrRestore, PitrRestoreRequest, PitrRestores
from ddbbackup.ports.settings import Scaling, Settings
from ddbbackup.ports.snapshots import (
    Snapshot,
    SnapshotRestore,
    SnapshotRestoreRequest,
    Snapshots,
    SnapshotStatus,
)
from ddbbackup.ports.tables import KeyAttribute, PitrWindow, TableFacts, Tables
from ddbbackup.ports.topics import Topics

__all__ = [
    "DELETE_AT_MOST",
    "EXPORTS_IN_FLIGHT",
    "MIN_WRITE_UNITS",
    "AccessKeys",
    "Archive",
    "ArchiveTier",
    "BucketEncryption",
    "Buckets",
    "BulkAccess",
    "BulkOperation",
    "BulkPut",
    "BulkPutPage",
    "BulkPutRequest",
    "BulkPutStatus",
    "BulkPutSummary",
    "BulkPuts",
    "BulkResponse",
    "BulkTransport",
    "Cloud",
    "Export",
    "ExportPage",
    "ExportRequest",
    "ExportStatus",
    "ExportSummary",
    "ExportType",
    "ExportView",
    "Exports",
    "Identity",
    "Import",
    "ImportPage",
    "ImportRequest",
    "ImportStatus",
    "ImportSummary",
    "Imports",
    "ItemOperation",
    "KeyAttribute",
    "KeyRequest",
    "KmsKeyFacts",
    "KmsKeys",
    "LifecycleRule",
    "ObjectFacts",
    "ObjectLock",
    "ObjectStream",
    "Objects",
    "PitrRestore",
    "PitrRestoreRequest",
    "PitrRestores",
    "PitrWindow",
    "Place",
    "RetrievalTier",
    "Scaling",
    "Settings",
    "Side",
    "Snapshot",
    "SnapshotRestore",
    "SnapshotRestoreRequest",
    "SnapshotStatus",
    "Snapshots",
    "TableFacts",
    "Tables",
    "Topics",
    "Upload",
    "UploadedPart",
]
