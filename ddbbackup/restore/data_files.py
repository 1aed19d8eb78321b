"""The data files of a backup in the bucket: listed and compared with the manifest, but not read.

Imports and bulk puts do not use the manifest. They read every object whose key begins with a prefix, so an object
that the manifest does not list would be read too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verify_listing import etag_matches_md5
from ddbbackup.catalog import OpenedExport
from ddbbackup.catalog.archived import ArchivedObjects, archived_among
from ddbbackup.ports import Objects
from ddbbackup.steps.permissions import FROM_EXPORTS, RESTORES, Permission

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("restore",), FROM_EXPORTS),
    Permission("s3:ListBucket", "bucket", ("read",), RESTORES),
)


@dataclass(frozen=True, slots=True)
class DataFiles:
    """``files`` are in the manifest and in the bucket, with their sizes.

    ``missing`` are keys that only the manifest has, ``unexpected`` keys that only the bucket has. ``unverifiable``
    is the number of files whose ETag does not show their MD5: encrypted with KMS, or copied. ``archived`` are those
    of ``files`` that cannot be read.
    """

    bucket: str
    prefix: str
    bucket_owner: str | None
    files: tuple[DataFile, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    unverifiable: int = 0
    archived: ArchivedObjects | None = None

    @property
    def size_bytes(self) -> int:
        """The compressed size."""
        return sum(file.size_bytes or 0 for file in self.files)


def list_data_files(objects: Objects, opened: OpenedExport) -> DataFiles:
    """Lists the folder of an export, a thousand objects per request. Blocking."""
    folder = opened.folder
    owner = next((file.bucket_owner for file in opened.files), None)
    expected = {file.key: file for file in opened.files}
    prefix = f"{folder.root}data/" if opened.data_prefix is None else opened.data_prefix
    listed = {each.key: each for each in objects.keys(folder.bucket, prefix, owner=owner)} if expected else {}
    present = [key for key in expected if key in listed]
    archived = archived_among(objects, folder.bucket, [listed[key] for key in present], owner)
    return DataFiles(
        bucket=folder.bucket,
        prefix=prefix,
        bucket_owner=owner,
        files=tuple(replace(expected[key], size_bytes=listed[key].size_bytes) for key in present),
        missing=tuple(sorted(expected.keys() - listed.keys())),
        unexpected=tuple(sorted(listed.keys() - expected.keys())),
        archived=archived,
        unverifiable=sum(not etag_matches_md5(listed[key].etag, expected[key].md5) for key in present),
    )
