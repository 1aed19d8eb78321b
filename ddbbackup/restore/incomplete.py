"""`restore --accept-incomplete`: of a damaged backup, the data files that can be proven are restored.

Every data file is read before anything is written. A file counts only if its MD5, its length and its number of items
are those of the manifest. What is lost is listed, and the restore ends with ``DataIncomplete``, now and if it is run
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verify_data import VerifyJob
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.json_value import Json, get_integer, get_objects, require_text
from ddbbackup.model.numbers import counted
from ddbbackup.model.s3_location import S3Location
from ddbbackup.restore.method import RestoreJob

log = structlog.get_logger()

LOST_FILES: Final = "lost_files"
REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class LostFile:
    """A data file that cannot be proven, or does not exist. ``in_window``: it holds changes, not items."""

    uri: str
    item_count: int
    reason: str
    in_window: bool


@dataclass(frozen=True, slots=True)
class ProvenFiles:
    """The files to restore, in the form of ``DataFiles``; ``lost`` are the others."""

    files: tuple[DataFile, ...]
    windows: tuple[tuple[DataFile, ...], ...]
    lost: tuple[LostFile, ...] = ()

    @property
    def line_count(self) -> int:
        """The number of items and changes in them."""
        return sum(file.item_count for file in chain(self.files, *self.windows))


async def proven_files(job: RestoreJob) -> ProvenFiles:
    """All files of the backup, unless the user accepts that some are lost: then those that can be proven."""
    listed = job.files
    if not job.accepts_incomplete:
        return ProvenFiles(listed.files, listed.windows)
    every = (*listed.files, *chain.from_iterable(listed.windows))
    verify = VerifyJob(every, "checksums", table=job.target, collects_damage=True)
    data = await job.context.heavy(job.context.verify_data, verify, source=job.context.source)
    reasons = {damaged.uri: damaged.reason for damaged in data.damaged}
    lost = tuple(_lost_files(job, reasons))
    for each in lost:
        log.error(events.DATA_LOST, uri=each.uri, items=each.item_count, reason=each.reason)
    return ProvenFiles(
        _without(listed.files, reasons), tuple(_without(window, reasons) for window in listed.windows), lost
    )


def lost_facts(lost: Sequence[LostFile], *, rejected: int) -> dict[str, Json]:
    """For the report, and for the state of the restore; empty if nothing is lost."""
    if not lost and not rejected:
        return {}
    files: list[Json] = [
        {"uri": each.uri, "items": each.item_count, "in_window": each.in_window, "reason": each.reason}
        for each in lost
    ]
    return {LOST_FILES: files, REJECTED: rejected}


def incompleteness(facts: Mapping[str, Json], *, target: str) -> DataIncomplete | None:
    """What the outcome of a restore with these facts has to say about what is lost."""
    if LOST_FILES not in facts:
        return None
    lost = get_objects(facts, LOST_FILES)
    items = sum(get_integer(each, "items") or 0 for each in lost if not each.get("in_window"))
    changes = sum(get_integer(each, "items") or 0 for each in lost if each.get("in_window"))
    files = (
        f"{counted(len(lost), 'data file')} with {counted(items, 'item')} and {counted(changes, 'change')}"
    )
    said = [f"lost: {files}"] if lost else []
    if changes:
        said.append("items that a lost change is about have an earlier state")
    if rejected := get_integer(facts, REJECTED) or 0:
        said.append(f"{counted(rejected, 'rejected item')} in a private file")
    return DataIncomplete(
        f"{target} holds what could be proven of a damaged backup: {'; '.join(said)}",
        hint="read the list of lost files in the report (`--output json`), and fill the gap from another backup",
    )


def lost_uris(facts: Mapping[str, Json]) -> frozenset[str]:
    """The files that an earlier run could not prove."""
    return frozenset(require_text(each, "uri") for each in get_objects(facts, LOST_FILES))


def _lost_files(job: RestoreJob, reasons: Mapping[str, str]) -> list[LostFile]:
    windows = [file for window in job.backup.windows for file in window.files]
    missing = {S3Location(job.files.bucket, key).uri for key in job.files.missing}
    lost: list[LostFile] = []
    for in_window, files in ((False, job.backup.opened.files), (True, windows)):
        for file in files:
            reason = "the object does not exist" if file.uri in missing else reasons.get(file.uri)
            if reason is not None:
                lost.append(LostFile(file.uri, file.item_count, reason, in_window))
    return lost


def _without(files: Sequence[DataFile], lost: Mapping[str, str]) -> tuple[DataFile, ...]:
    return tuple(file for file in files if file.uri not in lost)
