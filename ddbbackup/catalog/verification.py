"""Verifying that a backup is complete: manifests, every data file, and the counts of AWS itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from ddbbackup.archive.layout import export_folder
from ddbbackup.bulk import verify_files
from ddbbackup.bulk.model import DataFile
from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.catalog.record import Record
from ddbbackup.errors import DataNotWhole, ObjectMissing
from ddbbackup.model.progress import OnProgress
from ddbbackup.ports import Objects

_HINT = "do not rely on this backup: run `ddbbackup backup` again, and find out who changed the objects"


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading the whole backup showed."""

    opened: OpenedExport
    size_bytes: int
    checks: tuple[str, ...]


def verify_export(
    objects: Objects, record: Record, *, on_progress: OnProgress, stop: threading.Event
) -> Verification:
    """Reads manifests and every data file of a record's export. Blocks.

    Raises ``DataNotWhole`` for anything that does not match, a missing manifest or data file included.
    """
    if record.manifest_key is None or record.item_count is None:
        raise DataNotWhole(f"the record {record.id} names no manifest", hint=_HINT)
    folder = export_folder(record.bucket, record.manifest_key)
    try:
        opened = open_export(objects, folder, owner=record.bucket_owner)
    except ObjectMissing as error:
        raise DataNotWhole(f"the backup {record.id} is not whole: {error.message}", hint=_HINT) from error
    _match_record(opened, record)
    files = verify_files(
        _with_sizes(opened, objects),
        objects,
        on_progress=on_progress,
        stop=stop,
        table=record.table,
    )
    checks = (
        *opened.checks,
        f"size, MD5 and item count of {len(files)} data files match the manifest",
        "item count equals the count that AWS reported for the export",
    )
    return Verification(opened, sum(file.size_bytes for file in files), checks)


def _with_sizes(opened: OpenedExport, objects: Objects) -> tuple[DataFile, ...]:
    """Manifests do not say how large files are; listing does, for a thousand of them a request."""
    if not opened.files:
        return ()
    folder, owner = opened.files[0].key.rpartition("/")[0], opened.files[0].bucket_owner
    listed = objects.keys(opened.folder.bucket, f"{folder}/", owner=owner)
    sizes = {facts.key: facts.size_bytes for facts in listed}
    return tuple(replace(file, size_bytes=sizes.get(file.key)) for file in opened.files)


def _match_record(opened: OpenedExport, record: Record) -> None:
    if opened.item_count != record.item_count:
        raise DataNotWhole(
            f"the manifest of {record.export_arn} counts {opened.item_count} items, "
            f"DescribeExport {record.item_count}",
            hint=_HINT,
        )
    summary = opened.summary
    if summary is None:
        return
    if summary.export_arn != record.export_arn:
        raise DataNotWhole(
            f"the manifest where {record.export_arn} should lie is of {summary.export_arn}", hint=_HINT
        )
    if summary.table_id and summary.table_id != record.table_id:
        raise DataNotWhole(
            f"the export {record.export_arn} is of another incarnation of the table than its record",
            hint=_HINT,
        )
