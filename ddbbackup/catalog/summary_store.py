"""The summary in the bucket: read as far as it can be used, and kept up to date by conditional puts."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog.location import Location
from ddbbackup.catalog.record import Record
from ddbbackup.catalog.summary import SummarizedRecord, parse_summary, summarize, write_summary
from ddbbackup.errors import AccessDenied, Conflict, DataIncomplete, DdbBackupError, ObjectMissing
from ddbbackup.ports import Objects

log = structlog.get_logger()

_LIMIT_BYTES: Final = 16 << 20
_ATTEMPTS: Final = 3


class SummaryStore:
    """The summaries of all tables. One that is missing, damaged or forbidden says nothing: records are read then."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._writing: dict[Location, threading.Lock] = {}

    def read(self, location: Location) -> dict[str, SummarizedRecord]:
        """What it says, by backup ID. Which rows count, a listing decides: see ``summary.up_to_date``."""
        return self._read(location)[0]

    def update(
        self, location: Location, add: Iterable[tuple[Record, str]], *, drop: Collection[str] = ()
    ) -> None:
        """Adds what complete records say, each with its ETag, and drops others. A failure is only logged."""
        added = [row for record, etag in add if (row := summarize(record, etag)) is not None]
        if not added and not drop:
            return
        try:
            with self._writing.setdefault(location, threading.Lock()):
                self._put(location, added, drop)
        except DdbBackupError as error:
            log.warning(events.SUMMARY_FAILED, table=location.table, message=error.message)

    def _put(self, location: Location, added: Sequence[SummarizedRecord], drop: Collection[str]) -> None:
        for attempt in range(_ATTEMPTS):
            summary, etag = self._read(location)
            body = write_summary(
                {
                    backup_id: row
                    for backup_id, row in (summary | {row.id: row for row in added}).items()
                    if backup_id not in drop
                }
            )
            try:
                self._objects.put(
                    location.bucket,
                    location.summary_key,
                    body,
                    content_type="application/json",
                    owner=location.bucket_owner,
                    if_none_match=etag is None,
                    if_match=etag,
                    encryption=location.encryption,
                )
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    def _read(self, location: Location) -> tuple[dict[str, SummarizedRecord], str | None]:
        """And its ETag; None if there is none."""
        try:
            body, facts = self._objects.read(
                location.bucket, location.summary_key, limit_bytes=_LIMIT_BYTES, owner=location.bucket_owner
            )
        except (ObjectMissing, AccessDenied):
            return {}, None
        except DataIncomplete:  # larger than any that we write
            found = self._objects.head(location.bucket, location.summary_key, owner=location.bucket_owner)
            return {}, found.etag if found is not None else None
        try:
            return parse_summary(body), facts.etag
        except DataIncomplete:
            return {}, facts.etag
