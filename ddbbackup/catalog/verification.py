"""Verifies that the data of a backup is complete: manifests, every data file, and the counts of AWS."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import export_folder
from ddbbackup.archive.manifests import Summary
from ddbbackup.bulk import verify_files
from ddbbackup.bulk.model import DataFile
from ddbbackup.catalog.archived import archived_among
from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.catalog.location import Location
from ddbbackup.catalog.record import Record
from ddbbackup.errors import DataIncomplete, ObjectArchived, ObjectMissing
from ddbbackup.model.progress import OnProgress
from ddbbackup.ports import Objects

_HINT: Final = (
    "do not use this backup: create a new one with `ddbbackup backup`, and find out who changed the objects"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of reading a complete backup."""

    opened: OpenedExport
    size_bytes: int
    checks: tuple[str, ...]


def verify_export(
    objects: Objects, record: Record, location: Location, *, on_progress: OnProgress, stop: threading.Event
) -> Verification:
    """Reads the manifests and every data file of a backup. Blocks.

    Raises ``DataIncomplete`` if a hash, a size or a count does not match, or a manifest or a data file is missing.
    """
    if record.data.manifest_key is None or record.data.item_count is None:
        raise DataIncomplete(f"the record {record.id} does not name a manifest", hint=_HINT)
    folder = export_folder(location.bucket, location.absolute(record.data.manifest_key))
    try:
        opened = open_export(objects, folder, owner=location.bucket_owner)
    except ObjectMissing as error:
        raise DataIncomplete(f"the backup {record.id} is incomplete: {error.message}", hint=_HINT) from error
    match_record(opened, record)
    files = verify_files(
        _with_sizes(opened, objects),
        objects,
        on_progress=on_progress,
        stop=stop,
        table=record.table.name,
    )
    checks = (
        *opened.checks,
        f"the size, MD5 and item count of {len(files)} data files match the manifest",
        "the item count matches the one that AWS reports for the export",
    )
    return Verification(opened, sum(file.size_bytes for file in files), checks)


def _with_sizes(opened: OpenedExport, objects: Objects) -> tuple[DataFile, ...]:
    """Manifests do not contain sizes; a listing does, for a thousand files per request.

    Raises ``ObjectArchived`` before anything is read.
    """
    if not opened.files:
        return ()
    folder, owner = opened.files[0].key.rpartition("/")[0], opened.files[0].bucket_owner
    wanted = {file.key for file in opened.files}
    listed = [
        each for each in objects.keys(opened.folder.bucket, f"{folder}/", owner=owner) if each.key in wanted
    ]
    archived = archived_among(objects, opened.folder.bucket, listed, owner)
    if archived.objects:
        raise ObjectArchived(
            f"{len(archived.objects)} of {len(opened.files)} data files in {opened.folder.location} are archived and "
            f"cannot be read ({archived.tiers})",
            hint="verify backups before they are archived, or retrieve the objects first",
        )
    sizes = {facts.key: facts.size_bytes for facts in listed}
    return tuple(replace(file, size_bytes=sizes.get(file.key)) for file in opened.files)


def _covers(summary: Summary, record: Record) -> bool:
    """Whether the export is of the kind, and of the window, that the record says."""
    covers = record.covers
    if covers is None or covers.kind != "window":
        return summary.export_type == "FULL_EXPORT"
    return (summary.export_type, summary.from_time, summary.to_time, summary.view) == (
        "INCREMENTAL_EXPORT",
        covers.start,
        covers.end,
        record.data.view,
    )


def match_record(opened: OpenedExport, record: Record) -> None:
    """Raises ``DataIncomplete`` if the manifests are not those of the record's export."""
    if opened.item_count != record.data.item_count:
        raise DataIncomplete(
            f"the manifest of {record.id} counts {opened.item_count} items, DescribeExport {record.data.item_count}",
            hint=_HINT,
        )
    summary = opened.summary
    if summary is None or record.export is None:
        return
    if summary.export_arn != record.export.arn:
        raise DataIncomplete(
            f"the manifest of {record.export.arn} belongs to another export, {summary.export_arn}", hint=_HINT
        )
    if not _covers(summary, record):
        raise DataIncomplete(
            f"the manifest of {record.export.arn} is of another kind or another window than its record",
            hint=_HINT,
        )
    if summary.table_id and summary.table_id != record.table.id:
        raise DataIncomplete(
            f"the export {record.export.arn} was made of another table with the same name than its record",
            hint=_HINT,
        )
