"""Verifies that the data of a backup is complete: manifests, objects, and as much of their content as is wanted.

``listing``: every object is there, with the ETag that the manifest names. ``checksums``: and has the size, MD5 and
number of items of the manifest. ``items``: and every line is a valid item of the table, and no key is there twice.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddbbackup.archive.export_writing import export_arn
from ddbbackup.archive.layout import export_folder
from ddbbackup.archive.manifests import Summary
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verify_data import ReadLevel, VerifiedData, VerifyJob
from ddbbackup.bulk.verify_listing import ListedFiles, verify_listing
from ddbbackup.catalog.archived import archived_among
from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.catalog.location import Location
from ddbbackup.catalog.record import Level, Record
from ddbbackup.errors import DataIncomplete, ObjectArchived, ObjectMissing
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import OnProgress
from ddbbackup.model.verification_result import VerifiedSample
from ddbbackup.ports import KeyAttribute, Objects

ReadData = Callable[[VerifyJob], VerifiedData]

_HINT: Final = (
    "do not use this backup: create a new one with `ddbbackup backup`, and find out who changed the objects"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thoroughness:
    """How thoroughly to verify. ``sample_percent`` of the data files are read, None: all of them.

    ``keys`` are the key attributes of the table, for the level ``items``. What an interrupted run has read is kept in
    ``directory``, if there is one.
    """

    level: Level = "checksums"
    sample_percent: float | None = None
    keys: tuple[KeyAttribute, ...] = ()
    directory: Path | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """Of a verification that found no damage. ``level`` holds for all of the data, ``sample`` for a part of it."""

    level: Level
    sample: VerifiedSample | None
    opened: OpenedExport
    size_bytes: int
    checks: tuple[str, ...]
    notes: tuple[str, ...]


def verify_export(
    objects: Objects,
    record: Record,
    location: Location,
    thoroughness: Thoroughness,
    *,
    read_data: ReadData,
    on_progress: OnProgress,
    stop: threading.Event,
) -> Verification:
    """Reads the manifests, lists the data files, and reads those that it has to. Blocks.

    Raises ``DataIncomplete`` if a hash, a size, a count or an item is wrong, or a manifest or a data file is missing,
    and ``ObjectArchived`` if an object has to be read and cannot be.
    """
    opened = _open(objects, record, location)
    listed = verify_listing(
        opened.files, objects, on_progress=on_progress, stop=stop, table=record.table.name
    )
    if record.data.size_bytes not in (None, listed.size_bytes):
        raise DataIncomplete(
            f"the data files of {record.id} have {counted(listed.size_bytes, 'byte')}, and had "
            f"{grouped(record.data.size_bytes or 0)} when they were recorded",
            hint=_HINT,
        )
    checks = [*opened.checks, "the item count matches the one in the record"]
    notes = list(opened.notes)
    level, to_read = _choose_files(listed, thoroughness, record.id, notes)
    if level == "listing":
        checks.append(f"no object of {counted(len(listed.files), 'data file')} is missing")
        if proven := len(listed.files) - len(listed.unproven):
            by = agreeing(proven, "its ETag shows", "their ETags show")
            checks.append(f"of {counted(proven, 'data file')}, {by} the content that the manifest describes")
    if to_read:
        _require_readable(objects, opened, listed, to_read)
        read_level: ReadLevel = "items" if thoroughness.level == "items" else "checksums"
        job = VerifyJob(
            to_read,
            read_level,
            thoroughness.directory,
            keys=thoroughness.keys,
            view=record.data.view,
            table=record.table.name,
        )
        data = read_data(job)
        checks.append(
            f"the size, MD5 and item count of {counted(len(to_read), 'data file')} match the manifest"
        )
        if read_level == "items":
            valid = agreeing(data.item_count, "is a valid item", "are valid items")
            checks.append(
                f"{counted(data.item_count, 'line')} {valid} of the table, and no key is there twice"
            )
        if data.continued_bytes:
            notes.append(
                f"an earlier run, less than a day before, read {counted(data.continued_bytes, 'byte')}"
            )
    sample = _sample_of(thoroughness)
    return Verification(level, sample, opened, listed.size_bytes, tuple(checks), tuple(notes))


def _sample_of(thoroughness: Thoroughness) -> VerifiedSample | None:
    if thoroughness.level == "listing" or thoroughness.sample_percent is None:
        return None
    return VerifiedSample(thoroughness.level, thoroughness.sample_percent)


def _open(objects: Objects, record: Record, location: Location) -> OpenedExport:
    if record.data.manifest_key is None or record.data.item_count is None:
        raise DataIncomplete(f"the record {record.id} does not name a manifest", hint=_HINT)
    folder = export_folder(location.bucket, location.absolute(record.data.manifest_key))
    try:
        opened = open_export(objects, folder, owner=location.bucket_owner)
    except ObjectMissing as error:
        raise DataIncomplete(f"the backup {record.id} is incomplete: {error.message}", hint=_HINT) from error
    match_record(opened, record)
    return opened


def _choose_files(
    listed: ListedFiles, thoroughness: Thoroughness, seed: str, notes: list[str]
) -> tuple[Level, tuple[DataFile, ...]]:
    """What will be known about all of the data, and the files to read."""
    if thoroughness.level == "listing":
        if listed.unproven:
            number = len(listed.unproven)
            notes.append(
                f"{counted(number, 'data file')} {agreeing(number, 'has', 'have')} another ETag than the manifest "
                f"names, so {agreeing(number, 'it was', 'they were')} read: copied, or written again with the same "
                "content"
            )
        return "listing", listed.unproven
    files = listed.sized()
    if thoroughness.sample_percent is None:
        return thoroughness.level, files
    chosen = sample_files(files, thoroughness.sample_percent, seed=seed)
    in_sample = {file.key for file in chosen}
    unproven = tuple(file for file in listed.unproven if file.key not in in_sample)
    notes.append(
        f"read: {grouped(len(chosen))} of {counted(len(files), 'data file')} ({thoroughness.sample_percent:g}%), "
        "chosen by the backup ID"
    )
    return "listing", (*chosen, *unproven)


def sample_files(files: Sequence[DataFile], percent: float, *, seed: str) -> tuple[DataFile, ...]:
    """A share of the files, at least one of those with items; the same ones for the same ``seed``."""
    with_items = [file for file in files if file.item_count]
    count = min(len(with_items), math.ceil(len(with_items) * percent / 100))
    chosen = random.Random(seed).sample(with_items, count)  # noqa: S311  # spreads the sample, keeps no secret
    return tuple(sorted(chosen, key=lambda file: file.key))


def _require_readable(
    objects: Objects, opened: OpenedExport, listed: ListedFiles, to_read: Sequence[DataFile]
) -> None:
    """Raises ``ObjectArchived`` before anything is read."""
    keys = {file.key for file in to_read}
    candidates = [facts for facts in listed.archived if facts.key in keys]
    archived = archived_among(objects, opened.folder.bucket, candidates, to_read[0].bucket_owner)
    if number := len(archived.objects):
        raise ObjectArchived(
            f"{grouped(number)} of {counted(len(opened.files), 'data file')} in {opened.folder.location} "
            f"{agreeing(number, 'is', 'are')} archived and cannot be read ({archived.tiers})",
            hint="verify backups before they are archived, use `--level listing`, or retrieve the objects first",
        )


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


def _export_arn(record: Record) -> str | None:
    """What the manifests call themselves: those of a scan have the form of an ARN, too."""
    if record.scan is not None:
        return export_arn(record.table.arn, record.scan.export_id)
    return record.export_arn


def match_record(opened: OpenedExport, record: Record) -> None:
    """Raises ``DataIncomplete`` if the manifests are not those of the record's export."""
    if opened.item_count != record.data.item_count:
        counted_by = "the scan" if record.scan is not None else "DescribeExport"
        raise DataIncomplete(
            f"the manifest of {record.id} counts {counted(opened.item_count, 'item')}, {counted_by} "
            f"{grouped(record.data.item_count or 0)}",
            hint=_HINT,
        )
    summary, arn = opened.summary, _export_arn(record)
    if summary is None or arn is None:
        return
    if summary.export_arn != arn:
        raise DataIncomplete(
            f"the manifest of {arn} belongs to another export, {summary.export_arn}", hint=_HINT
        )
    if not _covers(summary, record):
        raise DataIncomplete(
            f"the manifest of {arn} is of another kind or another window than its record",
            hint=_HINT,
        )
    if summary.table_id and summary.table_id != record.table.id:
        raise DataIncomplete(
            f"the export {arn} was made of another table with the same name than its record",
            hint=_HINT,
        )
