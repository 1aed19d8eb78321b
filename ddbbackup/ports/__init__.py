"""What the inside of ddbbackup asks of the world, as Protocols, and the frozen values that cross the border.

``aws`` implements these with boto3, tests and simulations with something smaller. Times are aware UTC
datetimes; sizes are bytes. Any method may raise ``AccessDenied``, ``Unreachable`` or ``Throttled``; what else
it raises is said where it is declared.
"""

from ddbbackup.ports.buckets import BucketEncryption, Buckets, LifecycleRule, ObjectLock
from ddbbackup.ports.bulk_puts import (
    LEAST_WRITE_UNITS,
    BulkPut,
    BulkPutPage,
    BulkPutRequest,
    BulkPuts,
    BulkPutStatus,
    BulkPutSummary,
)
from ddbbackup.ports.clock import Clock, OnProgress, Progress
from ddbbackup.ports.cloud import Cloud, Identity, Place
from ddbbackup.ports.exports import (
    Export,
    ExportPage,
    ExportRequest,
    Exports,
    ExportStatus,
    ExportSummary,
    ExportType,
)
from ddbbackup.ports.imports import Import, ImportPage, ImportRequest, Imports, ImportStatus, ImportSummary
from ddbbackup.ports.items import Answer, BulkWorld, Wire
from ddbbackup.ports.kms import KmsKeyFacts, KmsKeys
from ddbbackup.ports.objects import ObjectFacts, Objects, ObjectStream
from ddbbackup.ports.recoveries import Recoveries, Recovery, RecoveryRequest
from ddbbackup.ports.settings import Members, Scaling, Settings
from ddbbackup.ports.tables import KeyAttribute, PitrWindow, TableFacts, Tables
from ddbbackup.ports.topics import Topics

__all__ = [
    "LEAST_WRITE_UNITS",
    "Answer",
    "BucketEncryption",
    "Buckets",
    "BulkPut",
    "BulkPutPage",
    "BulkPutRequest",
    "BulkPutStatus",
    "BulkPutSummary",
    "BulkPuts",
    "BulkWorld",
    "Clock",
    "Cloud",
    "Export",
    "ExportPage",
    "ExportRequest",
    "ExportStatus",
    "ExportSummary",
    "ExportType",
    "Exports",
    "Identity",
    "Import",
    "ImportPage",
    "ImportRequest",
    "ImportStatus",
    "ImportSummary",
    "Imports",
    "KeyAttribute",
    "KmsKeyFacts",
    "KmsKeys",
    "LifecycleRule",
    "Members",
    "ObjectFacts",
    "ObjectLock",
    "ObjectStream",
    "Objects",
    "OnProgress",
    "PitrWindow",
    "Place",
    "Progress",
    "Recoveries",
    "Recovery",
    "RecoveryRequest",
    "Scaling",
    "Settings",
    "TableFacts",
    "Tables",
    "Topics",
    "Wire",
]
