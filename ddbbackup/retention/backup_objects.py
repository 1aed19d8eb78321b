"""Which objects of a bucket belong to one backup: those that its manifests name, and the manifests themselves.

The plan and the ExportArn of an accepted record give the folder of a backup. In it, and in the folder of data that
all incremental exports below a prefix share, only names as AWS writes them count; a manifest can only choose among
these. Everything else is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from ddbbackup.archive.layout import FILES, ExportFolder, export_folder
from ddbbackup.catalog import Location, Record, StoredRecord, open_export
from ddbbackup.errors import DataIncomplete, ObjectArchived, ObjectMissing, Refused
from ddbbackup.ports import Objects

# Source: exports that AWS wrote; the last one is of scans. What needs the others is deleted first.
_MANIFESTS: Final = (
    "manifest-summary.json",
    "manifest-summary.md5",
    FILES,
    "manifest-files.md5",
    "_started",
    "_scan.json",
)
_DATA_FILE: Final = re.compile(r"[A-Za-z0-9]{1,64}\.(json|ion)\.gz")


@dataclass(frozen=True, slots=True)
class BackupObjects:
    """Keys. ``data`` must be deleted before ``manifests``, without which nobody knows the data of a window.

    ``others`` is the number of objects in the folder that do not belong to the backup.
    """

    data: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    others: int = 0


def folder_of(record: Record, location: Location) -> ExportFolder | None:
    """The folder with the manifests of a backup; None if it has none in the bucket."""
    if record.data.manifest_key is not None:
        return export_folder(location.bucket, location.absolute(record.data.manifest_key))
    if record.scan is not None:
        return ExportFolder(location.bucket, f"{location.prefix}AWSDynamoDB/{record.scan.export_id}/")
    return location.export_folder(record.export_arn) if record.export_arn is not None else None


def objects_of_backup(objects: Objects, stored: StoredRecord) -> BackupObjects:
    """Lists the folder of the backup and reads its manifests. Blocks.

    Raises ``DataIncomplete``, ``ObjectArchived`` or ``Refused`` for a window with a manifest that cannot be read: its
    data lies among that of other windows, and nothing else tells them apart.
    """
    record, location = stored.record, stored.location
    folder = folder_of(record, location)
    if folder is None:
        return BackupObjects()
    listed = [each.key for each in objects.keys(folder.bucket, folder.root, owner=location.bucket_owner)]
    manifests = [key for key in (folder.root + name for name in _MANIFESTS) if key in listed]
    has_manifest = folder.files_key in listed
    if record.kind == "window":
        data = _data_of_window(objects, folder, location) if has_manifest else []
        return BackupObjects(tuple(data), tuple(manifests), len(listed) - len(manifests))
    own = f"{folder.root}data/"
    data = [key for key in listed if key.startswith(own) and _DATA_FILE.fullmatch(key.removeprefix(own))]
    if has_manifest:
        data = _named(objects, folder, location, data)
    return BackupObjects(tuple(data), tuple(manifests), len(listed) - len(manifests) - len(data))


def data_of_other_windows(
    objects: Objects,
    location: Location,
    *,
    removed: Collection[ExportFolder],
    full: Collection[ExportFolder],
    reads_at_once: int,
) -> frozenset[str]:
    """The data files of all windows beside those that are removed. Blocks.

    Reads the manifest of every other export in the same folder ``AWSDynamoDB/``, except for those that are known to
    be ``full``: also of other tables, if the prefix does not name the table, and of exports that no record names.
    Raises as ``objects_of_backup`` does.
    """
    apart = {folder.root for folder in (*removed, *full)}
    beside = [
        ExportFolder(location.bucket, root)
        for base in sorted({base_of(folder) for folder in removed})
        for root in objects.folders(location.bucket, base, owner=location.bucket_owner)
        if root not in apart and root != f"{base}data/"
    ]

    def read(folder: ExportFolder) -> list[str]:
        try:
            return _data_of_window(objects, folder, location)
        except ObjectMissing:
            return []  # an export that runs, or failed: AWS writes the manifests last

    with ThreadPoolExecutor(reads_at_once, thread_name_prefix="manifests") as pool:
        return frozenset(key for keys in pool.map(read, beside) for key in keys)


def _data_of_window(objects: Objects, folder: ExportFolder, location: Location) -> list[str]:
    """In the folder that all windows share, whatever the summary says."""
    names = list(_names(objects, folder, location))
    if not all(map(_DATA_FILE.fullmatch, names)):
        raise DataIncomplete(
            f"the manifest in {folder.location} lists a file that is not the data of an export",
            hint="find out who changed the manifest",
        )
    return [f"{base_of(folder)}data/{name}" for name in names]


def _named(objects: Objects, folder: ExportFolder, location: Location, data: list[str]) -> list[str]:
    """Those that the manifest names. If it cannot be read: all, because the folder holds only this export."""
    try:
        names = set(_names(objects, folder, location))
    except (DataIncomplete, ObjectArchived, ObjectMissing, Refused):
        return data
    return [key for key in data if key.rpartition("/")[2] in names]


def _names(objects: Objects, folder: ExportFolder, location: Location) -> Iterator[str]:
    opened = open_export(objects, folder, owner=location.bucket_owner)
    return (each.key.rpartition("/")[2] for each in opened.files)


def base_of(folder: ExportFolder) -> str:
    """``<prefix>AWSDynamoDB/``, which holds the folders of all exports below a prefix."""
    return folder.root[: folder.root.rstrip("/").rfind("/") + 1]
