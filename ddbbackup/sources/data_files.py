"""The data files of a backup in the bucket: listed and compared with the manifest, but not read.

Imports and bulk puts do not use the manifest. They read every object whose key begins with a prefix, so an object
that the manifest does not list would be read too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verify_listing import etag_matches_md5
from ddbbackup.catalog import OpenedExport
from ddbbackup.catalog.archived import ArchivedObjects, archived_among
from ddbbackup.ports import ObjectFacts, Objects
from ddbbackup.steps.permissions import FROM_EXPORTS, RESTORES, Permission

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("restore",), FROM_EXPORTS),
    Permission("s3:ListBucket", "bucket", ("read",), RESTORES),
)


@dataclass(frozen=True, slots=True)
class DataFiles:
    """``files`` are in the manifest and in the bucket, with their sizes; so are those of each of ``windows``.

    ``missing`` are keys that only the manifest has, ``unexpected`` keys that only the bucket has. ``unverifiable``
    is the number of files whose ETag does not show their MD5: encrypted with KMS, or copied. ``archived`` are those
    of all files that cannot be read.
    """

    bucket: str
    prefix: str
    bucket_owner: str | None
    files: tuple[DataFile, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    unverifiable: int = 0
    archived: ArchivedObjects | None = None
    windows: tuple[tuple[DataFile, ...], ...] = ()

    @property
    def size_bytes(self) -> int:
        """The compressed size of ``files``."""
        return sum(file.size_bytes or 0 for file in self.files)


def list_data_files(
    objects: Objects, opened: OpenedExport, windows: Sequence[OpenedExport] = ()
) -> DataFiles:
    """Lists the folder of an export, and those of its windows, a thousand objects per request. Blocking.

    All windows below one prefix share a folder, with those of other chains, so only objects that a manifest names
    count.
    """
    folder = opened.folder
    owner = next((file.bucket_owner for file in opened.files), None)
    expected = {file.key: file for file in opened.files}
    prefix = f"{folder.root}data/" if opened.data_prefix is None else opened.data_prefix
    listed = {each.key: each for each in objects.keys(folder.bucket, prefix, owner=owner)} if expected else {}
    present = [key for key in expected if key in listed]
    in_windows = _list_windows(objects, windows)
    of_windows = [file for window in windows for file in window.files]
    archived = archived_among(
        objects,
        folder.bucket,
        [
            *(listed[key] for key in present),
            *(in_windows[file.key] for file in of_windows if file.key in in_windows),
        ],
        owner,
    )
    return DataFiles(
        bucket=folder.bucket,
        prefix=prefix,
        bucket_owner=owner,
        files=tuple(replace(expected[key], size_bytes=listed[key].size_bytes) for key in present),
        missing=(
            *sorted(expected.keys() - listed.keys()),
            *sorted(file.key for file in of_windows if file.key not in in_windows),
        ),
        unexpected=tuple(sorted(listed.keys() - expected.keys())),
        archived=archived,
        unverifiable=sum(not etag_matches_md5(listed[key].etag, expected[key].md5) for key in present),
        windows=tuple(
            tuple(
                replace(file, size_bytes=in_windows[file.key].size_bytes)
                for file in window.files
                if file.key in in_windows
            )
            for window in windows
        ),
    )


def _list_windows(objects: Objects, windows: Sequence[OpenedExport]) -> dict[str, ObjectFacts]:
    """The objects in the folders of all windows, which lie in one bucket, by their keys."""
    folders = {
        (file.bucket, file.key.rpartition("/")[0], file.bucket_owner)
        for window in windows
        for file in window.files
    }
    return {
        each.key: each
        for bucket, folder, owner in sorted(folders, key=str)
        for each in objects.keys(bucket, f"{folder}/", owner=owner)
    }
