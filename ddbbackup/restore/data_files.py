"""The data files of a backup as they are in the bucket now: listed, compared with the manifest, none of them read.

An import and a bulk put know nothing of manifests: they read every object whose key begins with a prefix, so what
does not belong there matters to them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.bulk.model import DataFile
from ddbbackup.catalog import OpenedExport
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.model.assessment import Blocker
from ddbbackup.model.checksums import single_part_etag
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import Objects
from ddbbackup.steps.permissions import FROM_BACKUPS, RESTORES, Permission

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("restore",), FROM_BACKUPS),
    Permission("s3:ListBucket", "bucket", ("read",), RESTORES),
)


@dataclass(frozen=True, slots=True)
class DataFiles:
    """``files`` have their sizes. ``missing`` and ``foreign`` are keys: in the manifest only, in the bucket only.

    ``unproven`` counts files with an ETag that does not tell their MD5 (encrypted by KMS, or copied).
    """

    bucket: str
    prefix: str
    bucket_owner: str | None
    files: tuple[DataFile, ...]
    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    unproven: int = 0

    @property
    def size_bytes(self) -> int:
        """Compressed."""
        return sum(file.size_bytes or 0 for file in self.files)


def list_data_files(objects: Objects, opened: OpenedExport) -> DataFiles:
    """Lists the folder, a thousand objects in a request. Blocks."""
    folder = opened.folder
    owner = next((file.bucket_owner for file in opened.files), None)
    wanted = {file.key: file for file in opened.files}
    prefix = f"{folder.root}data/"
    listed = {each.key: each for each in objects.keys(folder.bucket, prefix, owner=owner)} if wanted else {}
    present = [key for key in wanted if key in listed]
    return DataFiles(
        bucket=folder.bucket,
        prefix=prefix,
        bucket_owner=owner,
        files=tuple(replace(wanted[key], size_bytes=listed[key].size_bytes) for key in present),
        missing=tuple(sorted(wanted.keys() - listed.keys())),
        foreign=tuple(sorted(listed.keys() - wanted.keys())),
        unproven=sum(not etag_proves(listed[key].etag, wanted[key].md5) for key in present),
    )


def etag_proves(etag: str, md5: str) -> bool:
    """Whether the ETag belongs to an object with this MD5 (base64), uploaded at once or in a single part."""
    digest = base64.b64decode(md5)
    return etag.strip('"') in (digest.hex(), single_part_etag(digest))


def files_missing(found: DataFiles, backup: str) -> tuple[Blocker, ...]:
    """For every method: a backup that lacks a data file cannot be restored."""
    if not found.missing:
        return ()
    total = len(found.files) + len(found.missing)
    return (
        Blocker(
            DataIncomplete(
                f"{len(found.missing)} of {total} data files of {backup} are missing, "
                f"first {S3Location(found.bucket, found.missing[0])}",
                hint="restore from another backup; nothing has been written",
            )
        ),
    )


def foreign_objects(found: DataFiles) -> tuple[Blocker, ...]:
    """For methods by which AWS reads the folder itself."""
    if not found.foreign:
        return ()
    return (
        Blocker(
            Refused(
                f"{len(found.foreign)} objects below {S3Location(found.bucket, found.prefix)} are not in the "
                f"manifest, first {found.foreign[0]}: AWS would read them as items too",
                hint="move them away, or use `method: write`, which reads only what the manifest names",
            )
        ),
    )
