"""What the responses of S3 say about archived objects.

GLACIER and DEEP_ARCHIVE cannot be read; GLACIER_IR and all others can (S3 guide: Working with archived objects). The
archive tiers of INTELLIGENT_TIERING are in no listing: HeadObject names them (botocore's model: ArchiveStatus).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ddbbackup.ports import Archive, ArchiveTier

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, ObjectTypeDef

_CLASSES: Final[Mapping[str, ArchiveTier]] = {"GLACIER": "GLACIER", "DEEP_ARCHIVE": "DEEP_ARCHIVE"}
_TIERS: Final[Mapping[str, ArchiveTier]] = {
    "ARCHIVE_ACCESS": "ARCHIVE_ACCESS",
    "DEEP_ARCHIVE_ACCESS": "DEEP_ARCHIVE_ACCESS",
}


def archive_in_listing(listed: ObjectTypeDef) -> Archive | None:
    """None for an object that can be read, also if it is the retrieved copy of an archived one."""
    tier = _CLASSES.get(listed.get("StorageClass", "STANDARD"))
    status = listed.get("RestoreStatus", {})
    if tier is None or ("RestoreExpiryDate" in status and not status.get("IsRestoreInProgress")):
        return None
    return Archive(tier, retrieving=bool(status.get("IsRestoreInProgress")))


def archive_in_head(head: HeadObjectOutputTypeDef) -> Archive | None:
    """As above. ``Restore`` is `ongoing-request="true"`, or `ongoing-request="false", expiry-date="…"`."""
    tier = _CLASSES.get(head.get("StorageClass", "STANDARD")) or _TIERS.get(head.get("ArchiveStatus", ""))
    status = head.get("Restore", "")
    if tier is None or 'ongoing-request="false"' in status:
        return None
    return Archive(tier, retrieving='ongoing-request="true"' in status)
